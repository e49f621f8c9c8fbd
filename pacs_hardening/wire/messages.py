"""One message sent over MLLP, and what came of it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from ..model import Endpoint, KeyPair, Target
from ..model.response import Acknowledged, Ended, Response, Said, Served
from . import hl7, mllp, tls
from .pdu import ProtocolError
from .session import Session

SECONDS = 4.0


@dataclass(frozen=True)
class Told:
    """``answer``: the acknowledgment as it came; empty where none did."""

    response: Response
    answer: bytes = b""
    transcript: tuple[Said, ...] = ()


def send(
    endpoint: Endpoint,
    target: Target,
    keys: KeyPair | None,
    message: bytes,
    what: str,
    *,
    verified: bool = False,
    seconds: float = SECONDS,
) -> Told:
    """Send one block that holds ``message``. Raises Unmeasurable where the endpoint cannot be reached."""
    return converse(endpoint, target, keys, mllp.block(message), what, verified=verified, seconds=seconds)


def converse(
    endpoint: Endpoint,
    target: Target,
    keys: KeyPair | None,
    data: bytes,
    what: str,
    *,
    verified: bool = False,
    seconds: float = SECONDS,
) -> Told:
    """Send ``data`` as it is, and read one block. ``verified``: the server's certificate as the target says. Raises as
    ``send``."""
    session = Session(endpoint, _context(endpoint, target, keys, verified), seconds=seconds, name=target.server_name)
    try:
        with session:
            session.send(data, what)
            raw = mllp.receive(session)
            response = _response(raw)
            session.note(("<- ", response))
            return Told(response, raw, tuple(session.transcript))
    except (Ended, ProtocolError) as error:
        return Told(error.response, transcript=tuple(session.transcript))


def _context(endpoint: Endpoint, target: Target, keys: KeyPair | None, verified: bool) -> ssl.SSLContext | None:
    return tls.client(keys, target if verified else None) if endpoint.tls else None


def _response(raw: bytes) -> Served | Acknowledged:
    told = hl7.acknowledgment(raw)
    return Served(told) if told.accepts else told

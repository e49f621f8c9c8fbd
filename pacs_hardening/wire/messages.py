"""What is sent over MLLP, and what came of it."""

from __future__ import annotations

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
    data: bytes,
    what: str,
    *,
    verified: bool = False,
    seconds: float = SECONDS,
) -> Told:
    """Send ``data`` as it is, and read one block. ``verified``: the server's certificate as the target says. Raises
    Unmeasurable where the endpoint cannot be reached."""
    context = tls.client(keys, target if verified else None) if endpoint.tls else None
    session = Session(endpoint, context, seconds=seconds, name=target.server_name)
    try:
        with session:
            session.send(data, what)
            raw = mllp.receive(session)
            response = _response(raw)
            session.note(("<- ", response))
            return Told(response, raw, tuple(session.transcript))
    except (Ended, ProtocolError) as error:
        return Told(error.response, transcript=tuple(session.transcript))


def _response(raw: bytes) -> Served | Acknowledged:
    told = hl7.acknowledgment(raw)
    return Served(told) if told.accepts else told

"""What is sent over MLLP, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

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
    before: Sequence[bytes] = (),
    at_once: bool = False,
) -> Told:
    """Send ``data`` as it is, and read one block. ``verified``: the server's certificate as the target says.
    ``before``: what goes before it on the connection, each answered by one block, whatever that says; ``at_once``: all
    of it in one piece. Raises Unmeasurable where the endpoint cannot be reached."""
    context = tls.client(keys, target if verified else None) if endpoint.tls else None
    session = Session(endpoint, context, seconds=seconds, name=target.server_name)
    try:
        with session:
            pieces = [b"".join((*before, data))] if at_once else [*before, data]
            blocks = mllp.blocks(session)
            for piece in pieces[:-1]:
                session.send(piece, "what goes before")
                next(blocks)
            session.send(pieces[-1], what)
            *_, raw = islice(blocks, len(before) + 1 if at_once else 1)
            response = _response(raw)
            session.note(("<- ", response))
            return Told(response, raw, tuple(session.transcript))
    except (Ended, ProtocolError) as error:
        return Told(error.response, transcript=tuple(session.transcript))


def _response(raw: bytes) -> Served | Acknowledged:
    told = hl7.acknowledgment(raw)
    return Served(told) if told.accepts else told

"""A message that does not end, sent until the receiver has had enough."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, repeat

from ..model import Endpoint, KeyPair, Target
from ..model.response import Ended, Said, Stage
from . import mllp, tls
from .session import Session

PIECE = 1 << 20
SECONDS = 30.0


@dataclass(frozen=True)
class Taken:
    """``sent``: bytes that went out. ``ended``: the receiver answered, closed, or read no more."""

    sent: int
    ended: bool
    transcript: tuple[Said, ...] = ()


def flood(endpoint: Endpoint, target: Target, keys: KeyPair | None, head: bytes, unit: bytes, most: int) -> Taken:
    """Begin a block with ``head`` and go on with ``unit`` again and again, up to ``most`` bytes. Raises Unmeasurable
    where the endpoint cannot be reached."""
    context = tls.client(keys) if endpoint.tls else None
    session = Session(endpoint, context, seconds=SECONDS, name=target.server_name)
    sent, piece = 0, (unit * (PIECE // len(unit) + 1))[:PIECE]
    ended = False
    try:
        with session:
            for data in chain([mllp.START + head], repeat(piece)):
                session.send(data, f"{len(data)} bytes of a message without end")
                sent += len(data)
                ended = bool(session.receive_available(Stage.MLLP))
                if ended or sent > most:
                    break
    except Ended as error:
        session.note(("<- ", error.response))
        ended = True
    return Taken(sent, ended, tuple(session.transcript))

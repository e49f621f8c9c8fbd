"""A hostile conversation as data: what is said, what is asked of whom it is said to, and what that one answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from ..model.response import Response, Said
from ..wire import pdu

MAX_ANSWER = 1 << 20  # bytes that are read of one answer: a hostile server may never end
VERBS = ("plain", "associate", "send", "drip", "receive", "finish", "reset", "peer")
FIRST = "00"


class Expectation(StrEnum):
    """What is asked of the peer. REFUSAL: RJ, ABORT or close, soon. LENIENCE: the same, but receivers that overlook
    it are common, and only the strict profile minds. WAITING: it may wait for the rest, and must not accept.
    NO_SUCCESS: any answer that does not say success. SURVIVAL: any answer; it must live on."""

    REFUSAL = "refusal"
    LENIENCE = "lenience"
    WAITING = "waiting"
    NO_SUCCESS = "no-success"
    SURVIVAL = "survival"


@dataclass(frozen=True)
class Step:
    """``plain``: no TLS (first only). ``associate``: a valid request, accepted. ``send`` a recipe; ``drip`` it byte by
    byte. ``receive``: wait for some answer. ``finish``: send no more, keep reading. ``reset``: leave at once.
    ``peer``: what follows is said on another connection, made when its number (two digits) is first named; 00 is the
    one that the conversation begins with."""

    verb: str
    recipe: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.recipe}".rstrip()


@dataclass(frozen=True)
class Case:
    """One conversation: the malformation that made it, its number there, the clause that it violates."""

    malformation: str
    number: int
    clause: str
    expects: Expectation
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        return f"{self.malformation}[{self.number}]"

    def demanding(self) -> Case:
        """The same for the strict profile: nothing is overlooked."""
        return replace(self, expects=Expectation.REFUSAL) if self.expects is Expectation.LENIENCE else self

    @property
    def is_dicom(self) -> bool:
        """An answer to it is made of PDUs."""
        return self.steps[:1] != (Step("plain"),) and not self.malformation.startswith("web.")


@dataclass(frozen=True)
class Answer:
    """What the endpoint said: raw ``data`` up to 1 MiB; ``ended`` is ``closed`` (close, reset or TLS alert), ``open``
    (it still waited when we left), ``left`` (we reset it) or ``endless``; ``seconds`` after the last step;
    ``accepted``: a step ``associate`` had succeeded, so that the rest happened on an association; ``cut``: it closed
    before it had taken all.
    """

    data: bytes = b""
    ended: str = "open"
    seconds: float = 0.0
    accepted: bool = False
    broken: Response | None = None
    cut: bool = False

    @cached_property
    def pdus(self) -> tuple[tuple[int, bytes], ...]:
        """Whole PDUs in ``data``. What is none is in ``rest``."""
        return whole_pdus(self.data)[0]

    @cached_property
    def rest(self) -> bytes:
        return whole_pdus(self.data)[1]

    @property
    def said(self) -> Said:
        names = [pdu.name(kind, body) for kind, body in self.pdus[:4]]
        names += [f"{len(self.pdus) - 4} more PDUs"] if len(self.pdus) > 4 else []
        names += [f"{len(self.rest)} bytes that are no PDU"] if self.rest else []
        ending = self.broken or {"closed": "close", "open": "silence"}.get(self.ended, self.ended)
        return "".join(f"{name}, then " for name in names), ending


def whole_pdus(data: bytes) -> tuple[tuple[tuple[int, bytes], ...], bytes]:
    """Type and body of each whole PDU at the beginning of ``data``, and the rest."""
    found = []
    while len(data) >= 6 and 1 <= data[0] <= 7:
        length = int.from_bytes(data[2:6], "big")
        if len(data) < 6 + length:
            break
        found.append((data[0], data[6 : 6 + length]))
        data = data[6 + length :]
    return tuple(found), data

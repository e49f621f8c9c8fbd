"""What came of one way, whatever protocol it was asked in, and what has to be there to play ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, TypeVar

from ..model import Endpoint
from ..model.response import Aborted, Closed, Rejected, Response, Said, TlsAlert
from .dimension import Base, Layer, Way


class Answer(Enum):
    """REFUSED at whatever layer; ADMITTED: an association, on which everything was refused; SERVED: an operation was
    processed; UNMEASURED: no answer, or that of an archive that is busy."""

    REFUSED = auto()
    ADMITTED = auto()
    SERVED = auto()
    UNMEASURED = auto()


@dataclass(frozen=True)
class Played:
    """``response``: how it ended (None where all was refused by status or context); ``request``: what was served;
    ``hidden``: it was refused otherwise than its base is, as everybody might be, so that it shows nothing of each of
    several values."""

    way: Way
    answer: Answer
    response: Response | None = None
    request: str = ""
    transcript: tuple[Said, ...] = ()
    hidden: bool = False

    @property
    def layer(self) -> Layer:
        """How far it came. TLS 1.3 refuses after the client's last message, so an alert may come in the place of an
        answer, before any byte of DICOM was looked at (RFC 8446 4.4.2.4)."""
        if self.answer is not Answer.REFUSED:
            return Layer.MESSAGE
        match self.response:
            case TlsAlert():
                return Layer.TLS
            case Rejected() | Aborted() | Closed():
                return Layer.ASSOCIATION
            case _:
                return Layer.MESSAGE

    def violates(self, admits: Callable[[], bool]) -> bool:
        """Whether it should have been refused: what is served; and an association where none is given to the base as it
        is, which ``admits`` tells."""
        return self.answer is Answer.SERVED or (self.answer is Answer.ADMITTED and not admits())


class Asked(Protocol):
    """What a base holds: it is asked at one endpoint."""

    @property
    def endpoint(self) -> Endpoint: ...


T = TypeVar("T", bound=Asked)


class Plays(Protocol[T]):
    """Whoever plays ways. All raise Unmeasurable: where the endpoint cannot be reached, or (``prove_served``) nobody
    who may be served is."""

    def play(self, base: Base[T], way: Way) -> Played: ...

    def ask(self, bid: T, way: Way) -> Played: ...

    def play_all(self, ways: Iterable[tuple[Base[T], Way]]) -> Iterator[list[Played]]: ...

    def prove_served(self, base: Base[T]) -> None: ...

"""What the research side gave: facts, as bytes and as data sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from ...model import Unmeasurable
from ...wire import dimse
from ...wire.pdu import ProtocolError
from ..dicom.association import Attempt


@dataclass(frozen=True)
class Piece:
    """``data`` is what ``endpoint`` gave when it was asked for ``what``, headers included; ``gave``: not an error, and
    not an answer with nothing in it."""

    endpoint: str
    what: str
    data: bytes
    gave: bool = True


@dataclass(frozen=True)
class Delivered:
    """How each object was received, in the order sent; of which classes and transfer syntaxes those were that were
    taken; the ``studies`` that appeared, and
    what each list of the REST interface names since then."""

    stored: tuple[Attempt, ...]
    kinds: tuple[tuple[str, str], ...]
    studies: tuple[str, ...]
    entries: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Released:
    """``stored``: how each object was received, in the order sent. ``copies``: what C-GET returned, by Instance Number.
    ``empty`` names the endpoints that gave nothing, which prove nothing."""

    stored: tuple[Attempt, ...]
    pieces: tuple[Piece, ...]
    copies: Mapping[int, Dataset] = field(default_factory=dict)
    empty: tuple[str, ...] = ()

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(piece.endpoint for piece in self.pieces))


def shows(data: bytes, copies: Iterable[Dataset]) -> bool:
    """Whether one of ``copies`` is in it: a folder in which none is, is another folder."""
    uids = (str(copy.get("SOPInstanceUID", "")) for copy in copies)
    return any(uid and uid.encode() in data for uid in uids)


def parsed(data: bytes) -> Dataset:
    """A data set as it came on an association. Raises Unmeasurable for what is none. Of its hundreds of values, few are
    ever looked at."""
    try:
        return dimse.decode_dataset(data, whole=False)
    except ProtocolError as error:
        raise Unmeasurable("the research side returned ", error.response) from error

"""What counts as redacted: canaries that were sent, what came back of them, and whether it still holds together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydicom.dataset import Dataset

from ..canary import Canaries, Searcher, Space, Token
from ..canary.derived import linked, same_shift
from ..canary.spread import Spread
from ..model import Violation
from ..probes.dicom.association import Attempt
from ..probes.research.given import Released
from .leaks import caused, retained

MOST_LINKED = 2  # originals of each identifier
Leaks = Mapping[str, tuple[Token, ...]]  # endpoint -> canaries that came through


@dataclass(frozen=True)
class Evidence:
    """Canaries that were sent to the research side, what it ``released``, and what of them came through its
    endpoints. ``space``: objects of every kind that it takes; ``published``: words that everybody knows of it."""

    canaries: Canaries
    released: Released
    leaks: Leaks
    searcher: Searcher
    space: Space = field(default_factory=Space)
    published: tuple[str, ...] = ()

    def searched(self, data: bytes) -> tuple[Token, ...]:
        return searched(self.searcher, self.canaries, data, self.space)

    def planted(self) -> list[Token]:
        """Those of the space that stand in objects of which there are copies, each by a value that no other has."""
        sent = [each for each in self.space.planted if each.number in self.released.copies]
        stored = {each.name for each in sent}
        written = "\n".join(str(element.value) for each in sent for element in each.dataset.iterall())
        there = self.searcher.found(written.encode())
        alone = (tokens[0] for tokens in self.space.manifest.values() if len(tokens) == 1)
        return [token for token in alone if token.object in stored and token.value in there]

    def copied(self) -> Iterator[tuple[Spread, Dataset]]:
        """Each object of the space with its copy."""
        for each in self.space.planted:
            if each.number in self.released.copies:
                yield each, self.released.copies[each.number]

    def kept_characteristics(self) -> list[str]:
        return retained((each.dataset, copy) for each, copy in self.copied())

    def computable(self, *keywords: str) -> list[str]:
        """How what replaced these identifiers follows from the originals, without a secret."""
        found = []
        for keyword in keywords:
            pairs: dict[str, str] = {}
            for each, copy in self.copied():
                if each.dataset.get(keyword) and copy.get(keyword) and len(pairs) < MOST_LINKED:
                    pairs.setdefault(str(each.dataset.get(keyword)), str(copy.get(keyword)))
            ways = linked(pairs, self.published)
            found += [f"{keyword} is {way} of the original" for way in list(ways)[:3]]
        return found

    def shifts(self) -> dict[str, set[int]]:
        """Patient of the space -> by how many days dates of the copies differ from those of the originals."""
        found: dict[str, set[int]] = {}
        for each, copy in self.copied():
            found.setdefault(str(each.dataset.PatientID), set()).update(_moved([(each.dataset, copy)]))
        return found

    def known_shift(self) -> list[str]:
        """By which rules dates are moved that anybody can follow."""
        days = {patient: next(iter(moved)) for patient, moved in self.shifts().items() if len(moved) == 1}
        return [f"dates are moved {rule}" for rule in (same_shift(days, self.published),) if rule]

    def pairs(self) -> Iterator[tuple[Dataset, Dataset]]:
        """Each original with its copy."""
        for each in self.canaries.planted:
            if each.number in self.released.copies:
                yield each.dataset, self.released.copies[each.number]

    def shown_as_they_were(self) -> list[str]:
        """Objects with text in their pixels whose pixels came back, through whatever endpoint and as whatever
        object."""
        burned_in = {each.label: bytes(each.dataset.PixelData) for each in self.canaries.planted if each.burned_in}
        layers = (layer for piece in self.released.pieces for layer in self.searcher.unpacked(piece.data))
        seen = {label for layer in layers for label, pixels in burned_in.items() if pixels in layer}
        return [label for label in burned_in if label in seen]

    def missing(self) -> list[str]:
        """Objects that can be redacted, and of which there is no copy."""
        numbers = self.released.copies.keys()
        return [p.label for p in self.canaries.planted if not p.must_be_refused and p.number not in numbers]

    def unredactable(self) -> list[tuple[str, Attempt]]:
        """Objects that cannot be redacted, with how they were received."""
        received = zip(self.canaries.planted, self.released.stored, strict=False)  # those of the space come after
        return [(each.label, attempt) for each, attempt in received if each.unredactable]

    def released_all_the_same(self) -> list[str]:
        numbers = self.released.copies.keys()
        return [each.label for each in self.canaries.planted if each.unredactable and each.number in numbers]

    def days_moved(self) -> set[int]:
        """By how many days the dates of the copies differ from the originals. A dummy, the same whatever was there, is
        no shift."""
        return _moved(self.pairs())

    def broken_references(self) -> list[str]:
        """What held together in the originals and does not in the copies."""
        numbers = {each.number for each in self.canaries.planted}
        copies = {number: copy for number, copy in self.released.copies.items() if number in numbers}
        broken = self._torn()
        if len({copy.get("StudyInstanceUID") for copy in copies.values()}) > 1:
            broken.append("objects of one study are in several")
        if len({copy.get("PatientID") for copy in copies.values()}) > 1:
            broken.append("objects of one patient are of several")
        if len({copy.get("SOPInstanceUID") for copy in copies.values()}) < len(copies):
            broken.append("several objects have one SOP Instance UID")
        for number, other in self.canaries.refers.items():
            if number in copies and other in copies and not _refers(copies[number], copies[other]):
                broken.append(f"object {number} refers to object {other} no more")
        return broken

    def _torn(self) -> list[str]:
        """Patients of the space whose study is one no more."""
        kept: dict[str, set[tuple[str, str]]] = {}
        for each, copy in self.copied():
            both = str(copy.get("PatientID")), str(copy.get("StudyInstanceUID"))
            kept.setdefault(str(each.dataset.PatientID), set()).add(both)
        return [f"one study of {patient} became {len(are)}" for patient, are in kept.items() if len(are) > 1]


def _moved(pairs: Iterable[tuple[Dataset, Dataset]]) -> set[int]:
    moved: dict[int, set[str]] = {}
    for original, copy in pairs:
        for element in original:
            new = str(copy.get(element.tag).value) if element.VR == "DA" and element.tag in copy else ""
            if len(new) == 8 and new.isdigit() and "0229" in str(element.value):
                moved.setdefault((_day(str(element.value)) - _day(new)).days, set()).add(new)
    dummies = {new for values in moved.values() for new in values if sum(new in each for each in moved.values()) > 1}
    return {days for days, values in moved.items() if values - dummies}


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d")


def _refers(source: Dataset, to: Dataset) -> bool:
    items = source.get("ReferencedImageSequence") or ()
    return any(item.get("ReferencedSOPInstanceUID") == to.SOPInstanceUID for item in items)


def evidence(
    canaries: Canaries, released: Released, space: Space | None = None, published: tuple[str, ...] = ()
) -> Evidence:
    """Search everything that was released."""
    space = space or Space()
    searcher = Searcher()
    endpoints: dict[str, dict[Token, None]] = {}
    for piece in released.pieces:
        endpoints.setdefault(piece.endpoint, {}).update(dict.fromkeys(searched(searcher, canaries, piece.data, space)))
    leaks = {endpoint: tuple(tokens) for endpoint, tokens in endpoints.items()}
    return Evidence(canaries, released, leaks, searcher, space, published)


def searched(searcher: Searcher, canaries: Canaries, data: bytes, space: Space | None = None) -> tuple[Token, ...]:
    of_space = space.manifest if space is not None else {}

    def tokens(value: str) -> tuple[Token, ...]:
        here = tuple(of_space.get(value, ()))
        return (*canaries.tokens(value), *here) if value in canaries.manifest or not here else here

    return tuple(token for value in sorted(searcher.found(data)) for token in tokens(value))


def must_be_redacted(leaks: Leaks, kind: str = "", planted: Callable[[], list[Token]] = list) -> None:
    """Raises Violation for canaries of ``kind``, or of any: the attribute, its action code, the endpoints and the token
    are named, and nothing else of what came back. Among those ``planted`` the smallest cause is looked for."""
    endpoints: dict[Token, list[str]] = {}
    for endpoint, tokens in leaks.items():
        for token in (each for each in tokens if kind in ("", each.kind)):
            endpoints.setdefault(token, []).append(endpoint)
    if endpoints:
        lines = [f"{token}; through {', '.join(where)}" for token, where in endpoints.items()]
        names = sorted({token.attribute for token in endpoints})
        everywhere = list(dict.fromkeys(endpoint for where in endpoints.values() for endpoint in where))
        said = f"{len(endpoints)} values of {len(names)} attributes came through: {_few(names)} ({_few(everywhere)})"
        causes = caused(endpoints, [token for token in planted() if kind in ("", token.kind)])
        said += "".join(f"; {cause}" for cause in causes)
        raise Violation("no value of an original on the research side", said, _some(lines, 12))


def _few(names: Sequence[str]) -> str:
    return ", ".join(_some(names, 4))


def _some(names: Sequence[str], most: int) -> tuple[str, ...]:
    return (*names[:most], *([f"and {len(names) - most} more"] if len(names) > most else []))

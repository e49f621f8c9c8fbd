"""What counts as redacted: canaries that were sent, what came back of them, and whether it still holds together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset

from .canary import Canaries, Searcher, Token
from .model import Violation
from .probes.association import Attempt
from .probes.research import Released

Leaks = Mapping[str, tuple[Token, ...]]  # door -> canaries that came through


@dataclass(frozen=True)
class Evidence:
    """Canaries that were sent to the research side, what it ``released``, and what of them came through its doors."""

    canaries: Canaries
    released: Released
    leaks: Leaks
    searcher: Searcher

    def searched(self, data: bytes) -> tuple[Token, ...]:
        return searched(self.searcher, self.canaries, data)

    def pairs(self) -> Iterator[tuple[Dataset, Dataset]]:
        """Each original with its copy."""
        for each in self.canaries.planted:
            if each.number in self.released.copies:
                yield each.dataset, self.released.copies[each.number]

    def shown_as_they_were(self) -> list[str]:
        """Objects with text in their pixels whose pixels came back, through whatever door and as whatever object."""
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
        received = zip(self.canaries.planted, self.released.stored, strict=True)
        return [(each.label, attempt) for each, attempt in received if each.unredactable]

    def released_all_the_same(self) -> list[str]:
        numbers = self.released.copies.keys()
        return [each.label for each in self.canaries.planted if each.unredactable and each.number in numbers]

    def days_moved(self) -> set[int]:
        """By how many days the dates of the copies differ from the originals. A dummy, the same whatever was there, is
        no shift."""
        moved: dict[int, set[str]] = {}
        for original, copy in self.pairs():
            for element in original:
                new = str(copy.get(element.tag).value) if element.VR == "DA" and element.tag in copy else ""
                if len(new) == 8 and new.isdigit() and "0229" in str(element.value):
                    moved.setdefault((_day(str(element.value)) - _day(new)).days, set()).add(new)
        dummies = {
            new for values in moved.values() for new in values if sum(new in each for each in moved.values()) > 1
        }
        return {days for days, values in moved.items() if values - dummies}

    def broken_references(self) -> list[str]:
        """What held together in the originals and does not in the copies."""
        copies, broken = self.released.copies, []
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


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d")


def _refers(source: Dataset, to: Dataset) -> bool:
    items = source.get("ReferencedImageSequence") or ()
    return any(item.get("ReferencedSOPInstanceUID") == to.SOPInstanceUID for item in items)


def evidence(canaries: Canaries, released: Released) -> Evidence:
    """Search everything that was released."""
    searcher = Searcher()
    doors: dict[str, dict[Token, None]] = {}
    for piece in released.pieces:
        doors.setdefault(piece.door, {}).update(dict.fromkeys(searched(searcher, canaries, piece.data)))
    return Evidence(canaries, released, {door: tuple(tokens) for door, tokens in doors.items()}, searcher)


def searched(searcher: Searcher, canaries: Canaries, data: bytes) -> tuple[Token, ...]:
    return tuple(token for value in sorted(searcher.found(data)) for token in canaries.tokens(value))


def must_be_redacted(leaks: Leaks, kind: str = "") -> None:
    """Raises Violation for canaries of ``kind``, or of any: the attribute, its action code, the doors and the token are
    named, and nothing else of what came back."""
    doors: dict[Token, list[str]] = {}
    for door, tokens in leaks.items():
        for token in (each for each in tokens if kind in ("", each.kind)):
            doors.setdefault(token, []).append(door)
    if doors:
        lines = [f"{token}; through {', '.join(where)}" for token, where in doors.items()]
        names = sorted({token.attribute for token in doors})
        everywhere = list(dict.fromkeys(door for where in doors.values() for door in where))
        said = f"{len(doors)} values of {len(names)} attributes came through: {_few(names)} ({_few(everywhere)})"
        raise Violation("no value of an original on the research side", said, _some(lines, 12))


def _few(names: Sequence[str]) -> str:
    return ", ".join(_some(names, 4))


def _some(names: Sequence[str], most: int) -> tuple[str, ...]:
    return (*names[:most], *([f"and {len(names) - most} more"] if len(names) > most else []))

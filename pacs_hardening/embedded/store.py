"""What the archive holds: instances as Part 10 files in memory, found by the keys of PS3.4 C.2 and C.6."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from io import BytesIO
from threading import Lock

from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from .policy import Facts, no_facts

SUCCESS, DUPLICATE, FULL, MISMATCH, UNREADABLE = 0x0000, 0x0111, 0xA700, 0xA900, 0xC000
LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
UNIQUE = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
_IMPLEMENTATION = UID("2.25.87914735239517346923584617355283147102")  # says nothing about the software
_RANGE = re.compile(r"(?!-$)(\d{6}|\d{8}|)-(\d{6}|\d{8}|)")
_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")
_BULKY = ("OB", "OW", "OF", "OD", "OL", "OV", "UN", "SQ")
_MAX_INSTANCES, _MAX_BYTES = 2000, 256 << 20


@dataclass(frozen=True)
class Instance:
    """One stored object: its searchable top-level attributes as text, its Part 10 file, when it came (monotonic)."""

    keys: dict[str, str]
    part10: bytes
    stored: float = field(default_factory=time.monotonic, compare=False)

    def dataset(self) -> Dataset:
        """A data set of the caller's own, with file meta information."""
        return dcmread(BytesIO(self.part10))


class Store:
    """Thread-safe; holds at most 2000 instances and 256 MiB. Nothing is overwritten unless ``overwrite`` says so.
    What was stored is found ``indexes_after`` seconds later."""

    def __init__(self, *, overwrite: bool = False, indexes_after: float = 0.0) -> None:
        self._overwrite, self._indexes_after = overwrite, indexes_after
        self._instances: dict[str, Instance] = {}
        self._bytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._instances)

    def add(self, dataset: Dataset, syntax: str, *, overwrite: bool = False, came_by: str = "stow") -> int:
        """Store a data set that came in transfer syntax ``syntax``; gives the DIMSE status (PS3.4 B.2.3, PS3.7 C).

        0111H where another object of that SOP Instance UID is here; the same one again succeeds and changes nothing.
        """
        try:
            instance = packed(dataset, syntax)
        except Exception:  # noqa: BLE001 - pydicom raises whatever a malformed value leads to
            return UNREADABLE
        if not all(_UID.fullmatch(instance.keys.get(UNIQUE[level], "")) for level in LEVELS[1:]):
            return MISMATCH
        uid = instance.keys["SOPInstanceUID"]
        with self._lock:
            present = self._instances.get(uid)
            if present and present.part10 != instance.part10 and not (overwrite or self._overwrite):
                return DUPLICATE
            size = self._bytes + len(instance.part10) - (len(present.part10) if present else 0)
            if size > _MAX_BYTES or (not present and len(self._instances) >= _MAX_INSTANCES):
                return FULL
            self._instances[uid], self._bytes = instance, size
        return SUCCESS

    def remove(self, keys: dict[str, str]) -> int:
        """Delete every instance that agrees with all ``keys``; gives how many."""
        gone = self.matching(keys)
        with self._lock:
            for instance in gone:
                if self._instances.pop(instance.keys["SOPInstanceUID"], None):
                    self._bytes -= len(instance.part10)
        return len(gone)

    def shown(self, instance: Instance, door: str, facts: Facts = no_facts) -> Instance:
        """What is given of ``instance`` at an endpoint, by its name."""
        return instance

    def matching(self, keys: dict[str, str]) -> list[Instance]:
        """Every instance that agrees with all ``keys``: equality, list of UIDs, ``*`` and ``?``, empty for any."""
        with self._lock:
            held = list(self._instances.values())
        if self._indexes_after:
            held = [instance for instance in held if instance.stored < time.monotonic() - self._indexes_after]
        return [i for i in held if all(agrees(i.keys.get(name, ""), wanted) for name, wanted in keys.items())]

    def find(
        self, level: str, keys: dict[str, str], door: str = "find", facts: Facts = no_facts
    ) -> Iterator[dict[str, str]]:
        """One answer for each entity of ``level`` that agrees: the requested ``keys`` with their values."""
        seen: set[str] = set()
        for instance in self.matching(keys):
            identity = instance.keys.get(UNIQUE[level], "")
            if identity not in seen:
                seen.add(identity)
                shown = self.shown(instance, door, facts).keys
                yield {name: shown.get(name, "") for name in (*keys, UNIQUE[level])}


def text_keys(dataset: Dataset) -> dict[str, str]:
    """The top-level attributes that can be matched, as text with backslashes between several values."""
    found = {}
    for element in dataset:
        if element.keyword and element.VR not in _BULKY:
            value = element.value
            several = isinstance(value, list) or (element.VM > 1 and not isinstance(value, str))
            found[element.keyword] = "\\".join(map(str, value)) if several else "" if value is None else str(value)
    return found


def agrees(value: str, wanted: str) -> bool:
    """Whether ``value`` matches the key ``wanted`` (PS3.4 C.2.2.2: single value, list of UID, wild card, universal, and
    range of dates or times)."""
    if wanted in ("", "*"):
        return True
    if limits := _RANGE.fullmatch(wanted):
        return bool(value) and limits[1] <= value <= (limits[2] or "~")
    if "*" in wanted or "?" in wanted:
        return fnmatchcase(value, wanted.replace("[", "[[]"))
    return value in wanted.split("\\")


def packed(dataset: Dataset, syntax: str) -> Instance:
    """As it would be stored, by itself. Raises whatever a malformed value leads to."""
    return _instance(dataset, UID(syntax))


def _instance(dataset: Dataset, syntax: UID) -> Instance:
    # Uncompressed data are kept in one transfer syntax, so that equal objects have equal bytes.
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax if syntax.is_compressed or syntax.is_private else ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.ImplementationClassUID = _IMPLEMENTATION
    keys = text_keys(dataset)
    copy = Dataset(dataset)
    copy.file_meta = meta
    _settle(copy)
    buffer = BytesIO()
    copy.save_as(buffer, enforce_file_format=True)
    return Instance(keys, buffer.getvalue())


def _settle(dataset: Dataset) -> None:
    """Representations of which pydicom leaves open which one it is (PS3.6 "OB or OW"), and cannot write."""
    for element in dataset.values():
        if isinstance(element, DataElement) and " or " in element.VR and element.tag != 0x7FE00010:
            element.VR = "OW" if "OW" in element.VR else "UN"
        if isinstance(element, DataElement) and element.VR == "SQ":
            for item in element.value:
                _settle(item)

"""What was stored to be asked for: more than a query may tell of, and objects that are to stay. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The unique key of each level (PS3.4 C.6.1.1)
UNIQUE = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}


@dataclass(frozen=True)
class SampleStudy:
    """UIDs of one synthetic study that this run stored, so that positive controls have something to retrieve."""

    patient_id: str
    study: str
    series: str
    instance: str
    sop_class: str


@dataclass(frozen=True)
class Planted:
    """``keys`` of a query at ``level`` match ``len(unique)`` patients, studies, series or instances, which is more
    than ``most``; ``unique`` are the values of the unique key of each."""

    level: str
    keys: Mapping[str, str]
    unique: tuple[str, ...]
    most: int


@dataclass(frozen=True)
class Kept:
    """An object that is stored, and a text in it by which it is known again."""

    study: SampleStudy
    mark: str

"""What this process has left on archives: DICOM has no service to take an object back, so somebody has to be told.

One for the process, since it is the process that sent them; the requestor notes what it sends and what is refused.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock

from pydicom.dataset import Dataset

_lock = Lock()
_objects: dict[str, tuple[str, str]] = {}  # SOP Instance UID -> patient ID, Study Instance UID
_left: set[str] = set()


def made(dataset: Dataset) -> None:
    with _lock:
        _objects[str(dataset.SOPInstanceUID)] = (
            str(dataset.get("PatientID", "")),
            str(dataset.get("StudyInstanceUID", "")),
        )


def sent(instance: str) -> bool:
    """It may be stored from now on, also where no answer comes. False where it may have been before."""
    with _lock:
        fresh = instance not in _left
        _left.add(instance)
    return fresh


def refused(instance: str) -> None:
    with _lock:
        _left.discard(instance)


def left() -> list[str]:
    """A line for each study of which something may be there."""
    with _lock:
        studies = Counter(_objects.get(instance, ("unknown", instance)) for instance in _left)
    return [
        f"patient {patient}, study {study}: {n} object{'s'[: n != 1]}"
        for (patient, study), n in sorted(studies.items())
    ]

"""Probe: more objects than a query may tell of, stored for that, and seen to be there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from pydicom.dataset import Dataset

from ..model import Unmeasurable
from ..model.planted import UNIQUE, Planted
from ..wire import dimse, operations
from .appear import awaited
from .authorised import Authorised
from .authorised.study import sample_of
from .dicom.association import Outcome, Peer, associate_as

_HALF = {"PATIENT": "PatientSex", "STUDY": "AccessionNumber", "SERIES": "SeriesNumber", "IMAGE": "InstanceNumber"}
_HALVES = {"PATIENT": ("F", "M")}
LANES = 4


def plant(authorised: Authorised, most: int, level: str) -> Planted:
    """``most`` + 1 patients, studies of one patient, series of one study or instances of one series, over four
    associations side by side. Raises Unmeasurable unless each of them is found again, by two queries for half of them
    each: an archive that lost some would seem to limit its answers."""
    objects, keys = _objects(authorised, most + 1, level)
    half, unique, halves = _HALF[level], UNIQUE[level], _HALVES.get(level, ("1", "2"))
    for number, dataset in enumerate(objects):
        setattr(dataset, half, halves[number % 2])
    _store(authorised, objects)
    keys[unique] = keys.get(unique, "")
    queries = [operations.find(level, {**keys, half: each}) for each in halves]
    stored = tuple(str(dataset[unique].value) for dataset in objects)

    def lost() -> set[str]:
        found = authorised.succeeds(*queries, role=authorised.who_may("find")).datasets
        return set(stored) - {str(dimse.decode_dataset(data).get(unique, "")) for data in found}

    if not awaited(lambda: not lost(), "what was stored"):
        raise Unmeasurable(f"of {most + 1} objects that were just stored, {len(lost())} were not found again")
    return Planted(level, keys, stored, most)


def _objects(authorised: Authorised, count: int, level: str) -> tuple[list[Dataset], dict[str, str]]:
    """So many that differ at ``level`` and have all above in common, and the keys that match what they have so."""
    same = sample_of(authorised.an_object())
    objects = [authorised.an_object(like=same) for _ in range(count)]
    below = list(UNIQUE)[list(UNIQUE).index(level) :]
    for number, dataset in enumerate(objects):
        for name in (UNIQUE[each] for each in below):
            setattr(dataset, name, f"{same.patient_id}-{number}" if name == "PatientID" else operations.new_uid())
    match level:
        case "PATIENT":
            return objects, {"PatientID": f"{same.patient_id}-*"}
        case "STUDY":
            return objects, {"PatientID": same.patient_id}
        case "SERIES":
            return objects, {"StudyInstanceUID": same.study}
    return objects, {"StudyInstanceUID": same.study, "SeriesInstanceUID": same.series}


def _store(authorised: Authorised, objects: list[Dataset]) -> None:
    peer = Peer.of(authorised.node(authorised.who_may("store")))
    batches = [[operations.store(dataset) for dataset in objects[lane::LANES]] for lane in range(LANES)]
    with ThreadPoolExecutor(LANES) as pool:
        attempts = pool.map(
            lambda batch: associate_as(authorised.target, peer, *batch, seconds=60), filter(None, batches)
        )
        for attempt in attempts:
            if attempt.outcome is not Outcome.SERVED:
                raise Unmeasurable("positive control failed: ", attempt.observed)

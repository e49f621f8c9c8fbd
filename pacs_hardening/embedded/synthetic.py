"""What the archive holds from the start: synthetic studies and one scheduled step; every name says SYNTHETIC."""

from __future__ import annotations

import secrets

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from .store import Store

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def fill(store: Store, studies: int) -> None:
    """Store ``studies`` images of 1 x 1 pixel, each of a study of its own."""
    for number in range(studies):
        dataset = _patient(number)
        dataset.SOPClassUID = _SECONDARY_CAPTURE
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = _uid(), _uid(), _uid()
        dataset.Modality, dataset.StudyDate, dataset.StudyID = "OT", "20000101", str(number)
        dataset.Rows = dataset.Columns = dataset.SamplesPerPixel = 1
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit, dataset.PixelRepresentation, dataset.PhotometricInterpretation = 7, 0, "MONOCHROME2"
        dataset.PixelData = b"\0\0"
        dataset["PixelData"].VR = "OB"
        store.add(dataset, ExplicitVRLittleEndian)


def worklist() -> tuple[Dataset, ...]:
    """One scheduled procedure step (PS3.4 K.6.1)."""
    step = Dataset()
    step.Modality, step.ScheduledProcedureStepStartDate = "CT", "20000101"
    entry = _patient(0)
    entry.AccessionNumber = "SYNTHETIC"
    entry.ScheduledProcedureStepSequence = [step]
    return (entry,)


def _patient(number: int) -> Dataset:
    dataset = Dataset()
    dataset.PatientName, dataset.PatientID = f"SYNTHETIC^N{number}", f"SYNTHETIC-{number}"
    return dataset


def _uid() -> str:
    return f"2.25.{secrets.randbits(120)}"

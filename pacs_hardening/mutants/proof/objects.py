"""Objects that a proof stores: synthetic, with what a mutant's declaration asks for in them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from copy import deepcopy
from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

SYNTHETIC = "1.2.840.10008.5.1.4.1.1.7"


def synthetic(play: Mapping[str, str]) -> Dataset:
    """A synthetic image of 1 x 1 pixel."""
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 100"
    made.SOPClassUID = play.get("sop-class", SYNTHETIC)
    made.PatientName, made.PatientID = "TEST^MUTANT", f"TEST-{secrets.token_hex(4)}"
    made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID = (
        f"2.25.{secrets.randbits(120)}" for _ in "123"
    )
    if "instance" in play:
        made.SOPInstanceUID = f"{play['instance']}.{secrets.randbits(60)}"
    made.Modality, made.Rows, made.Columns, made.SamplesPerPixel = "OT", 1, 1, 1
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation, made.PhotometricInterpretation = 7, 0, "MONOCHROME2"
    made.PixelData = b"\0\0"
    made["PixelData"].VR = "OB"
    add_further(made, play)
    return made


def first_and_other(play: Mapping[str, str]) -> tuple[Dataset, Dataset]:
    """Two objects of the same UIDs, of which one says FIRST and the other says OTHER."""
    first = synthetic(play)
    other = deepcopy(first)
    first.SeriesDescription, other.SeriesDescription = "FIRST", "OTHER"
    return first, other


def add_further(dataset: Dataset, play: Mapping[str, str]) -> None:
    for name, value in play.items():
        if name.startswith("key:"):
            setattr(dataset, name[4:], value)
    if "character-set" in play:
        dataset.SpecificCharacterSet = play["character-set"]
    if "private" in play:
        dataset.add_new(0x00090010, "LO", "ACME")
    if "sequences" in play:
        dataset.RequestAttributesSequence = [Dataset()]
    for number in range(int(play.get("attributes", "0"))):
        dataset.add_new(0x00200000 + 0x3100 + number, "IS", "")


def multipart() -> dict[str, str]:
    return {"header:content-type": 'multipart/related; type="application/dicom"; boundary=part'}


def part(dataset: Dataset) -> bytes:
    """One object as a multipart body: a Part 10 file in Explicit VR Little Endian."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    copy = Dataset(dataset)
    copy.file_meta = meta
    buffer = BytesIO()
    copy.save_as(buffer, enforce_file_format=True)
    head = b"--part\r\nContent-Type: application/dicom\r\n\r\n"
    return head + buffer.getvalue() + b"\r\n--part--\r\n"

"""What comes out of a research side of an object that was made for one mutant: through every endpoint, byte by byte."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping

from pydicom.dataset import Dataset

from ...model import Node, Target
from . import dicom, web
from .associate import Caller

VALUES = {"DA": "19370211", "DT": "19370211113355.777", "TM": "113355.777", "DS": "77.7314159", "AE": "MARKEDTITLE"}
VRS = {"00080050": "SH", "00081030": "LO", "00104000": "LT", "00100030": "DA", "00100010": "PN"}
_FACTS = {"manufacturer": "Manufacturer", "body-part": "BodyPartExamined", "series-number": "SeriesNumber",
          "image-type": "ImageType", "sex": "PatientSex", "modality": "Modality"}  # fmt: skip
_FULL = {
    "DERIVED": "DERIVED\\SECONDARY\\OTHER",
    "LOCALIZER": "ORIGINAL\\PRIMARY\\LOCALIZER",
    "OTHER": "DERIVED\\SECONDARY\\OTHER",
    "GE": "GE MEDICAL SYSTEMS",
}
_NESTS = ("SharedFunctionalGroupsSequence", "PixelMeasuresSequence", "PlanePositionSequence", "FrameVOILUTSequence",
          "PlaneOrientationSequence")  # fmt: skip
ROUTES = {
    "wado-rs": "/studies/{study}",
    "metadata": "/studies/{study}/metadata",
    "qido-studies": "/studies?StudyInstanceUID={study}",
    "qido-series": "/series?StudyInstanceUID={study}",
    "qido-instances": "/instances?StudyInstanceUID={study}",
}


class Side:
    """The research side as its sender and its reader see it."""

    def __init__(self, target: Target) -> None:
        research = target.research
        assert research is not None
        self._target, self._research = target, research
        self._dicom, self._web = (target.endpoints_of(service)[0] for service in ("dicom", "web"))
        user = target.users[research.user]
        self._login = "Basic " + base64.b64encode(f"{user.username}:{user.password.reveal()}".encode()).decode()

    def _caller(self, node: Node) -> Caller:
        who = (node.identity.username, node.identity.passcode.reveal()) if node.identity else None
        return Caller(node.keys, node.aet, who)

    def taken(self, made: Dataset) -> bool:
        caller = self._caller(self._target.nodes[self._research.sender])
        play = {"sop-class": str(made.SOPClassUID)}
        return dicom.ask(self._dicom, self._research.called_aet, caller, "store", made, play).status == 0

    def copies(self) -> list[dict[str, str]]:
        """Study, series and instance of everything that is there."""
        caller, asked = self._caller(self._target.nodes[self._research.reader]), Dataset()
        asked.QueryRetrieveLevel = "IMAGE"
        for name in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "StudyDate"):
            setattr(asked, name, "")
        told = dicom.ask(self._dicom, self._research.called_aet, caller, "find", asked)
        return [dict(_elements(each)) for each in told.datasets]

    def given(self, door: str, copy: Mapping[str, str]) -> bytes:
        study = copy["0020000D"]
        if door in ("find", "get"):
            caller, asked = self._caller(self._target.nodes[self._research.reader]), Dataset()
            asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", study
            if door == "find":
                asked.PatientName = ""
            return b"".join(dicom.ask(self._dicom, self._research.called_aet, caller, door, asked).datasets)
        path = "/research/dicom-web" + ROUTES.get(door, "").replace("{study}", study)
        if door == "wado-uri":
            series, instance = copy["0020000E"], copy["00080018"]
            path = f"/research/wado?requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={instance}"
        if door == "rest":
            path = "/research/patients"
        return web.ask(self._web, path, {"method": "GET"}, b"", self._login).body


def _elements(raw: bytes) -> Iterator[tuple[str, str]]:
    """Of an identifier in Implicit VR Little Endian."""
    at = 0
    while at + 8 <= len(raw):
        group, element, size = (int.from_bytes(raw[at + a : at + b], "little") for a, b in ((0, 2), (2, 4), (4, 8)))
        yield f"{group:04X}{element:04X}", raw[at + 8 : at + 8 + size].decode("latin-1").strip("\0 ")
        at += 8 + size


def made(play: Mapping[str, str]) -> tuple[Dataset, bytes]:
    """An object with one value at the place that ``play`` says, and that value."""
    made = Dataset()
    made.SpecificCharacterSet = play.get("character-set", "ISO_IR 100")
    made.SOPClassUID = play.get("sop-class", "1.2.840.10008.5.1.4.1.1.2")
    made.PatientName, made.PatientID = "TEST^MUTANT", f"TEST{secrets.token_hex(5).upper()}"
    made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID = (
        f"2.25.{secrets.randbits(110)}" for _ in "123"
    )
    made.Modality, made.Rows, made.Columns, made.SamplesPerPixel, made.BitsAllocated = "CT", 2, 2, 1, 8
    made.InstanceNumber, made.StudyDate, made.BurnedInAnnotation = "1", "19370211", "NO"
    made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 7, 0
    made.PhotometricInterpretation, made.PixelData = "MONOCHROME2", b"\1\2\3\4"
    made["PixelData"].VR = "OB"
    for name, keyword in _FACTS.items():
        if f"fact:{name}" in play and (value := play[f"fact:{name}"]):
            setattr(
                made, keyword, _FULL.get(value, value).split("\\") if name == "image-type" else _FULL.get(value, value)
            )
    return made, _plant(made, play)


def _plant(made: Dataset, play: Mapping[str, str]) -> bytes:
    tag = int(play.get("tag", "00081040" if "fact:private" not in play else "002910F1"), 16)
    vr = play.get("vr") or VRS.get(f"{tag:08X}", "LO")
    mark = f"MARK{secrets.token_hex(4).upper()}"
    value = VALUES.get(vr, f"2.25.4141{secrets.randbits(60)}" if vr == "UI" else mark)
    if "fact:length" in play:
        value = mark.ljust(90, "X") if play["fact:length"] == "80" else mark[:9]
    if "fact:text" in play:
        value = f"{value}^"
    if "fact:vm" in play:
        value = f"{value}\\{mark}"
    depth = int(play.get("depth", "2" if "fact:item" in play or "fact:sequence" in play else "0"))
    inside = made
    for keyword in _NESTS[:depth]:
        item = Dataset()
        setattr(inside, keyword, [Dataset(), item] if "fact:item" in play else [item])
        inside = item
    if (tag >> 16) % 2:
        inside.add_new(tag & 0xFFFF0000 | 0x10, "LO", play.get("creator", "GEMS_IDEN_01"))
    inside.add_new(tag, vr, value)
    return value.split("\\")[0].encode()

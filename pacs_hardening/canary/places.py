"""Where an identifier can stand in an object: each place of PS3.3 and PS3.5, planted with values of many kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import get_private_entry
from pydicom.dataset import Dataset

from .table import Attribute
from .tokens import Token, TokenFactory

DEPTH = 5
# What no rule of a table reaches: creators as devices write them, one that nobody knows, and groups as they come.
CREATORS = {
    0x0009: "GEMS_IDEN_01", 0x0019: "GEMS_ACQU_01", 0x0021: "SIEMENS MED", 0x0029: "SIEMENS CSA HEADER",
    0x0033: "AGFA", 0x0043: "GEMS_PARM_01", 0x0051: "SIEMENS MR HEADER", 0x00E1: "ELSCINT1",
    0x2001: "Philips Imaging DD 001", 0x2005: "Philips MR Imaging DD 001", 0x5533: "Visus Change",
    0x7053: "Philips PET Private Group", 0x7FE1: "TOSHIBA COMAPL HEADER", 0x0071: "",
}  # fmt: skip
NESTED = ("PatientName", "PatientID", "PatientBirthDate", "ReferringPhysicianName", "StudyDescription", "StudyTime",
          "AccessionNumber", "InstitutionName", "AcquisitionDateTime", "SynchronizationFrameOfReferenceUID",
          "PatientComments", "PatientWeight", "AdditionalPatientHistory", "ImageComments", "StationName")  # fmt: skip
_CARRIERS = {
    "a sequence": ("AnatomicRegionSequence", "AnatomicRegionModifierSequence", "ViewCodeSequence",
                   "ViewModifierCodeSequence", "PatientOrientationCodeSequence"),
    "functional groups": ("SharedFunctionalGroupsSequence", "PixelMeasuresSequence", "PlanePositionSequence",
                          "PixelValueTransformationSequence", "FrameVOILUTSequence"),
    "functional groups of a frame": ("PerFrameFunctionalGroupsSequence", "PlaneOrientationSequence",
                                     "PlanePositionSequence", "PixelMeasuresSequence", "FrameVOILUTSequence"),
    "references": ("ReferencedStudySequence", "ReferencedSeriesSequence", "ReferencedInstanceSequence",
                   "ReferencedImageSequence", "PurposeOfReferenceCodeSequence"),
    "content items": ("ContentSequence",) * 5,
    "structures": ("ROIContourSequence", "ContourSequence", "ContourImageSequence", "RTROIObservationsSequence",
                   "AdditionalRTROIIdentificationCodeSequence"),
    "annotations": ("GraphicAnnotationSequence", "TextObjectSequence", "GraphicLayerSequence",
                    "GraphicObjectSequence", "CompoundGraphicSequence"),
    "waveforms": ("WaveformSequence", "ChannelDefinitionSequence", "ChannelSourceSequence",
                  "ChannelSourceModifiersSequence", "ChannelSensitivityUnitsSequence"),
}  # fmt: skip


@dataclass(frozen=True)
class Planter:
    """Plants in ``dataset``. ``about`` holds what is true of the whole object; ``rows`` are attributes of the table."""

    dataset: Dataset
    tokens: TokenFactory
    about: Token
    rows: dict[str, Attribute]

    def token(self, attribute: str, group: str, place: str, action: str = "X", **more: str) -> Token:
        about = (*self.about.about, *((name.replace("_", " "), value) for name, value in more.items()))
        return replace(self.about, attribute=attribute, action=action, group=group, place=place, about=about)

    def value(self, vr: str, about: Token) -> object:
        """One for each; of a name, the family name."""
        return f"{self.tokens.value('LO', about)}^TEST" if vr == "PN" else self.tokens.value(vr, about)

    def everywhere(self) -> None:
        """All but pixel data."""
        for name, carriers in _CARRIERS.items():
            self.nested(name, carriers)
        for number, (group, creator) in enumerate(CREATORS.items()):
            self.private(self.dataset, group, creator, 0x10 + 0x6F * (number % 3), 0)
        self.overlays()
        self.retired()
        self.icon()

    def nested(self, name: str, carriers: tuple[str, ...]) -> None:
        """At each depth; what is deepest stands in the second of two items."""
        inside = self.dataset
        for depth, keyword in enumerate(carriers, 1):
            item = Dataset()
            for number, wanted in enumerate(NESTED):
                if (depth + number) % 3 == 0 or number < 2:
                    self.row(item, self.rows[wanted], "nested", depth=str(depth), within=name)
            if name == "content items":
                self._content(item, depth)
            if depth % 2:
                self.private(item, 0x0029 + 2 * depth, "SIEMENS CSA HEADER", 0x10, depth, name)
            items = [Dataset(), item] if depth == DEPTH and name != "content items" else [item]
            setattr(inside, keyword, [*(inside.get(keyword) or ()), *items])
            inside = item

    def _content(self, item: Dataset, depth: int) -> None:
        kinds = {
            "TextValue": ("UT", "text"),
            "PersonName": ("PN", "direct"),
            "DateTime": ("DT", "date"),
            "UID": ("UI", "uid"),
        }
        for keyword, (vr, _) in kinds.items():
            about = self.token(keyword, "nested", "nested", depth=str(depth), within="content items", vr=vr)
            setattr(item, keyword, self.value(vr, about))
        item.RelationshipType, item.ValueType = "CONTAINS", "TEXT"

    def row(self, dataset: Dataset, row: Attribute, place: str, **more: str) -> None:
        vr = row.vr
        group = f"{row.tag >> 16:04X}"
        about = self.token(str(row), row.group, place, row.action, vr=vr, of_group=group, tag=str(row), **more)
        value = self.value(vr, about)
        if vr == "SQ":
            item = Dataset()
            item.CodeMeaning, item.CodeValue = self.value("LO", about), "TEST"
            dataset.add_new(row.tag, "SQ", [item])
        elif value is not None:
            dataset.add_new(row.tag, vr, value)

    def private(self, dataset: Dataset, group: int, creator: str, block: int, depth: int, within: str = "") -> None:
        """A block with an element of each kind; its creator is a device's, or a canary."""
        place = "private" if not depth else "nested"
        said = {"of_group": f"{group:04X}", "creator": creator or "unknown", "depth": str(depth), "within": within}

        def about(vr: str) -> Token:
            return self.token("private attribute", "private", place, "X", vr=vr, tag=f"{group:04X}", **said)

        dataset.add_new(group << 16 | block, "LO", creator or f"TEST {self.tokens.value('LO', about('LO'))}")
        base = group << 16 | block << 8
        kinds = ("LO", "UN", "PN", "UT", "DA", "OB", "DS", "UI", "SQ")
        for element, vr in zip(_free(group, creator), kinds, strict=False):
            value = self.value("LO" if vr == "SQ" else vr, about(vr))
            if vr == "SQ":
                item = Dataset()
                item.CodeMeaning = value
                value = [item]
            dataset.add_new(base | element, vr, value)

    def overlays(self) -> None:
        """Each group of overlays (PS3.3 C.9) and of curves (retired)."""
        for group in (*range(0x6000, 0x6020, 2), *range(0x5000, 0x5020, 2)):
            kind = "overlay" if group >= 0x6000 else "curve"
            elements = {0x3000: "OW", 0x4000: "LT", 0x0022: "LO", 0x1500: "LO"} if kind == "overlay" else {
                0x3000: "OW", 0x2500: "LO", 0x0022: "LO", 0x2200: "LO"}  # fmt: skip
            named = list(elements)[1 + group // 2 % 3]
            for element, vr in ((0x3000, "OW"), (named, elements[named])):
                name = f"({group:04X},{element:04X}) of an {kind}".replace("an c", "a c")
                about = self.token(name, "text", "top", vr=vr, of_group=f"{group:04X}", within=kind)
                self.dataset.add_new(group << 16 | element, vr, self.tokens.value(vr, about))

    def retired(self) -> None:
        """Groups that devices still write, and padding after everything."""
        texts = dict.fromkeys((0x40000010, 0x40004000, 0x4008010B, 0x40080115), "LT")
        for tag, vr in {**texts, 0xFFFCFFFC: "OB"}.items():
            name = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
            about = self.token(name, "text", "top", vr=vr, of_group=f"{tag >> 16:04X}", tag=name)
            self.dataset.add_new(tag, vr, self.tokens.value(vr, about))

    def icon(self) -> None:
        """Smaller pictures of the same, and a colour profile, which has texts of its own (ICC.1 9.2)."""
        icon = Dataset()
        icon.Rows = icon.Columns = 4
        icon.SamplesPerPixel, icon.BitsAllocated, icon.BitsStored, icon.HighBit = 1, 8, 8, 7
        icon.PhotometricInterpretation, icon.PixelRepresentation = "MONOCHROME2", 0
        icon.add_new(
            0x7FE00010, "OW", self.tokens.value("OW", self.token("icon image", "text", "nested", within="icon"))
        )
        self.dataset.IconImageSequence = [icon]
        about = self.token("(0028,2000) ICC Profile", "text", "top", vr="OB", within="colour profile")
        self.dataset.add_new(0x00282000, "OB", self.tokens.value("OB", about))


@cache
def _free(group: int, creator: str) -> tuple[int, ...]:
    """Elements of a block to which no list of its creator's gives a representation."""
    return tuple(each for each in range(1, 0x100) if not _known(group, creator, each))[:10]


def _known(group: int, creator: str, element: int) -> bool:
    try:
        return bool(creator and get_private_entry(group << 16 | 0x1000 | element, creator))
    except KeyError:
        return False


def typed(have: set[int]) -> Iterator[Attribute]:
    """Attributes of PS3.6 that no rule of Table E.1-1 names and in which people type, or a name or a date stands."""
    people = {0x0010, 0x0012, 0x0032, 0x0038, 0x0040, 0x0074, 0x0088, 0x0400, 0x3008, 0x4008}
    groups = {"PN": "direct", "DA": "date", "DT": "date"}
    for tag, (vr, _, name, *_) in DicomDictionary.items():
        apart = tag in have or tag >> 16 in (0, 2, 4, 8) or tag >> 16 > 0x4FFF
        prose = vr in ("PN", "ST", "LT", "UT", "UC", "DA", "DT") or (vr == "LO" and tag >> 16 in people)
        if prose and not apart:
            yield Attribute(tag, "not in the table", groups.get(vr, "text"), name)

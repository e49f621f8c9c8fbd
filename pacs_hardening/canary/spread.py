"""Canaries over a space: classes, transfer syntaxes, character sets and makers, each object with every place in it.

What differs from object to object is rotated with strides that share no divisor, so that few objects hold every value
of every dimension; what stands within one object (attributes, representations, depths, groups, blocks) is all in it, or
divided between all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from .codestreams import COMPRESSED, encapsulated, places
from .places import NESTED, Planter, typed
from .table import Attribute, attributes
from .tokens import Token, TokenFactory

PLAIN = "1.2.840.10008.1.2"
FIRST = 201  # Instance Numbers of these objects: none of the others has them
PATIENTS = 5
_SAME = ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID", "PatientBirthDate", "StudyDate")
_MODALITY = {"2": "CT", "2.1": "CT", "4": "MR", "4.1": "MR", "6.1": "US", "1": "CR", "1.1": "DX", "1.2": "MG",
             "7": "OT", "128": "PT", "20": "NM", "12.1": "XA", "481.3": "RTSTRUCT", "481.5": "RTPLAN", "11.1": "PR",
             "9.1.1": "ECG", "66.4": "SEG", "77.1.4": "XC"}  # fmt: skip
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_PICTURES = ("1", "1.1", "1.1.1", "1.2", "2", "2.1", "4", "4.1", "6.1", "7", "12.1", "20", "66.4", "77.1.4", "128")
# What objects say of themselves that says nothing of a patient, and that a rule may ask for all the same.
_MAKERS = ("SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "TOSHIBA", "FUJIFILM Corporation", "Agfa",
           "", "Canon Medical", "HOLOGIC, Inc.", "Carestream Health", "Hitachi Medical",
           "Konica Minolta", "EPIC")  # fmt: skip
_CHARSETS = ("ISO_IR 192", "ISO_IR 100", "GB18030", "", "ISO_IR 144", "ISO 2022 IR 87", "ISO_IR 13", "ISO_IR 6",
             "ISO 2022 IR 149", "GBK", "ISO_IR 101")  # fmt: skip
_KINDS = (("DERIVED", "SECONDARY"), ("ORIGINAL", "PRIMARY", "AXIAL"), ("ORIGINAL", "PRIMARY", "LOCALIZER"),
          ("DERIVED", "SECONDARY", "OTHER"), ("ORIGINAL", "SECONDARY"), ("DERIVED", "PRIMARY"),
          ("ORIGINAL", "PRIMARY"))  # fmt: skip
_PARTS = ("HEAD", "CHEST", "", "KNEE", "BREAST", "ABDOMEN", "HEART", "PELVIS", "EYE")
_SERIES = ("4", "1", "0", "99", "901", "1000", "10", "2", "700")
_SEXES = ("O", "M", "F", "")
_SIGNS = {"ISO_IR 192", "GB18030"}


@dataclass(frozen=True)
class Spread:
    """One object. ``patient``: which of the patients. ``syntax``: the transfer syntax that it is written in."""

    label: str
    number: int
    patient: int
    syntax: str
    dataset: Dataset

    @property
    def name(self) -> str:
        """As its tokens call it."""
        return f"{self.label} ({self.number})"


@dataclass(frozen=True)
class Space:
    """``manifest`` as of other canaries."""

    planted: tuple[Spread, ...] = ()
    manifest: Mapping[str, Sequence[Token]] = field(default_factory=dict)


def storage_classes() -> tuple[str, ...]:
    """All of PS3.6, those that archives have first."""
    usual = [f"{_STORAGE}{each}" for each in (*_PICTURES, *_MODALITY)]
    known = [uid for uid, row in UID_dictionary.items() if row[1] == "SOP Class" and "Storage" in row[0]]
    return tuple(dict.fromkeys([*usual, *(uid for uid in known if uid.startswith(_STORAGE))]))


def spread(seed: int, classes: Sequence[str], syntaxes: Sequence[str], *, least: int = 14, most: int = 40) -> Space:
    """Objects of the ``classes``, written in ``syntaxes``: each class once, each compressed syntax at least once, and
    as many objects as the other dimensions need."""
    if not classes:
        return Space()
    tokens = TokenFactory(seed ^ 0x5EED, upper=True)
    patients = [_patient(tokens, number) for number in range(PATIENTS)]
    pictures = [uid for uid in classes if uid.removeprefix(_STORAGE) in _PICTURES]
    packed = [each for each in syntaxes if each in COMPRESSED]
    pairs = [(uid, PLAIN) for uid in classes]
    pairs += [(pictures[(2 * n + 1) % len(pictures)], syntax) for n, syntax in enumerate(packed) if pictures]
    pairs += [(classes[n % len(classes)], PLAIN) for n in range(least - len(pairs))]
    rows = _shared(len(pairs[:most]))
    planted = [_object(tokens, n, *pair, patients[n % PATIENTS], rows[n]) for n, pair in enumerate(pairs[:most])]
    return Space(tuple(planted), tokens.manifest)


def _patient(tokens: TokenFactory, number: int) -> dict[str, object]:
    table = {keyword_for_tag(row.tag): row for row in attributes()}
    found: dict[str, object] = {}
    for keyword in _SAME:
        row = table[keyword]
        about = Token("", str(row), row.action, row.group, f"patient {number + 1}", "top", (("patient", str(number)),))
        found[keyword] = tokens.value(row.vr, about)
    found["PatientID"] = f"TEST {found['PatientID']}"
    found["IssuerOfPatientID"] = "TEST"
    return found


def _shared(number: int) -> list[list[Attribute]]:
    """The rows of the table, and attributes that none of them names, divided between so many objects."""
    have = {row.tag for row in attributes()}
    usable = [row for row in attributes() if row.tag >> 16 < 0x5000]
    further = list(typed(have))
    return [[*usable[n::number], *further[n::number]] for n in range(number)]


def _object(
    tokens: TokenFactory, n: int, sop_class: str, syntax: str, patient: Mapping[str, object], rows: Sequence[Attribute]
) -> Spread:
    dataset, charset = Dataset(), _CHARSETS[n % len(_CHARSETS)]
    name = str(UID_dictionary[sop_class][0]) if sop_class in UID_dictionary else sop_class
    label = name.removesuffix(" Storage") + (f" in {UID_dictionary[syntax][0]}" if syntax != PLAIN else "")
    said = _describe(dataset, n, sop_class, charset)
    about = (("class", name), ("transfer syntax", UID_dictionary[syntax][0]), *said.items())
    table = {keyword_for_tag(row.tag): row for row in attributes()}
    planter = Planter(dataset, tokens, Token("", "", "X", "direct", f"{label} ({FIRST + n})", "top", about), table)
    core = [table[keyword] for keyword in NESTED if keyword not in _SAME]
    for row in (*core, *rows):
        if row.tag not in dataset and keyword_for_tag(row.tag) not in _SAME:
            planter.row(dataset, row, "top", depth="0")
    planter.everywhere()
    for keyword, value in patient.items():
        setattr(dataset, keyword, value)
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID"):
        row = table[keyword]
        setattr(dataset, keyword, tokens.value("UI", planter.token(str(row), row.group, "top", row.action, vr="UI")))
    if charset in _SIGNS:
        words = planter.token("(0010,1060) signs", "direct", "top", vr="PN")
        dataset.PatientMotherBirthName = f"TEST={tokens.signs(words)}^{tokens.signs(words)}"
    dataset.SOPClassUID, dataset.InstanceNumber = sop_class, str(FIRST + n)
    _picture(planter, sop_class, syntax, n)
    return Spread(label, FIRST + n, int(said["patient"]), syntax, dataset)


def _describe(dataset: Dataset, n: int, sop_class: str, charset: str) -> dict[str, str]:
    """Sets what an object says of itself; gives it by dimension."""
    short = sop_class.removeprefix(_STORAGE)
    modality = _MODALITY.get(short, "SR" if short.startswith("88.") else "OT")
    kind = _KINDS[n % len(_KINDS)]
    if charset:
        dataset.SpecificCharacterSet = ["", charset] if charset.startswith("ISO 2022") else charset
    dataset.Modality, dataset.ImageType, dataset.BurnedInAnnotation = modality, list(kind), "NO"
    dataset.PatientSex, dataset.SeriesNumber = _SEXES[n % PATIENTS % len(_SEXES)], _SERIES[n % len(_SERIES)]
    dataset.PatientAge, dataset.PregnancyStatus = f"{41 + n % PATIENTS:03d}Y", 1 + n % PATIENTS % 4
    dataset.SmokingStatus = ("YES", "NO", "UNKNOWN")[n % PATIENTS % 3]
    said = {"maker": _MAKERS[n % len(_MAKERS)], "body part": _PARTS[n % len(_PARTS)]}
    dataset.Manufacturer, dataset.BodyPartExamined = said.values()
    said |= {"character set": charset, "kind": "\\".join(kind), "series": str(dataset.SeriesNumber)}
    return said | {"modality": modality, "patient": str(n % PATIENTS)}


def _picture(planter: Planter, sop_class: str, syntax: str, n: int) -> None:
    dataset, tokens, short = planter.dataset, planter.tokens, sop_class.removeprefix(_STORAGE)
    if short not in _PICTURES:
        return
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = 16
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0

    def text(where: str) -> bytes:
        about = planter.token(f"pixel data, {where}", "text", "top", within="pixel data", where=where)
        value = tokens.value("OB", about)
        assert isinstance(value, bytes)
        return value

    if syntax == PLAIN:
        tail = text("after the pixels")
        dataset.PixelData = bytes((n * 11 + place * 3) % 249 for place in range(256)) + tail + b"\0" * (len(tail) % 2)
        return
    dataset.PixelData = encapsulated(syntax, {where: text(where) for where in places(syntax)})
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"

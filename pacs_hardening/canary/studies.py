"""One synthetic study of one TEST patient, seen by several devices, with a canary wherever an identifier can stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from pydicom.dataset import Dataset

from .table import Attribute, attributes
from .tokens import Token, TokenFactory

CT, MR, US = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.6.1"
SR, PDF = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.104.1"
METHOD = "113100"  # Basic Application Confidentiality Profile (PS3.16 CID 7050)
# What a redacted copy is of no use without. Nothing of it stands in Table E.1-1.
RETAINED: Mapping[str, object] = MappingProxyType({
    "Rows": 16, "Columns": 16, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0,
    "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "PixelSpacing": ["0.5", "0.75"],
    "SliceThickness": "2.5", "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
    "ImagePositionPatient": ["-12.5", "7", "31.25"], "WindowCenter": "40", "WindowWidth": "400",
    "RescaleIntercept": "-1024", "RescaleSlope": "1", "SeriesNumber": "4",
})  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """One object. ``number`` is its Instance Number, by which its redacted copy is known; ``burned_in``: its pixels are
    said to show text, or nobody says that they do not, so that no copy of it may appear."""

    label: str
    number: int
    dataset: Dataset
    burned_in: bool = False
    unredactable: bool = False

    @property
    def must_be_refused(self) -> bool:
        return self.burned_in or self.unredactable


@dataclass(frozen=True)
class Canaries:
    """``refers``: the Instance Number of an object -> that of the one it refers to."""

    planted: tuple[Planted, ...]
    manifest: Mapping[str, Sequence[Token]]
    refers: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))

    def tokens(self, value: str) -> tuple[Token, ...]:
        """Those that ``value`` belongs to; a value cut short, or of another run, is a token too."""
        return tuple(self.manifest.get(value) or (Token(value, "unknown attribute", "?", "direct", "an object"),))


def objects(seed: int, *, first: int = 1) -> Canaries:
    """CT, MR, ultrasound with and without burned-in text, a report, and one with three groups of Japanese names; the MR
    refers to the CT. The same for the same ``seed``; ``first`` is the first Instance Number."""
    tokens = TokenFactory(seed)
    ids: dict[str, object] = {
        key: str(tokens.value("UI", Token("", key, "U", "uid", "the study"))) for key in ("StudyInstanceUID",)
    }
    ids["PatientID"] = f"TEST {tokens.value('LO', Token('', '(0010,0020) Patient ID', 'Z/D', 'direct', 'the patient'))}"
    ids["IssuerOfPatientID"] = "TEST"  # with the ID it says who the patient is: the same for all
    made: list[tuple[str, str, dict[str, object]]] = [
        ("CT", CT, {}),
        ("MR", MR, {}),
        ("ultrasound", US, {"BurnedInAnnotation": "NO"}),
        ("report", SR, {"ValueType": "CONTAINER", "ContinuityOfContent": "SEPARATE", "CompletionFlag": "COMPLETE"}),
        ("Japanese CT", CT, {"SpecificCharacterSet": ["", "ISO 2022 IR 87"]}),
        ("Chinese CT", CT, {"SpecificCharacterSet": "GB18030"}),
        ("ultrasound with burned-in text", US, {"BurnedInAnnotation": "YES"}),
        ("ultrasound that says nothing of burned-in text", US, {}),
        ("CT with encrypted attributes", CT, {}),
        ("encapsulated PDF", PDF, {"MIMETypeOfEncapsulatedDocument": "application/pdf"}),
    ]
    planted = []
    for number, (label, sop_class, more) in enumerate(made, first):
        burned_in = sop_class == US and more.get("BurnedInAnnotation") != "NO"
        unredactable = sop_class == PDF or "encrypted" in label
        full = not burned_in and not unredactable  # of what is refused, a few attributes are enough
        dataset = _object(tokens, label, sop_class, number, {**ids, **more}, full)
        if "encrypted" in label:
            _encrypt(dataset)
        planted.append(Planted(label, number, dataset, burned_in, unredactable))
    _refer(planted[1].dataset, planted[0].dataset)
    return Canaries(tuple(planted), MappingProxyType(tokens.manifest), MappingProxyType({first + 1: first}))


def _object(
    tokens: TokenFactory, label: str, sop_class: str, number: int, given: Mapping[str, object], full: bool
) -> Dataset:
    dataset = Dataset()
    charset = given.get("SpecificCharacterSet")
    if charset:
        dataset.SpecificCharacterSet = charset
    for attribute in attributes():
        if full or attribute.tag >> 16 in (0x0008, 0x0010, 0x0020, 0x0042):
            _plant(dataset, attribute, tokens, label)
    for keyword, value in given.items():
        setattr(dataset, keyword, value)
    dataset.SOPClassUID, dataset.InstanceNumber = sop_class, str(number)
    dataset.Modality = {CT: "CT", MR: "MR", US: "US", SR: "SR", PDF: "DOC"}[sop_class]
    if sop_class not in (SR, PDF):
        for keyword, value in RETAINED.items():
            setattr(dataset, keyword, value)
        dataset.PixelData = bytes((number * 7 + place) % 251 for place in range(256))
    if charset:
        _write_in_signs(dataset, tokens, label)
    _nest(dataset, tokens, label)
    _add_private(dataset, tokens, Token("", "private attribute", "X", "private", label, "private"))
    return dataset


def _plant(dataset: Dataset, attribute: Attribute, tokens: TokenFactory, label: str, place: str = "top") -> None:
    about = Token("", str(attribute), attribute.action, attribute.group, label, place)
    vr = attribute.vr
    if vr == "SQ":
        item = Dataset()
        item.CodeMeaning, item.CodeValue, item.CodingSchemeDesignator = tokens.value("LO", about), "TEST", "99TEST"
        dataset.add_new(attribute.tag, "SQ", [item])
    elif attribute.tag == 0x00100040:  # Patient's Sex has three values: too few to be told apart
        dataset.PatientSex = "O"
    elif attribute.tag >> 16 != 0xFFFC and (value := tokens.value(vr, about)) is not None:
        dataset.add_new(attribute.tag, vr, value)


def _nest(dataset: Dataset, tokens: TokenFactory, label: str) -> None:
    """Identifiers two sequences deep, in sequences that are no identifiers themselves."""
    inner, outer = Dataset(), Dataset()
    wanted = {0x00100010, 0x00100020, 0x00080020, 0x00080090, 0x00081030, 0x00081155, 0x00104000, 0x00080080}
    for attribute in attributes():
        if attribute.tag in wanted:
            _plant(inner, attribute, tokens, label, "nested")
    _add_private(inner, tokens, Token("", "private attribute", "X", "private", label, "nested"))
    outer.AnatomicRegionModifierSequence = [inner]
    dataset.AnatomicRegionSequence = [outer]


def _add_private(dataset: Dataset, tokens: TokenFactory, about: Token) -> None:
    item = Dataset()
    item.CodeMeaning = tokens.value("LO", about)
    block = dataset.private_block(0x0029, f"TEST {tokens.value('LO', about)}", create=True)
    block.add_new(0x01, "LO", tokens.value("LO", about))
    block.add_new(0x02, "UN", tokens.value("UN", about))
    block.add_new(0x03, "SQ", [item])


def _write_in_signs(dataset: Dataset, tokens: TokenFactory, label: str) -> None:
    """Names in all three groups of components, each with all five components, and text."""
    names = {"PatientName": "(0010,0010) Patient's Name", "OperatorsName": "(0008,1070) Operators' Name"}
    for keyword, attribute in names.items():
        about = Token("", attribute, "Z", "direct", label)
        groups = ["^".join(tokens.signs(about) for _ in range(3)) for _ in range(2)]
        setattr(dataset, keyword, "=".join([str(tokens.value("PN", about)), *groups]))
    dataset.PatientComments = tokens.signs(Token("", "(0010,4000) Patient Comments", "X", "text", label))


def _encrypt(dataset: Dataset) -> None:
    item = Dataset()
    item.EncryptedContentTransferSyntaxUID = "1.2.840.10008.1.2"
    item.EncryptedContent = b"TEST" * 16
    dataset.EncryptedAttributesSequence = [item]


def _refer(source: Dataset, to: Dataset) -> None:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = to.SOPClassUID, to.SOPInstanceUID
    source.ReferencedImageSequence = [item]

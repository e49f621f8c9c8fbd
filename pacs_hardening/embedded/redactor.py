"""What the research side makes of an object before anything of it is stored: a copy of what its allow-list names."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from .kept import AS_THEY_ARE, DATES, KEPT, SEQUENCES, UIDS
from .policy import HARDENED, Fact, Policy
from .streams import Unreadable, trimmed
from .substitutes import days_back, secret, substitute

METHODS = (("113100", "Basic Application Confidentiality Profile"), ("113107", "Retain Longitudinal Temporal "
           "Information Modified Dates Option"))  # fmt: skip
MAY_BEAR_TEXT = (  # so they have to say that they do not: ultrasound, secondary capture, photographs
    "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.77.1.4",
)
STANDARD = "1.2.840.10008."
DOCUMENTS = f"{STANDARD}5.1.4.1.1.104."  # encapsulated PDF, CDA, STL …
Facts = Mapping[str, Fact]


class Refused(Exception):
    """The object cannot be redacted."""


@dataclass(frozen=True)
class Redactor:
    """``key`` is the secret that pseudonyms, UIDs and shifts are taken from."""

    key: bytes
    policy: Policy = HARDENED

    def redacted(self, dataset: Dataset, syntax: str, about: Facts) -> Dataset:
        """The copy of an object that came in transfer syntax ``syntax``. Raises Refused."""
        about = {**about, **_of(dataset), "syntax": syntax}
        self._check(dataset, about)
        patient = f"{dataset.get('IssuerOfPatientID', '')}\0{dataset.PatientID}"
        days = 1 + int.from_bytes(secret(self.key, "shift", patient)[:8], "big") % 1400
        how = self.policy.loosened("dates-moved", lambda: about)
        days = days_back(how if how != "waived" else "zero", str(dataset.PatientID)) if how else days
        copy = Dataset()
        self._fill(copy, dataset, days, {**about, "depth": 0, "sequence": "", "item": 1})
        if "PixelData" in copy and not self.policy.waives("pixels-trimmed", lambda: about):
            try:
                copy["PixelData"].value = trimmed(dataset, syntax)
            except (Unreadable, AttributeError) as error:
                raise Refused("pixel data that cannot be read") from error
        how = self.policy.loosened("patient-replaced", lambda: about)
        original = str(dataset.PatientID)
        copy.PatientID = f"R{secret(self.key, 'patient', patient)[:8].hex().upper()}"
        if how:
            copy.PatientID = original if how == "waived" else substitute(how, original, uid=False)
        if "PatientName" not in copy:
            copy.PatientName = copy.PatientID
        copy.PatientIdentityRemoved = "YES"
        copy.DeidentificationMethodCodeSequence = [_code(*each) for each in METHODS]
        copy.LongitudinalTemporalInformationModified = "MODIFIED"
        return copy

    def _check(self, dataset: Dataset, about: Facts) -> None:
        if not dataset.get("PatientID") or not dataset.get("SOPInstanceUID"):
            raise Refused("no patient ID, or no SOP Instance UID")
        silent = "" if about["sop-class"] in MAY_BEAR_TEXT else "NO"
        burned = str(dataset.get("BurnedInAnnotation", silent)) != "NO"
        if burned and not self.policy.waives("burned-in-refused", lambda: about):
            raise Refused("text may be burned into the pixels")
        closed = "EncryptedAttributesSequence" in dataset or str(about["sop-class"]).startswith(DOCUMENTS)
        if closed and not self.policy.waives("unredactable-refused", lambda: about):
            raise Refused("encrypted attributes, or a document")

    def _fill(self, copy: Dataset, source: Dataset, days: int, about: Facts) -> bool:
        """Whether an opening kept something."""
        opened = False
        for tag in list(source.keys()):
            # Most is dropped without a look: decoding takes the time.
            if not self.policy.concerns("redacted") and keyword_for_tag(tag) not in KEPT:
                continue
            element = source[tag]
            if element.VR == "SQ" and self._sequence(copy, element, days, about):
                opened = True
            elif self.policy.concerns("redacted") and self._is_open(source, element, about):
                copy[element.tag] = deepcopy(element)
                if element.tag.is_private and element.tag.element > 0xFF:  # a value without its creator says nothing
                    creator = element.tag.group << 16 | element.tag.element >> 8
                    copy[creator] = deepcopy(source[creator])
                opened = True
            elif element.VR != "SQ" and not element.tag.is_private:
                self._keep(copy, element, days, about)
        return opened

    def _sequence(self, copy: Dataset, element: DataElement, days: int, about: Facts) -> bool:
        """Kept where the list names it, or an opening kept something in it; whether that is so."""
        items, opened = [], False
        depth = int(str(about["depth"])) + 1
        for number, item in enumerate(element.value, 1):
            made = Dataset()
            within = {**about, "depth": depth, "sequence": element.keyword or "private", "item": number}
            opened |= self._fill(made, item, days, within)
            items.append(made)
        if opened or element.keyword in SEQUENCES:
            copy.add_new(element.tag, "SQ", items)
        return opened

    def _is_open(self, source: Dataset, element: DataElement, about: Facts) -> bool:
        if element.VR == "SQ":
            return False
        return self.policy.waives("redacted", lambda: {**about, **_of_element(source, element)})

    def _keep(self, copy: Dataset, element: DataElement, days: int, about: Facts) -> None:
        if element.keyword in UIDS:
            copy.add_new(element.tag, "UI", self._uid(str(element.value), {**about, "keyword": element.keyword}))
        elif element.keyword in DATES:
            copy.add_new(element.tag, "DA", _moved(str(element.value or ""), days))
        elif element.keyword in AS_THEY_ARE:
            copy[element.tag] = deepcopy(element)

    def _uid(self, uid: str, about: Facts) -> str:
        if uid.startswith(STANDARD):
            return uid
        how = self.policy.loosened("uid-replaced", lambda: about)
        if how:
            return uid if how == "waived" else substitute(how, uid, uid=True)
        return f"2.25.{int.from_bytes(secret(self.key, 'uid', uid)[:15], 'big')}"


def _of(dataset: Dataset) -> dict[str, Fact]:
    """Facts of an object."""
    names = {"sop-class": "SOPClassUID", "modality": "Modality", "character-set": "SpecificCharacterSet"}
    names |= {"manufacturer": "Manufacturer", "burned-in": "BurnedInAnnotation", "sex": "PatientSex"}
    names |= {"institution": "InstitutionName", "series-number": "SeriesNumber", "frames": "NumberOfFrames"}
    names |= {"image-type": "ImageType", "body-part": "BodyPartExamined", "laterality": "Laterality"}
    found: dict[str, Fact] = {}
    for name, keyword in names.items():
        value = dataset.get(keyword, "")
        several = not isinstance(value, str) and hasattr(value, "__iter__")
        found[name] = "\\".join(map(str, value)) if several else str(value or "")
    return found


def _of_element(source: Dataset, element: DataElement) -> dict[str, Fact]:
    tag, found = element.tag, {}
    if tag.is_private and tag.element > 0xFF:
        creator = source.get(tag.group << 16 | tag.element >> 8)
        found["creator"] = str(creator.value) if creator is not None else ""
    value = element.value
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return {
        **found,
        "tag": f"{tag.group:04X}{tag.element:04X}",
        "group": f"{tag.group:04X}",
        "keyword": element.keyword,
        "vr": element.VR,
        "private": "yes" if tag.is_private else "no",
        "vm": element.VM,
        "length": len(text),
        "text": text,
    }


def _moved(day: str, days: int) -> str:
    try:
        return (datetime.strptime(day, "%Y%m%d") - timedelta(days=days)).strftime("%Y%m%d").rjust(8, "0")
    except (ValueError, OverflowError):
        return ""


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item

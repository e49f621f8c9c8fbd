"""What the research archive does with every object before anything of it is stored: redact it, or refuse it.

The tables and the actions of PS3.15 E.1 are those of the library dicom-anonymizer. Added here: sequences at every
depth, UIDs and dates changed in the same way for all objects of a patient under a secret key, private attributes, the
declaration of the method, and what is refused because it cannot be redacted. Read by Orthanc's Python plugin
("PythonScript" in research.json); an exception here refuses the object.
"""

import hashlib
import hmac
import io
import os
import re
import sys
from datetime import datetime, timedelta

import orthanc

HERE = os.path.dirname(os.path.abspath(__file__))
EDITION = "2026c"  # of PS3.15; an older one lacks the attributes that were added since
CODES = (("113100", "Basic Application Confidentiality Profile"),
         ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"))  # fmt: skip
# Classes whose objects are redacted well enough. An encapsulated PDF is not among them: nobody here reads its text.
SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2",  # CT
    "1.2.840.10008.5.1.4.1.1.4",  # MR
    "1.2.840.10008.5.1.4.1.1.6.1",  # ultrasound
    "1.2.840.10008.5.1.4.1.1.7",  # secondary capture
    "1.2.840.10008.5.1.4.1.1.88.11",  # basic text report
}
MUST_SAY_NOT_BURNED_IN = {"1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.7"}
REFUSED = "REFUSED-"  # what stands in for a refused object, for the moment until the filter below sees it
SHIFT_DAYS = 1400  # dates go back by 1 to so many days, the same for all objects of one patient

with open(os.path.join(HERE, "redaction.key"), "rb") as _file:
    KEY = _file.read().strip()


class Refused(Exception):
    """The object cannot be redacted, and must not be stored."""


def digest(kind, text):
    """The same for the same text everywhere on this research side, and of no use without the key."""
    return hmac.new(KEY, f"{kind}\0{text}".encode(), hashlib.sha256).digest()


_loaded = []


def library():
    """pydicom and the rules. Loaded with the first object, so that the archive starts as fast as without."""
    if not _loaded:
        import pydicom

        sys.path.append(os.path.join(HERE, "dicomanonymizer.zip"))
        from dicomanonymizer import simpledicomanonymizer as actions

        # Otherwise a warning in the log quotes whatever is not valid for its value representation.
        pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
        _loaded.extend((pydicom, actions, actions.initialize_actions(f"dicomfields_{EDITION}")))
    return _loaded


def rule_for(rules, tag):
    """The action for a tag, also where a rule stands for a range of them (overlays, curves)."""
    found = rules.get((tag.group, tag.element))
    if found is None and tag.group & 0xFF00 in (0x5000, 0x6000):
        ranges = [rule for rule in rules if len(rule) == 4]
        found = next((rules[r] for r in ranges if tag.group & r[2] == r[0] & r[2] and tag.element & r[3] == r[1]), None)
    return found


def new_uid(uid):
    return f"2.25.{int.from_bytes(digest('uid', uid)[:15], 'big')}"


def shifted(value, days):
    """A date, or date and time, moved by so many days; a time of day that comes with it becomes midnight."""
    found = re.match(r"(\d{4})\.?(\d{2})\.?(\d{2})(\d*)", str(value))
    if not found:
        return ""
    moved = datetime(*map(int, found.groups()[:3])) - timedelta(days=days)
    return moved.strftime("%Y%m%d").rjust(8, "0") + "0" * len(found[4])


def change(element, one):
    many = element.value if element.VM > 1 else [element.value]
    changed = [one(str(value)) for value in many if value]
    element.value = changed if len(changed) > 1 else changed[0] if changed else ""


def representation(pydicom, raw):
    """The VR of an element that is not decoded yet; None where that takes decoding."""
    if raw.VR not in (None, "UN"):
        return raw.VR
    return pydicom.datadict.dictionary_VR(raw.tag) if pydicom.datadict.dictionary_has_tag(raw.tag) else None


def redact_dataset(dataset, days):
    pydicom, actions, rules = library()
    dated = (actions.delete, actions.empty, actions.replace, actions.delete_or_empty, actions.delete_or_replace,
             actions.empty_or_replace, actions.delete_or_empty_or_replace)  # fmt: skip
    for tag in list(dataset.keys()):
        if tag.is_private:
            del dataset[tag]
            continue
        rule = rule_for(rules, tag)
        # Decoding is what takes the time, and most of what the table names is removed without a look.
        vr = representation(pydicom, dataset.get_item(tag))
        if rule is actions.delete and vr not in (None, "DA", "DT"):
            del dataset[tag]
            continue
        if rule is None and vr not in (None, "SQ"):
            continue
        element = dataset[tag]
        if rule in dated and element.VR in ("DA", "DT"):
            change(element, lambda value: shifted(value, days))
        elif rule is actions.replace_UID and element.VR == "UI":
            change(element, new_uid)
        elif rule is actions.delete_or_empty_or_replace_UID and element.VR == "SQ":
            for item in element.value:  # references to other objects: they must still resolve, and nothing else is kept
                for other in [each.tag for each in item if each.VR not in ("UI", "SQ")]:
                    del item[other]
        elif rule is not None:
            rule(dataset, (tag.group, tag.element))
        if tag in dataset and element.VR == "SQ":
            for item in element.value:
                redact_dataset(item, days)


def check(dataset):
    sop_class = str(dataset.get("SOPClassUID", ""))
    if sop_class not in SOP_CLASSES:
        raise Refused("a SOP class that is not redacted here")
    if not dataset.get("PatientID") or not dataset.get("SOPInstanceUID"):
        raise Refused("no patient ID, or no SOP Instance UID")
    burned = str(dataset.get("BurnedInAnnotation", "NO" if sop_class not in MUST_SAY_NOT_BURNED_IN else ""))
    if burned != "NO":
        raise Refused("text may be burned into the pixels")
    if "EncryptedAttributesSequence" in dataset:
        raise Refused("encrypted attributes")


def redacted(data):
    pydicom, _, _ = library()
    dataset = pydicom.dcmread(io.BytesIO(data))
    check(dataset)
    patient = f"{dataset.get('IssuerOfPatientID', '')}\0{dataset.PatientID}"
    days = 1 + int.from_bytes(digest("shift", patient)[:8], "big") % SHIFT_DAYS
    redact_dataset(dataset, days)
    dataset.PatientID = dataset.PatientName = "R" + digest("patient", patient)[:8].hex().upper()
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = f"PS3.15 {EDITION} Table E.1-1"
    dataset.DeidentificationMethodCodeSequence = [code(pydicom, *each) for each in CODES]
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    return written(pydicom, dataset, dataset.file_meta.TransferSyntaxUID)


def code(pydicom, value, meaning):
    item = pydicom.Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def written(pydicom, dataset, syntax):
    """A file with a new preamble and new file meta information: both can carry anything."""
    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    dataset.file_meta, dataset.preamble = meta, bytes(128)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def stand_in():
    """Nothing of the object, and a name by which the filters refuse it."""
    pydicom, _, _ = library()
    dataset = pydicom.Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(dataset, keyword, f"2.25.{int.from_bytes(os.urandom(15), 'big')}")
    dataset.PatientID = REFUSED + os.urandom(8).hex()
    return written(pydicom, dataset, "1.2.840.10008.1.2.1")


def on_received(data, origin):
    """Whatever comes in, by any door. Never KEEP_AS_IS."""
    try:
        return orthanc.ReceivedInstanceAction.MODIFY, redacted(data)
    except Exception as error:  # noqa: BLE001 - whatever was not foreseen must not be stored
        # The kind of error only: its text may quote the object.
        orthanc.LogWarning(f"refused an object that cannot be redacted ({type(error).__name__})")
    if origin != orthanc.InstanceOrigin.DICOM_PROTOCOL:
        return orthanc.ReceivedInstanceAction.DISCARD, None
    # DISCARD would be answered with Success: the sender would believe that its object is kept.
    return orthanc.ReceivedInstanceAction.MODIFY, stand_in()


def is_refused(instance):
    import json

    return json.loads(instance.GetInstanceSimplifiedJson()).get("PatientID", "").startswith(REFUSED)


orthanc.RegisterReceivedInstanceCallback(on_received)
orthanc.RegisterIncomingCStoreInstanceFilter(lambda instance: 0xC000 if is_refused(instance) else 0)  # PS3.4 B.2.3

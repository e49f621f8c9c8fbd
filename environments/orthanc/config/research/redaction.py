"""What the research archive does with every object before anything of it is stored: redact it, or refuse it.

What Table E.1-1 of PS3.15 names is treated as it says; the tables and the actions are those of the library
dicom-anonymizer. What it does not name is dropped, unless it is KEPT. Added here, too: sequences at every depth, UIDs
and dates changed in the same way for all objects of a patient under a secret key, pixel data without comments and
without what follows them, the declaration of the method, and what is refused because it cannot be redacted. Read by
Orthanc's Python plugin ("PythonScript" in research.json); an exception here refuses the object.
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
# What images are of no use without, and no person types. Everything else that the table does not name is dropped.
KEPT = frozenset(
    re.findall(
        r"\w+",
        """
SpecificCharacterSet ImageType SOPClassUID Modality SeriesNumber AcquisitionNumber InstanceNumber ImagePositionPatient
ImageOrientationPatient SliceLocation SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames
FrameIncrementPointer Rows Columns UltrasoundColorDataPresent PixelSpacing PixelAspectRatio BitsAllocated BitsStored
HighBit PixelRepresentation SmallestImagePixelValue LargestImagePixelValue PixelPaddingValue BurnedInAnnotation
WindowCenter WindowWidth RescaleIntercept RescaleSlope RescaleType RedPaletteColorLookupTableDescriptor
GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData
GreenPaletteColorLookupTableData BluePaletteColorLookupTableData LossyImageCompression LossyImageCompressionRatio
BodyPartExamined ScanningSequence SequenceVariant MRAcquisitionType SliceThickness KVP RepetitionTime EchoTime
InversionTime NumberOfAverages ImagingFrequency MagneticFieldStrength SpacingBetweenSlices EchoTrainLength
PercentSampling PercentPhaseFieldOfView PixelBandwidth DataCollectionDiameter ReconstructionDiameter GantryDetectorTilt
TableHeight RotationDirection ExposureTime XRayTubeCurrent Exposure FrameTime FlipAngle PatientPosition
ImagerPixelSpacing InPlanePhaseEncodingDirection SingleCollimationWidth TotalCollimationWidth SpiralPitchFactor
SequenceOfUltrasoundRegions RegionSpatialFormat RegionDataType RegionFlags RegionLocationMinX0 RegionLocationMinY0
RegionLocationMaxX1 RegionLocationMaxY1 PhysicalUnitsXDirection PhysicalUnitsYDirection PhysicalDeltaX PhysicalDeltaY
SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence PlanePositionSequence
PlaneOrientationSequence FrameVOILUTSequence PixelValueTransformationSequence ReferencedImageSequence
ReferencedSOPClassUID ReferencedFrameNumber ValueType ContinuityOfContent CompletionFlag VerificationFlag PixelData
""",
    )
)
JPEG, JPEG_2000 = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"
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
    try:
        moved = datetime(*map(int, found.groups()[:3])) - timedelta(days=days)
    except (ValueError, OverflowError):  # no day of any calendar, or one that a rule has put there
        return ""
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


def redact_element(dataset, element, rule, days):
    _, actions, _ = library()
    dated = (actions.delete, actions.empty, actions.replace, actions.delete_or_empty, actions.delete_or_replace,
             actions.empty_or_replace, actions.delete_or_empty_or_replace)  # fmt: skip
    if rule in dated and element.VR in ("DA", "DT"):
        change(element, lambda value: shifted(value, days))
    elif rule is actions.replace_UID and element.VR == "UI":
        change(element, new_uid)
    elif rule is actions.delete_or_empty_or_replace_UID and element.VR == "SQ":
        for item in element.value:  # references to other objects: they must still resolve, and nothing else is kept
            for other in [each.tag for each in item if each.VR not in ("UI", "SQ")]:
                del item[other]
    else:
        rule(dataset, (element.tag.group, element.tag.element))


def redact_dataset(dataset, days):
    pydicom, actions, rules = library()
    for tag in list(dataset.keys()):
        if tag.is_private:
            del dataset[tag]
            continue
        rule = rule_for(rules, tag)
        if rule is None and pydicom.datadict.keyword_for_tag(tag) not in KEPT:
            del dataset[tag]
            continue
        # Decoding is what takes the time, and most of what the table names is removed without a look.
        vr = representation(pydicom, dataset.get_item(tag))
        if rule is actions.delete and vr not in (None, "DA", "DT"):
            del dataset[tag]
            continue
        if rule is None and vr not in (None, "SQ"):
            continue
        element = dataset[tag]
        if rule is not None:
            redact_element(dataset, element, rule, days)
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


def trimmed(dataset, syntax):
    """Pixel data and nothing else: no comment, no application data, nothing after the picture."""
    from pydicom.encaps import encapsulate, generate_frames

    number = int(dataset.get("NumberOfFrames") or 1)
    if syntax in (JPEG, JPEG_2000):
        clean = without_comments_jpeg if syntax == JPEG else without_comments_jpeg_2000
        return encapsulate([clean(frame) for frame in generate_frames(dataset.PixelData, number_of_frames=number)])
    bits = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated * number
    data = dataset.PixelData[: (bits + 7) // 8]
    return data + b"\0" * (len(data) % 2)


def without_comments_jpeg(stream):
    """A code stream of ISO/IEC 10918-1 B without COM and APPn. Raises IndexError or Refused for what is none."""
    clean, at = bytearray(stream[:2]), 2
    if stream[:2] != b"\xff\xd8":
        raise Refused("no JPEG code stream")
    while stream[at] == 0xFF and stream[at + 1] != 0xD9:
        marker, end = stream[at + 1], at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if marker == 0xDA:  # entropy-coded data follow, up to a marker that is no restart
            while stream[end] != 0xFF or stream[end + 1] == 0 or 0xD0 <= stream[end + 1] <= 0xD7:
                end += 1
        if marker != 0xFE and not 0xE0 <= marker <= 0xEF:
            clean += stream[at:end]
        at = end
    if stream[at] != 0xFF:
        raise Refused("no marker where one must be")
    return bytes(clean) + b"\xff\xd9"


def without_comments_jpeg_2000(stream):
    """A code stream of ISO/IEC 15444-1 A without COM. Raises IndexError, ValueError or Refused for what is none."""
    clean, at = bytearray(stream[:2]), 2
    if stream[:2] != b"\xff\x4f":
        raise Refused("no JPEG 2000 code stream")
    while stream[at : at + 2] != b"\xff\xd9":
        begin, part = at, bytearray()
        size = int.from_bytes(stream[at + 6 : at + 10], "big") if stream[at : at + 2] == b"\xff\x90" else 0
        last = begin + size if size else stream.rindex(b"\xff\xd9")  # of a tile-part, where this is one
        while True:
            marker, end = stream[at : at + 2], at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
            if marker[0] != 0xFF:
                raise Refused("no marker where one must be")
            end = last if marker == b"\xff\x93" else end
            part += b"" if marker == b"\xff\x64" else stream[at:end]
            at = end
            if marker == b"\xff\x93" or part[:2] != b"\xff\x90":
                break
        if part[:2] == b"\xff\x90":
            part[6:10] = len(part).to_bytes(4, "big")
        clean += part
    return bytes(clean) + b"\xff\xd9"


def redacted(data):
    pydicom, _, _ = library()
    dataset = pydicom.dcmread(io.BytesIO(data))
    check(dataset)
    patient = f"{dataset.get('IssuerOfPatientID', '')}\0{dataset.PatientID}"
    days = 1 + int.from_bytes(digest("shift", patient)[:8], "big") % SHIFT_DAYS
    redact_dataset(dataset, days)
    if "PixelData" in dataset:
        dataset.PixelData = trimmed(dataset, dataset.file_meta.TransferSyntaxUID)
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
    """Whatever comes in, by any endpoint. Never KEEP_AS_IS."""
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

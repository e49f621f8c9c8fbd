"""The DIMSE operations that controls ask for, with keys that match nothing unless told otherwise."""

from __future__ import annotations

import secrets
import uuid

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from ..model import SampleStudy
from . import dimse, ledger
from .scu import Operation

VERIFICATION = "1.2.840.10008.1.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
MPPS = "1.2.840.10008.3.1.2.3.3"
PRINT_SESSION = "1.2.840.10008.5.1.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Query/Retrieve information models (PS3.4 C.6): Patient Root and Study Root
GET = {"PATIENT": "1.2.840.10008.5.1.4.1.2.1.3", "STUDY": "1.2.840.10008.5.1.4.1.2.2.3"}
MOVE = {"PATIENT": "1.2.840.10008.5.1.4.1.2.1.2", "STUDY": "1.2.840.10008.5.1.4.1.2.2.2"}
FIND = {
    "PATIENT": "1.2.840.10008.5.1.4.1.2.1.1",
    "STUDY": "1.2.840.10008.5.1.4.1.2.2.1",
    "SERIES": "1.2.840.10008.5.1.4.1.2.2.1",
    "IMAGE": "1.2.840.10008.5.1.4.1.2.2.1",
    "WORKLIST": "1.2.840.10008.5.1.4.31",
}
FURTHER_FIND = {  # what else answers a C-FIND: where an archive has nothing else, its own nodes are served by these
    "PATIENT-STUDY": "1.2.840.10008.5.1.4.1.2.3.1",  # Patient/Study Only, retired
    "UPS": "1.2.840.10008.5.1.4.34.6.3",  # unified procedure steps: pull, watch, query (PS3.4 CC)
    "UPS-WATCH": "1.2.840.10008.5.1.4.34.6.2",
    "UPS-QUERY": "1.2.840.10008.5.1.4.34.6.5",
    "HANGING-PROTOCOL": "1.2.840.10008.5.1.4.38.2",
    "COLOR-PALETTE": "1.2.840.10008.5.1.4.39.2",
}
_QUERY_RETRIEVE = "1.2.840.10008.5.1.4.1.2."


def new_uid() -> str:
    """A UID that nobody else has (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def nobody() -> str:
    """A patient ID that no archive holds, and that says whose it is."""
    return f"TEST-NOBODY-{secrets.token_hex(6)}"


def echo() -> Operation:
    command: dimse.Command = {dimse.AFFECTED_CLASS: VERIFICATION, dimse.FIELD: dimse.C_ECHO}
    return Operation("C-ECHO", VERIFICATION, command)


def find(level: str, keys: dict[str, str] | None = None, model: str = "") -> Operation:
    """C-FIND at ``level`` (a key of FIND or FURTHER_FIND), in the information model of another where that is named;
    without ``keys``, one that matches nothing."""
    identifier, sop_class = Dataset(), {**FIND, **FURTHER_FIND}[model or level]
    if sop_class.startswith(_QUERY_RETRIEVE):
        identifier.QueryRetrieveLevel = "STUDY" if level == "PATIENT-STUDY" else level
    if keys is None:
        unique = {"STUDY": 1, "SERIES": 2, "IMAGE": 3}.get(level, 0)
        names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")[:unique]
        if level in ("HANGING-PROTOCOL", "COLOR-PALETTE"):  # of nobody's
            names = ("SOPInstanceUID",)
        keys = {name: new_uid() for name in names} or {"PatientID": nobody()}
        if level == "PATIENT-STUDY":  # its unique keys of both levels (PS3.4-2006 C.6.3)
            keys["StudyInstanceUID"] = new_uid()
    with disable_value_validation():  # what is not valid is so on purpose
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        payload = dimse.encode_dataset(identifier)
    command: dimse.Command = {dimse.AFFECTED_CLASS: sop_class, dimse.FIELD: dimse.C_FIND, dimse.PRIORITY: 0}
    return Operation(f"C-FIND {level}", sop_class, command, payload)


def _retrieve_identifier(sample_study: SampleStudy | None, root: str) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    if root == "PATIENT":  # its unique key stands above that of the study (PS3.4 C.4.2.1.4)
        identifier.PatientID = sample_study.patient_id if sample_study else nobody()
    identifier.StudyInstanceUID = sample_study.study if sample_study else new_uid()
    return identifier


def get(sample_study: SampleStudy | None = None, root: str = "STUDY") -> Operation:
    """C-GET of the sample_study's study, or of a study that does not exist."""
    command: dimse.Command = {dimse.AFFECTED_CLASS: GET[root], dimse.FIELD: dimse.C_GET, dimse.PRIORITY: 0}
    payload = dimse.encode_dataset(_retrieve_identifier(sample_study, root))
    stored = sample_study.sop_class if sample_study else SECONDARY_CAPTURE
    return Operation("C-GET", GET[root], command, payload, storage=(stored,))


def move(destination: str, sample_study: SampleStudy | None = None, root: str = "STUDY") -> Operation:
    """C-MOVE of the sample_study's study, or of a study that does not exist, to an AE title."""
    command: dimse.Command = {
        dimse.AFFECTED_CLASS: MOVE[root],
        dimse.FIELD: dimse.C_MOVE,
        dimse.PRIORITY: 0,
        dimse.MOVE_DESTINATION: destination,
    }
    return Operation("C-MOVE", MOVE[root], command, dimse.encode_dataset(_retrieve_identifier(sample_study, root)))


def store(dataset: Dataset, *, implicit: bool = True) -> Operation:
    """C-STORE of a data set, Implicit VR Little Endian, or explicit, as compressed ones are."""
    ledger.made(dataset)
    command: dimse.Command = {
        dimse.AFFECTED_CLASS: str(dataset.SOPClassUID),
        dimse.FIELD: dimse.C_STORE,
        dimse.PRIORITY: 0,
        dimse.AFFECTED_INSTANCE: str(dataset.SOPInstanceUID),
    }
    payload = dimse.encode_dataset(dataset, implicit=implicit)
    return Operation("C-STORE", str(dataset.SOPClassUID), command, payload)


def normalized(service: str) -> Operation:
    """A request of a normalized service (PS3.7 10) for an object that does not exist: ``N-ACTION`` (storage
    commitment), ``N-CREATE`` and ``N-SET`` (procedure step), ``N-DELETE`` (film session)."""
    empty = Dataset()
    if service == "N-ACTION":
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = SECONDARY_CAPTURE, new_uid()
        empty.TransactionUID, empty.ReferencedSOPSequence = new_uid(), [reference]
        command: dimse.Command = {
            dimse.REQUESTED_CLASS: STORAGE_COMMITMENT,
            dimse.FIELD: dimse.N_ACTION,
            dimse.REQUESTED_INSTANCE: "1.2.840.10008.1.20.1.1",
            dimse.ACTION_TYPE: 1,
        }
        return Operation(service, STORAGE_COMMITMENT, command, dimse.encode_dataset(empty))
    if service == "N-DELETE":
        command = {dimse.REQUESTED_CLASS: PRINT_SESSION, dimse.FIELD: dimse.N_DELETE}
        return Operation(service, PRINT_SESSION, {**command, dimse.REQUESTED_INSTANCE: new_uid()})
    empty.PerformedProcedureStepStatus = "IN PROGRESS"
    if service == "N-CREATE":
        command = {dimse.AFFECTED_CLASS: MPPS, dimse.FIELD: dimse.N_CREATE, dimse.AFFECTED_INSTANCE: new_uid()}
    else:
        command = {dimse.REQUESTED_CLASS: MPPS, dimse.FIELD: dimse.N_SET, dimse.REQUESTED_INSTANCE: new_uid()}
    return Operation(service, MPPS, command, dimse.encode_dataset(empty))


def synthetic_object(
    *, sample_study: SampleStudy | None = None, marker: str = "TEST", sop_class: str = SECONDARY_CAPTURE
) -> Dataset:
    """A synthetic image of 2 x 2 pixels; all its names say TEST. With a ``sample_study`` it has that object's UIDs."""
    ds = Dataset()
    ds.SOPClassUID = sample_study.sop_class if sample_study and sample_study.sop_class else sop_class
    ds.SOPInstanceUID = sample_study.instance if sample_study else new_uid()
    ds.StudyInstanceUID = sample_study.study if sample_study else new_uid()
    ds.SeriesInstanceUID = sample_study.series if sample_study else new_uid()
    ds.PatientID = sample_study.patient_id if sample_study else f"TEST-{secrets.token_hex(4)}"
    ds.PatientName = "TEST^SYNTHETIC"
    ds.PatientBirthDate, ds.PatientSex = "19000101", "O"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20000101", "000000", "TEST", "TEST"
    ds.ReferringPhysicianName = ""
    ds.Modality, ds.ConversionType = "OT", "SYN"
    ds.SeriesNumber, ds.InstanceNumber, ds.SeriesDescription = 1, 1, marker
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows = ds.Columns = 2
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelData = b"TEST"
    return ds

"""Every DIMSE request of a service of PS3.6 that an archive could answer, by name, and how each is put together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pydicom._uid_dict import UID_dictionary
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from ..model import Impact, Target
from ..wire import dimse, ledger, operations
from ..wire.scu import Operation

# Services that are no Query/Retrieve, by SOP class (PS3.4): what they answer to.
_NORMALIZED: dict[str, tuple[str, ...]] = {
    "1.2.840.10008.1.20.1": ("N-ACTION",),  # storage commitment
    "1.2.840.10008.1.20.2": ("N-ACTION",),
    "1.2.840.10008.1.40": ("N-ACTION",),  # event and substance administration logging
    "1.2.840.10008.1.42": ("N-ACTION",),
    "1.2.840.10008.3.1.2.3.3": ("N-CREATE", "N-SET"),  # performed procedure step
    "1.2.840.10008.3.1.2.3.4": ("N-GET",),
    "1.2.840.10008.5.1.1.1": ("N-CREATE", "N-SET", "N-ACTION", "N-DELETE"),  # film session and box
    "1.2.840.10008.5.1.1.2": ("N-CREATE", "N-SET", "N-ACTION", "N-DELETE"),
    "1.2.840.10008.5.1.1.4": ("N-SET",),
    "1.2.840.10008.5.1.1.4.1": ("N-SET",),
    "1.2.840.10008.5.1.1.15": ("N-SET",),
    "1.2.840.10008.5.1.1.22": ("N-CREATE",),
    "1.2.840.10008.5.1.1.23": ("N-CREATE", "N-DELETE"),
    "1.2.840.10008.5.1.1.33": ("N-CREATE", "N-ACTION", "N-GET"),  # media creation
    "1.2.840.10008.5.1.4.1.1.201.5": ("N-ACTION", "N-GET"),  # inventory creation
    "1.2.840.10008.5.1.4.33": ("N-CREATE",),  # instance availability notification
    "1.2.840.10008.5.1.4.34.6.1": ("N-CREATE", "N-ACTION", "N-GET"),  # unified procedure step: push, watch, pull
    "1.2.840.10008.5.1.4.34.6.2": ("N-ACTION", "N-GET", "C-FIND"),
    "1.2.840.10008.5.1.4.34.6.3": ("C-FIND", "N-GET", "N-SET", "N-ACTION"),
    "1.2.840.10008.5.1.4.34.6.5": ("C-FIND",),
    "1.2.840.10008.5.1.4.34.8": ("N-CREATE", "N-GET"),  # RT machine verification
    "1.2.840.10008.5.1.4.34.9": ("N-CREATE", "N-GET"),
    "1.2.840.10008.5.1.4.37.1": ("C-FIND",),  # relevant patient information
    "1.2.840.10008.5.1.4.37.2": ("C-FIND",),
    "1.2.840.10008.5.1.4.37.3": ("C-FIND",),
    "1.2.840.10008.5.1.4.41": ("C-FIND",),  # product characteristics, substance approval
    "1.2.840.10008.5.1.4.42": ("C-FIND",),
    "1.2.840.10008.5.1.4.1.1.201.6": ("C-FIND",),  # repository query
}
_FIELDS = {
    "C-ECHO": dimse.C_ECHO,
    "C-STORE": dimse.C_STORE,
    "C-FIND": dimse.C_FIND,
    "C-GET": dimse.C_GET,
    "C-MOVE": dimse.C_MOVE,
    "N-GET": dimse.N_GET,
    "N-SET": dimse.N_SET,
    "N-ACTION": dimse.N_ACTION,
    "N-CREATE": dimse.N_CREATE,
    "N-DELETE": dimse.N_DELETE,
}
_CHANGES = ("N-SET", "N-ACTION", "N-CREATE", "N-DELETE")
_WELL_KNOWN = {  # PS3.6 table A-1, well-known SOP instances
    "1.2.840.10008.1.20.1": "1.2.840.10008.1.20.1.1",
    "1.2.840.10008.5.1.1.16": "1.2.840.10008.5.1.1.17",
    "1.2.840.10008.5.1.4.34.6.2": "1.2.840.10008.5.1.4.34.5",
}


@dataclass(frozen=True)
class Request:
    """A DIMSE service (``C-FIND`` …) of a SOP class (UID)."""

    service: str
    sop_class: str
    keyword: str
    weight: float

    @property
    def name(self) -> str:
        return f"{self.service} {self.keyword}"

    @property
    def impact(self) -> Impact:
        return (
            Impact.WRITES
            if self.service == "C-STORE"
            else Impact.ACTIVE
            if self.service in _CHANGES
            else Impact.PASSIVE
        )


def is_storage(uid: str) -> bool:
    name = UID_dictionary[uid][0]
    return "Storage" in name and "Commitment" not in name and UID_dictionary[uid][1] == "SOP Class"


@cache
def storage_classes() -> tuple[str, ...]:
    """Of PS3.6, those in use first."""
    found = [uid for uid in UID_dictionary if is_storage(uid)]
    return tuple(sorted(found, key=lambda uid: (bool(UID_dictionary[uid][3]), uid)))


def keyword(uid: str) -> str:
    return UID_dictionary[uid][4] or uid


def _services(uid: str, name: str) -> tuple[str, ...]:
    if uid in _NORMALIZED:
        return _NORMALIZED[uid]
    if model := re.search(r"- (FIND|MOVE|GET)\b", name):
        return (f"C-{model[1]}",)
    if uid == operations.VERIFICATION:
        return ("C-ECHO",)
    return ("C-STORE",) if is_storage(uid) else ("N-GET",)


def _all() -> Iterator[Request]:
    for uid, (name, kind, _, retired, word) in UID_dictionary.items():
        if kind in ("SOP Class", "Meta SOP Class") and word:
            for service in _services(uid, name):
                usual = uid.startswith("1.2.840.10008.5.1.4.1.2.") or uid == operations.FIND["WORKLIST"]
                yield Request(service, uid, word, 8 if usual else 1 if retired else 2)


TABLE = {request.name: request for request in _all()}


def named(service: str, uid: str) -> str:
    return f"{service} {keyword(uid)}"


FIND, GET, MOVE = (
    named("C-FIND", operations.FIND["STUDY"]),
    named("C-GET", operations.GET["STUDY"]),
    named("C-MOVE", operations.MOVE["STUDY"]),
)
ECHO = named("C-ECHO", operations.VERIFICATION)


@dataclass(frozen=True)
class Manner:
    """How requests are put: query level, kind of keys (see `identifier`), keys ``besides`` (keyword and value),
    specific character set, priority and message ID of the command, move originator (of a C-STORE: AE title)."""

    level: str = "STUDY"
    keys: str = "nothing"
    besides: tuple[tuple[str, str], ...] = ()
    character_set: str = ""
    priority: int = 0
    message_id: int = 1
    originator: str = ""


USUAL = Manner()
# Keys of the Study Root model and of the series and instances below it (PS3.4 C.6.2.1), each with a value of its kind.
_KEYS = {
    "PatientName": ("*", "TEST*", ""),
    "PatientID": ("", "TEST-NOBODY"),
    "PatientBirthDate": ("19000101", ""),
    "PatientSex": ("O",),
    "StudyDate": ("19000101-20991231", "19000101", ""),
    "StudyTime": ("000000-235959",),
    "AccessionNumber": ("TEST", ""),
    "StudyID": ("TEST",),
    "ModalitiesInStudy": ("CT", "OT"),
    "Modality": ("CT",),
    "ReferringPhysicianName": ("TEST*",),
    "StudyDescription": ("TEST*",),
    "SeriesDescription": ("TEST*",),
    "InstitutionName": ("TEST*",),
    "NumberOfStudyRelatedInstances": ("",),
}
BESIDES: dict[str, tuple[tuple[str, str], ...]] = {
    f"with-{name}-{value.replace('*', 'any') or 'universal'}": ((name, value),)
    for name, values in _KEYS.items()
    for value in values
}
BESIDES["with-all"] = tuple((name, "") for name in _KEYS)
UNIQUE = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
ABOVE = {"SERIES": ("StudyInstanceUID",), "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID")}


def identifier(request: Request, manner: Manner, target: Target) -> Dataset:
    """Of a C-FIND, C-GET or C-MOVE. ``keys`` of the manner: ``nothing`` (matches nothing; a retrieval asks for the
    sample study, where there is one), ``universal``, ``wildcard``, ``range``, ``list``, ``empty`` or ``sample``."""
    asked, level, keys = Dataset(), manner.level, manner.keys
    for name, value in manner.besides:
        put(asked, name, value)
    if manner.character_set:
        put(asked, "SpecificCharacterSet", manner.character_set)
    if level and not request.sop_class.startswith(operations.FIND["WORKLIST"]):
        put(asked, "QueryRetrieveLevel", level)
    sample = target.sample_study
    unique = UNIQUE.get(level.strip().upper(), "PatientID")
    if keys == "empty":
        return asked
    if request.service in ("C-GET", "C-MOVE") and sample is not None and keys == "nothing":
        keys = "sample"
    if sample is not None and keys == "sample":
        held = (sample.patient_id, sample.study, sample.series, sample.instance)
    else:
        held = (operations.nobody(), operations.new_uid(), operations.new_uid(), operations.new_uid())
    values = dict(zip(("PatientID", *UNIQUE.values()), held, strict=True))
    patient = ("PatientID",) if request.sop_class.startswith("1.2.840.10008.5.1.4.1.2.1.") else ()
    for name in (*patient, *ABOVE.get(level, ()), unique):
        put(asked, name, values[name])
    matching: dict[str, dict[str, str | list[str]]] = {
        "universal": {unique: ""},
        "wildcard": {unique: "", "PatientName": "*", "PatientID": "*"},
        "range": {unique: "", "StudyDate": "19000101-20991231"},
        "list": {unique: [values[unique], operations.new_uid()]},
    }
    for name, sought in matching.get(keys, {}).items():
        put(asked, name, sought)
    return asked


def put(dataset: Dataset, name: str, value: str | list[str]) -> None:
    """Also what is not valid: it is so on purpose."""
    tag = tag_for_keyword(name)
    assert tag is not None
    dataset.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=IGNORE))


def operation(request: Request, manner: Manner, target: Target, *, implicit: bool = True) -> Operation:
    """What is sent for ``request``. It names objects that do not exist, but for retrievals of the sample study."""
    command: dimse.Command = {dimse.FIELD: _FIELDS[request.service], dimse.MESSAGE_ID: manner.message_id}
    payload: Dataset | None = None
    if request.service.startswith("C-"):
        command[dimse.AFFECTED_CLASS] = request.sop_class
    if request.service in ("C-FIND", "C-GET", "C-MOVE"):
        command[dimse.PRIORITY] = manner.priority
        payload = identifier(request, manner, target)
        if request.service == "C-MOVE":
            command[dimse.MOVE_DESTINATION] = target.move_destination or "X-NOBODY"
    elif request.service == "C-STORE":
        payload = operations.synthetic_object()
        payload.SOPClassUID = request.sop_class
        ledger.made(payload)
        command[dimse.PRIORITY] = manner.priority
        command[dimse.AFFECTED_INSTANCE] = str(payload.SOPInstanceUID)
        if manner.originator:  # PS3.7 9.1.1.1
            command |= {dimse.MOVE_ORIGINATOR: manner.originator, dimse.MOVE_ORIGINATOR_ID: 1}
    elif request.service.startswith("N-"):
        payload = _normalized(request, command)
    return Operation(
        request.service,
        request.sop_class,
        command,
        None if payload is None else dimse.encode_dataset(payload, implicit=implicit),
    )


def _normalized(request: Request, command: dimse.Command) -> Dataset | None:
    """Completes ``command`` for an object that nobody has; the data set, where there is one."""
    instance = _WELL_KNOWN.get(request.sop_class, operations.new_uid())
    if request.service == "N-CREATE":
        command[dimse.AFFECTED_CLASS], command[dimse.AFFECTED_INSTANCE] = request.sop_class, operations.new_uid()
    else:
        command[dimse.REQUESTED_CLASS], command[dimse.REQUESTED_INSTANCE] = request.sop_class, instance
    if request.service in ("N-GET", "N-DELETE"):
        return None
    asked = Dataset()
    if request.service == "N-ACTION":
        command[dimse.ACTION_TYPE] = 3 if ".34.6." in request.sop_class else 1  # UPS: subscribe (PS3.4 CC.2.3)
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = operations.SECONDARY_CAPTURE, instance
        asked.TransactionUID, asked.ReferencedSOPSequence = operations.new_uid(), [reference]
    else:
        asked.PerformedProcedureStepStatus = "IN PROGRESS"
    return asked

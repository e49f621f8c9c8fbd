"""What a message asks for: levels, information models, keys, destinations, and what is stored."""

from __future__ import annotations

from ..mutant import Row, exactly
from .services import QR, STORAGE, models

LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")


def message() -> list[Row]:
    patient = {"level": "PATIENT", "sop-class": f"{QR}1.1"}
    rows = [Row("level", "is", each, {"level": each}, ("find", "get", "move")) for each in LEVELS[1:]]
    rows += [Row("level", "is", "PATIENT", patient, ("find",)), *models("sop-class")]
    rows += [
        Row("sop-class", "is", f"{STORAGE}{n}", {"sop-class": f"{STORAGE}{n}"}, ("store",)) for n in ("2", "4", "7")
    ]
    rows += [Row("message", "is", n, {"message": n}) for n in ("2", "3", "5")]
    rows += [
        Row("message", "above", "1", {"message": "2"}),
        Row("message", "every", "4", {"message": "4"}),
        Row("message", "is", "2", {"message": "2", "echo-first": "yes"}),
        Row("message-id", "above", "255", {"message-id": "300"}),
        Row("message-id", "is", "0", {"message-id": "0"}),
        Row("message-syntax", "is", "1.2.840.10008.1.2.1", {"message-syntax": "1.2.840.10008.1.2.1"}),
    ]
    return rows + exactly("priority", ("high", "low")) + keys()


def keys() -> list[Row]:
    asked = ("find", "too-many")
    return [
        Row("key-kinds", "is", "wildcard", {"key:PatientName": "SYN*"}, asked),
        Row("key-kinds", "is", "universal", {"key:PatientName": "*"}, asked),
        Row("key-kinds", "is", "universal", {}, asked),
        Row("key-kinds", "is", "range", {"key:StudyDate": "19990101-20300101"}, ("find",)),
        Row("key-kinds", "is", "single", {"key:PatientID": "SYNTHETIC-1"}, ("find",)),
        Row("key:PatientName", "given", "", {"key:PatientName": "S*"}, asked),
        Row("key:AccessionNumber", "given", "", {"key:AccessionNumber": "A1"}, ("find",)),
        Row("key:StudyDate", "given", "", {"key:StudyDate": "20000101"}, asked),
    ]


def limit() -> list[Row]:
    patient = {"level": "PATIENT", "sop-class": f"{QR}1.1"}
    root = {"sop-class": f"{QR}1.1"}
    rows = [Row("level", "is", each, {"level": each}) for each in LEVELS[1:]]
    rows += [Row("level", "is", "PATIENT", patient), Row("sop-class", "is", f"{QR}1.1", root)]
    rows += [Row("message", "above", "1", {"message": "2"}), *exactly("priority", ("high", "low"))]
    return rows + [row for row in keys() if not row.goals or "too-many" in row.goals]


def stored() -> list[Row]:
    rows = [Row("sop-class", "is", f"{STORAGE}{n}", {"sop-class": f"{STORAGE}{n}"}) for n in ("2", "4", "7")]
    rows += exactly("message-syntax", ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1"))
    return rows + exactly("priority", ("high", "low")) + exactly("originator", ("ADMIN", "{all}"))


def destination() -> list[Row]:
    names = ("STORESCP", "BACKUP", "CTWS2", "RESEARCH", "OLDPACS", "{all}", "{query}", "{called}", "DR-MILLER", "TEST")
    rows = exactly("destination", names)
    return [
        *rows,
        Row("destination", "begins", "WS", {"destination": "WS-17"}),
        Row("destination", "alike", "{receiver}", {"destination": "{receiver:lower}"}),
        Row("destination", "fits", r"[0-9.]+", {"destination": "10.0.0.7"}),
    ]

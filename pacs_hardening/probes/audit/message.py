"""Probe: what one audit record says, and whether it is a valid DICOM audit message (PS3.15 A.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from xml.etree import ElementTree

from ...model import AuditRecord
from ...wire import syslog
from ...wire.pdu import ProtocolError

# EventID, code system DCM (PS3.16 CID 400)
BEGIN_TRANSFER, TRANSFERRED, STUDY_DELETED, EXPORT = "110102", "110104", "110105", "110106"
QUERY, SECURITY_ALERT, AUTHENTICATION = "110112", "110113", "110114"

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_OCTAL, _END = re.compile(r"#(0[0-3][0-7])"), "</AuditMessage>"
_CHILDREN = {  # the content model of A.5.1, each tag with a semicolon behind it
    "AuditMessage": r"EventIdentification;(ActiveParticipant;)+AuditSourceIdentification;"
    r"(ParticipantObjectIdentification;)*",
    "EventIdentification": r"EventID;(EventTypeCode;)*(EventOutcomeDescription;)?(PurposeOfUse;)*",
    "ActiveParticipant": r"(RoleIDCode;)*(MediaIdentifier;)?",
    "AuditSourceIdentification": r"(AuditSourceTypeCode;)*",
    "ParticipantObjectIdentification": r"ParticipantObjectIDTypeCode;"
    r"(ParticipantObjectName;|ParticipantObjectQuery;)?(ParticipantObjectDetail;)*(\w+;)*",
}
_CODED = ("EventID", "EventTypeCode", "PurposeOfUse", "RoleIDCode", "ParticipantObjectIDTypeCode")
_REQUIRED = {
    "EventIdentification": {"EventDateTime": _TIME.pattern, "EventOutcomeIndicator": "0|4|8|12"},
    "ActiveParticipant": {"UserID": ".+", "UserIsRequestor": "true|false|0|1"},
    "AuditSourceIdentification": {"AuditSourceID": ".+"},
    "ParticipantObjectIdentification": {"ParticipantObjectID": ".+"},
    **{tag: {"csd-code": ".+", "codeSystemName": ".+", "originalText": ".+"} for tag in _CODED},
}
_OPTIONAL = {
    "EventIdentification": {"EventActionCode": "[CRUDE]"},
    "ActiveParticipant": {"AlternativeUserID": ".*", "UserName": ".*", "NetworkAccessPointID": ".*",
                          "NetworkAccessPointTypeCode": "[1-5]"},
    "AuditSourceIdentification": {"AuditEnterpriseSiteID": ".*", "code": ".*"},
    "ParticipantObjectIdentification": {"ParticipantObjectTypeCode": "[1-4]", "ParticipantObjectSensitivity": ".*",
                                        "ParticipantObjectTypeCodeRole": r"[1-9]|1\d|2[0-6]",
                                        "ParticipantObjectDataLifeCycle": r"[1-9]|1[0-5]"},
    **{tag: {"displayName": ".*"} for tag in _CODED},
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """``code`` is the EventID, ``when`` the time of the event and ``exact`` to what it is given; ``requestors`` and
    ``others`` are user names and AE titles, ``addresses`` where the requestors came from; ``way`` is who sent it."""

    code: str
    when: datetime
    exact: timedelta
    failed: bool
    requestors: frozenset[str]
    others: frozenset[str]
    addresses: frozenset[str]
    way: str
    record: AuditRecord


def read(record: AuditRecord) -> Event | None:
    """What ``record`` says, as far as it can be understood: more tolerant than ``fault``. None for no audit message."""
    try:
        root = _parsed(record)
        about = root.find("EventIdentification")
        code = None if about is None else about.find("EventID")
        if about is None or code is None:
            return None
        when, exact = _time(about.get("EventDateTime", ""))
    except ProtocolError:
        return None
    participants = root.findall("ActiveParticipant")
    asking = [each for each in participants if each.get("UserIsRequestor") in ("true", "1")]
    return Event(
        code=code.get("csd-code", code.get("code", "")),  # RFC 3881 spells it `code`
        when=when,
        exact=exact,
        failed=about.get("EventOutcomeIndicator") != "0",
        requestors=frozenset(name for each in asking for name in _names(each)),
        others=frozenset(name for each in participants if each not in asking for name in _names(each)),
        addresses=frozenset(filter(None, (each.get("NetworkAccessPointID", "") for each in asking))),
        way=_sender(record, root),
        record=record,
    )


def _sender(record: AuditRecord, root: ElementTree.Element) -> str:
    """Host and application of the syslog header, and the audit source (PS3.15 A.5.2.4): together one sender."""
    head, source = _header(record), root.find("AuditSourceIdentification")
    sent_by = f"{head.host} {head.app}" if head else ""
    return f"{sent_by} {'' if source is None else source.get('AuditSourceID', '')}".strip()


def fault(record: AuditRecord) -> str:
    """Why ``record`` is no valid message; empty where it is one."""
    try:
        return next(_faults(_parsed(record)), "")
    except ProtocolError as error:
        return str(error)


def holds_message(record: AuditRecord) -> bool:
    return "<AuditMessage" in record.text


def _header(record: AuditRecord) -> syslog.Message | None:
    """None where a log server kept none. Raises ProtocolError where the archive sent none."""
    try:
        return syslog.parse(record.text)
    except ProtocolError:
        if record.from_log and holds_message(record):
            return None
        raise


def _xml_of(record: AuditRecord) -> str:
    """What the message says. Log servers write control characters as octal, and a header of their own."""
    head = _header(record)
    text = head.text if head else record.text[record.text.index("<AuditMessage") :]
    if not record.from_log:
        return text
    text = _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
    end = text.find(_END)
    return text[: end + len(_END)] if end >= 0 else text


def _parsed(record: AuditRecord) -> ElementTree.Element:
    """Raises ProtocolError. What declares entities is not read: they are how a small text becomes a large one."""
    text = _xml_of(record)
    if "<!" in text:
        raise ProtocolError("XML with a declaration or comment, which no audit message needs")
    try:
        root = ElementTree.fromstring(text.encode())  # noqa: S314 - bounded in size, and without entities
    except (ElementTree.ParseError, ValueError) as error:
        raise ProtocolError(f"not well-formed XML: {error}") from error
    if root.tag != "AuditMessage":
        raise ProtocolError(f"not an AuditMessage but {root.tag!r}")
    return root


def _faults(element: ElementTree.Element) -> Iterator[str]:
    tag = element.tag
    inside = "".join(f"{child.tag};" for child in element)
    if tag in _CHILDREN and not re.fullmatch(_CHILDREN[tag], inside):
        yield f"{tag} holds {inside or 'nothing'}"
    required, optional = _REQUIRED.get(tag, {}), _OPTIONAL.get(tag, {})
    yield from (f"{tag} without {name}" for name in required if name not in element.attrib)
    for name, value in element.attrib.items():
        pattern = {**required, **optional}.get(name)
        if tag in _REQUIRED and pattern is None:
            yield f"{tag} has {name}, which the schema does not know"
        elif pattern is not None and not re.fullmatch(pattern, value, re.DOTALL):
            yield f"{tag} has a {name} that the schema does not allow"
    for child in element:
        yield from _faults(child)


def _names(participant: ElementTree.Element) -> Iterator[str]:
    """Percent-encoding is how a sender keeps what strangers chose from being read as XML."""
    for attribute in ("UserID", "AlternativeUserID", "UserName"):
        if value := participant.get(attribute, ""):
            yield value
            yield unquote(value)


def _time(text: str) -> tuple[datetime, timedelta]:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ProtocolError("no time of an event, with its zone")
    digits = (found[2] or "")[:6]
    try:
        when = datetime.fromisoformat(f"{found[1]}.{digits:0<6}{found[3]}").astimezone(UTC)
    except ValueError as error:
        raise ProtocolError("no time of an event") from error
    return when, timedelta(microseconds=10 ** (6 - len(digits)))

"""The archive's audit trail: DICOM audit messages (PS3.15 A.5) in syslog (RFC 5424) to the log server, over TLS."""

from __future__ import annotations

import base64
import os
import socket
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.sax.saxutils import unescape

from ..pki.authority import COLLECTOR, Pki
from .policy import HARDENED, Fact, Policy
from .settings import Settings

_EVENTS = {  # EventID and its meaning (PS3.16 CID 400), EventActionCode
    "login": ("110114", "User Authentication", "E"),
    "refused": ("110113", "Security Alert", "E"),
    "query": ("110112", "Query", "E"),
    "retrieve": ("110104", "DICOM Instances Transferred", "R"),
    "export": ("110104", "DICOM Instances Transferred", "R"),
    "store": ("110104", "DICOM Instances Transferred", "C"),
    "delete": ("110105", "DICOM Study Deleted", "D"),
}
_SECONDS = 5.0


@dataclass(frozen=True)
class AuditEvent:
    """``kind`` is a key of the events above, ``who`` asked (AE title or user name, empty where nobody said), ``where``
    objects went, ``uid`` the study; ``query`` holds the identifier of a query, which no record should."""

    kind: str
    who: str
    failed: bool
    where: str = ""
    uid: str = ""
    query: bytes = b""


class Auditor:
    """Sends each deed at once, over one connection that is opened when first needed and again when it broke."""

    def __init__(self, settings: Settings, called: str, pki: Pki, port: int, policy: Policy = HARDENED) -> None:
        self._policy = policy
        self._settings, self._called, self._port = settings, called, port
        self._context = ssl.create_default_context(cafile=str(pki.ca)) if settings.audit_tls else None
        if self._context is not None:
            self._context.load_cert_chain(pki.sender_pem)
        self._socket: socket.socket | None = None
        self._lock = Lock()

    def record(self, deed: AuditEvent) -> None:
        """Raises OSError where the log server cannot be reached."""
        settings = self._settings
        if not settings.audit_sent or deed.kind not in settings.audit_deeds:
            return
        if deed.failed and not settings.audit_failures:
            return
        if self._policy.waives("recorded", lambda: _about(deed)):
            return
        message = self._message(deed)
        framed = f"{len(message)} ".encode() + message  # octet counting, RFC 5425 4.3
        with self._lock:
            try:
                self._connected().sendall(framed)
            except OSError:
                self._drop()
                self._connected().sendall(framed)

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            plain = socket.create_connection(("127.0.0.1", self._port), timeout=_SECONDS)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = self._context.wrap_socket(plain, server_hostname=COLLECTOR) if self._context else plain
        return self._socket

    def _message(self, deed: AuditEvent) -> bytes:
        waives = self._policy.waives
        if waives("recorded-user", lambda: _about(deed)):
            deed = replace(deed, who="")
        if waives("recorded-outcome", lambda: _about(deed)):
            deed = replace(deed, failed=not deed.failed)
        ahead = timedelta(days=365) if waives("recorded-time", lambda: _about(deed)) else timedelta()
        at = f"{datetime.now(UTC) + ahead:%Y-%m-%dT%H:%M:%S.%f}Z"
        text = tostring(self._xml(deed, at), encoding="unicode")
        if not self._settings.audit_escapes:
            text = unescape(text, {"&quot;": '"', "&#13;": "\r", "&#10;": "\n"})
        return f"<85>1 {at} archive archive {os.getpid()} DICOM+RFC3881 - {text}".encode()

    def _xml(self, deed: AuditEvent, at: str) -> Element:
        code, meaning, action = _EVENTS[deed.kind]
        root = Element("AuditMessage")
        about = SubElement(root, "EventIdentification", EventActionCode=action, EventDateTime=at)
        about.set("EventOutcomeIndicator", "8" if deed.failed else "0")
        self._coded(about, "EventID", code, "DCM", meaning)
        who = "".join(c if c.isprintable() or not self._settings.audit_escapes else "?" for c in deed.who)
        asking = {"UserID": who or "-", "UserIsRequestor": "true"} if self._settings.audit_users else {"UserID": "-"}
        SubElement(root, "ActiveParticipant", {"UserIsRequestor": "true", **asking}).attrib.update(
            NetworkAccessPointID="127.0.0.1", NetworkAccessPointTypeCode="2"
        )
        for name in (self._called, deed.where):
            if name:
                SubElement(root, "ActiveParticipant", UserID=name, UserIsRequestor="false")
        SubElement(root, "AuditSourceIdentification", AuditSourceID="archive")
        query = deed.query if self._settings.audit_query_values else b""
        if deed.uid or query:
            held = SubElement(root, "ParticipantObjectIdentification", ParticipantObjectID=deed.uid or "query")
            held.attrib.update(ParticipantObjectTypeCode="2", ParticipantObjectTypeCodeRole="3")
            self._coded(held, "ParticipantObjectIDTypeCode", "110180", "DCM", "Study Instance UID")
            if query:
                SubElement(held, "ParticipantObjectQuery").text = base64.b64encode(query).decode()
        return root

    def _coded(self, parent: Element, tag: str, code: str, system: str, meaning: str) -> None:
        """RFC 3881 names the first attribute `code`, DICOM `csd-code`."""
        first = "csd-code" if self._settings.audit_schema == "dicom" else "code"
        SubElement(parent, tag, {first: code, "codeSystemName": system, "originalText": meaning})


def _about(deed: AuditEvent) -> dict[str, Fact]:
    """What openings may ask."""
    return {"deed": deed.kind, "who": deed.who, "outcome": "failure" if deed.failed else "success", "where": deed.where}

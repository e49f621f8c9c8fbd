"""The log server: takes syslog over TCP, with or without TLS, from whoever counts octets (RFC 5425, RFC 6587 3.4.1)."""

from __future__ import annotations

import ssl
from typing import BinaryIO

from ..model import AuditRecord
from ..model.trail import MAX_LENGTH, Trail
from ..pki.authority import Pki
from .listener import Connection

_DIGITS = 6
_SECONDS = 3600.0  # a sender keeps its connection; the run ends before


class Collector:
    """Give `serve` to a Listener. A sender that breaks the framing is cut off; what it sent before stays."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    def serve(self, connection: Connection) -> None:
        """One sender, to its last message. Raises OSError where it leaves or sends what is no frame."""
        connection.within(_SECONDS)
        connection.sock.settimeout(_SECONDS)
        encrypted = isinstance(connection.sock, ssl.SSLSocket)
        with connection.sock.makefile("rb") as sent:
            while message := frame(sent):
                self._trail.add(AuditRecord(encrypted, message.decode(errors="replace")))


def tls_context(pki: Pki) -> ssl.SSLContext:
    """Only who has a certificate of the CA writes an audit trail (IHE ITI-19)."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_verify_locations(pki.ca)
    made.load_cert_chain(pki.collector_pem)
    return made


def frame(sent: BinaryIO, digits: bytes = b"") -> bytes:
    """The next message, of which ``digits`` were read; empty where the sender has ended. Raises OSError for what is no
    frame, or a frame too long."""
    while (byte := sent.read(1)) != b" ":
        if not byte and not digits:
            return b""
        digits += byte
        if not byte.isdigit() or digits.startswith(b"0") or len(digits) > _DIGITS:
            raise OSError("no syslog frame")
    length = int(digits or b"0")
    if not 0 < length <= MAX_LENGTH:
        raise OSError("a syslog frame of no length, or too long")
    message = sent.read(length)
    if len(message) < length:
        raise OSError("the last syslog frame is cut off")
    return message

"""The HL7 v2 endpoint of the archive: MLLP, a sender bound to his certificate, and the types that he may send.

It keeps nothing: what is accepted is acknowledged, and done nothing about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock

from ..model import Hl7
from .listener import Connection
from .settings import Settings
from .tls import common_name

START, END, RETURN = b"\x0b", b"\x1c", b"\r"
_MOST = 8  # MiB that it holds at once, where nothing else bounds it: a gate must not fill its own memory
_FEW = 100
_REJECTED, _FAILED = b"AR", b"AE"


@dataclass(frozen=True)
class Message:
    """MSH field by field, as it stands; ``raw`` segments."""

    fields: Sequence[bytes]
    segments: Sequence[bytes]

    def field(self, number: int) -> bytes:
        """MSH-``number``; empty where it is not there."""
        return self.fields[number - 1] if len(self.fields) >= number else b""


def parse(raw: bytes) -> Message | None:
    """None for what is no message of ours: other delimiters, two headers, characters that nobody needs."""
    segments = [each for each in raw.split(b"\r") if each]
    if not raw.startswith(b"MSH|^~\\&|") or re.search(rb"[^\x20-\x7e\r\x80-\xff]", raw):
        return None
    if any(not re.fullmatch(rb"[A-Z][A-Z0-9]{2}\|.*", each) for each in segments):
        return None
    if sum(each.startswith(b"MSH") for each in segments) != 1:
        return None
    return Message([b"|", *segments[0].split(b"|")[1:]], segments)


class MessageDoor:
    """``sender``: who may send, and the common name of his certificate."""

    def __init__(self, hl7: Hl7, sender: str, settings: Settings) -> None:
        self._hl7, self._sender, self._settings = hl7, sender, settings
        self._types = {hl7.message.encode()}
        self._turn, self._stopped = Lock(), False

    def serve(self, connection: Connection) -> None:
        """One message after the other, until the peer leaves or goes beyond a limit."""
        sock, settings = connection.sock, self._settings
        name = common_name(sock)
        connection.within(settings.idle_seconds)
        sock.settimeout(settings.request_seconds)
        waiting = b""
        while not self._stopped:
            with self._turn if settings.hl7_one_at_a_time else nullcontext():
                raw, waiting = self._block(connection, waiting)
            if raw is None:
                return
            sock.sendall(START + self.answer(raw, name) + END + RETURN)
            connection.within(settings.idle_seconds)

    def _block(self, connection: Connection, read: bytes) -> tuple[bytes | None, bytes]:
        """What one block holds; None where the connection ends, or what comes is none."""
        data, dropped = bytearray(read), 0
        while True:
            if data and data[:1] != START:
                return None, b""
            end = data.find(END)
            if 0 < end < len(data) - 1:
                is_whole = data[end + 1 : end + 2] == RETURN
                return (bytes(data[1:end]), bytes(data[end + 2 :])) if is_whole else (None, b"")
            if len(data) + dropped > self._hl7.limit and self._settings.hl7_limits_messages:
                return None, b""
            if len(data) > _MOST << 20:
                dropped += len(data) - 1024
                del data[1024:]
            if not (piece := connection.sock.recv(65536)):
                return None, b""
            data += piece

    def answer(self, raw: bytes, name: str | None) -> bytes:
        message = parse(raw)
        if message is None:
            self._stopped = self._settings.hl7_stops_on_malformed and raw.count(0) > _FEW
            return self._told(Message((), ()), _REJECTED, 100)
        if not self._knows(message, name):
            return self._told(message, _FAILED, 103)
        if not self._takes(message):
            return self._told(message, _REJECTED, 200)
        if not any(each.startswith(b"PID|") and len(each.split(b"|")) > 5 for each in message.segments):
            return self._told(message, _FAILED, 101)
        return self._told(message, b"AA")

    def _knows(self, message: Message, name: str | None) -> bool:
        settings, known = self._settings, (self._hl7.application.encode(), self._hl7.facility.encode())
        given = message.field(3), message.field(4)
        bound = name in (None, self._sender) or not settings.hl7_binds_sender
        if settings.hl7_any_sender:
            return bound or given != known
        if settings.hl7_exact_senders:
            return bound and given == known
        return bound and all(_loosely(one, other) for one, other in zip(given, known, strict=True))

    def _takes(self, message: Message) -> bool:
        kind = message.field(9)
        if self._settings.hl7_any_type:
            return True
        if self._settings.hl7_whole_types:
            return kind in self._types
        return kind.split(b"^")[:2] in [each.split(b"^")[:2] for each in self._types]

    def _told(self, message: Message, code: bytes, error: int = 0) -> bytes:
        """An acknowledgment; of a message that was not accepted it says no more than the code of the error."""
        header = b"MSH|^~\\&|%s|%s|||20000101000000||ACK|1|P|%s" % (
            self._hl7.receiver.encode(),
            self._hl7.receiver_facility.encode(),
            self._hl7.version.encode(),
        )
        segments = [header, b"MSA|%s|%s" % (code, message.field(10))]
        if error:
            patient = next((each for each in message.segments if each.startswith(b"PID|")), b"").split(b"|")
            said = b"|||" + b" ".join(patient[3:6]) if self._settings.hl7_talkative_errors else b""
            segments.append(b"ERR|||%d|E%s" % (error, said))
        return b"".join(each + b"\r" for each in segments)


def _loosely(given: bytes, known: bytes) -> bool:
    """As a careless comparison takes one name for another: without case, by its beginning or any component."""
    parts = re.split(rb"[\^&~]", given.lower())
    return any(part and (part.startswith(known.lower()) or known.lower().startswith(part)) for part in parts)

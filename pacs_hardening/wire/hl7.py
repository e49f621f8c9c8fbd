"""HL7 v2 messages as bytes of our own, so that a malformed one can be sent; and acknowledgments (v2.5.1 chapter 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..model.response import Ack, Acknowledged
from .pdu import ProtocolError

DELIMITERS = b"|^~\\&"  # field, component, repetition, escape, subcomponent (2.5.4)
_CODES = {each.value.encode(): each for each in Ack}
_ENDS = re.compile(rb"[\r\n]+")


@dataclass(frozen=True)
class Header:
    """MSH, field by field (2.15.9)."""

    application: bytes
    facility: bytes
    receiver: bytes
    receiver_facility: bytes
    type: bytes
    control_id: bytes
    version: bytes = b"2.5.1"
    processing: bytes = b"P"
    security: bytes = b""
    further: tuple[bytes, ...] = ()  # MSH-13 and what follows

    def encode(self) -> bytes:
        fields = (
            self.application,
            self.facility,
            self.receiver,
            self.receiver_facility,
            now(),
            self.security,
            self.type,
            self.control_id,
            self.processing,
            self.version,
            *self.further,
        )
        return segment(b"MSH", DELIMITERS[1:], *fields)


def now() -> bytes:
    return datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000").encode()


def segment(name: bytes, *fields: bytes) -> bytes:
    return b"|".join((name, *fields))


def message(segments: Sequence[bytes]) -> bytes:
    """Each segment ends with a carriage return (2.5.3)."""
    return b"".join(each + b"\r" for each in segments)


def with_delimiters(raw: bytes, delimiters: bytes) -> bytes:
    """The same message, written with other ones; fewer, where nothing needs those that are left out, or more of them in
    MSH-2 (v2.7 2.5.4: the truncation character)."""
    written = raw.translate(bytes.maketrans(DELIMITERS[: len(delimiters)], delimiters[: len(DELIMITERS)]))
    told = delimiters[1:]
    return written.replace(b"MSH" + delimiters[:1] + written[4:8], b"MSH" + delimiters[:1] + told, 1)


def acknowledgment(raw: bytes) -> Acknowledged:
    """MSA-1 and the codes of all errors: ERR-3, or ERR-1.4 as before v2.5. Raises ProtocolError for what is none."""
    if not raw.startswith(b"MSH") or len(raw) < 8:
        raise ProtocolError("a block that holds no HL7 v2 message")
    field, component, repetition = raw[3:4], raw[4:5], raw[5:6]
    segments = [each.split(field) for each in _ENDS.split(raw) if each]
    found = next((each for each in segments if each[0] == b"MSA"), None)
    code = _CODES.get(found[1].strip().upper()) if found is not None and len(found) > 1 else None
    if code is None:
        raise ProtocolError("an HL7 v2 message that is no acknowledgment")
    told = [each for each in segments if each[0] == b"ERR"]
    codes = [part for each in told for part in _first(each, 3, 0, component, repetition)]
    codes += [part for each in told for part in _first(each, 1, 3, component, repetition)]
    return Acknowledged(code, frozenset(int(each) for each in codes if re.fullmatch(rb"\d{1,5}", each)))


def _first(segment_: Sequence[bytes], number: int, place: int, component: bytes, repetition: bytes) -> list[bytes]:
    """Component ``place`` of each repetition of a field; a subcomponent stands before the next one."""
    if len(segment_) <= number or not component or not repetition:
        return []
    parts = [each.split(component) for each in segment_[number].split(repetition)]
    return [each[place].split(b"&")[0] for each in parts if len(each) > place]

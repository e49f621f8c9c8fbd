"""Messages of a sender about patients that nobody has (HL7 v2.5.1 chapter 3), as every way of asking writes them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from ..model import Hl7
from . import hl7, operations

AUTHORITY_AT = b"^^^"  # CX.4 (2.A.14)
MERGE = b"ADT^A40^ADT_A39"  # of two patients (3.3.40)
HARMLESS = b"NMQ^N01"  # asks for the time, in a chapter of old: it names no patient, so nobody's record can change


@cache
def patient() -> bytes:
    """The patient whom messages of this run are about; a merge is to keep this one."""
    return operations.nobody().encode()


@cache
def prior() -> bytes:
    """The patient whom a merge is to take away."""
    return operations.nobody().encode()


@dataclass(frozen=True)
class Draft:
    """``prior``: there is an MRG of that patient. ``name``: PID-5. ``further``: MSH-13 and what follows.
    ``delimiters``: those that it is written with. ``before`` and ``after``: segments around the message. ``spelt``
    changes the whole of it at last."""

    settings: Hl7
    application: bytes
    facility: bytes
    type: bytes
    patient: bytes = b""
    prior: bytes = b""
    name: bytes = b"TEST^HL7"
    security: bytes = b""
    further: tuple[bytes, ...] = ()
    processing: bytes = b"P"
    version: bytes = b""
    delimiters: bytes = hl7.DELIMITERS
    before: tuple[bytes, ...] = ()
    after: tuple[bytes, ...] = ()
    spelt: Callable[[bytes], bytes] = bytes

    @classmethod
    def of(cls, settings: Hl7) -> Draft:
        """What the sender may send."""
        return cls(settings, settings.application.encode(), settings.facility.encode(), settings.message.encode())

    def header(self) -> hl7.Header:
        return hl7.Header(
            self.application,
            self.facility,
            self.settings.receiver.encode(),
            self.settings.receiver_facility.encode(),
            self.type,
            b"TEST" + secrets.token_hex(6).encode(),
            self.version or self.settings.version.encode(),
            self.processing,
            self.security,
            self.further,
        )

    def segments(self) -> list[bytes]:
        who = self.patient or patient()
        found = [
            hl7.segment(b"EVN", self.type.split(b"^")[1][:3], hl7.now()),
            hl7.segment(b"PID", b"1", b"", self._identifier(who), b"", self.name, b"", b"19000101", b"O"),
        ]
        found += [hl7.segment(b"MRG", self._identifier(self.prior))] if self.prior else []
        return [*found, hl7.segment(b"PV1", b"1", b"O")]

    def _identifier(self, number: bytes) -> bytes:
        authority = self.settings.authority.encode()
        return number + AUTHORITY_AT + authority + b"^PI" if authority else number

    def encode(self) -> bytes:
        raw = hl7.message([*self.before, self.header().encode(), *self.segments(), *self.after])
        return self.spelt(raw if self.delimiters == hl7.DELIMITERS else hl7.with_delimiters(raw, self.delimiters))


def harmless(settings: Hl7) -> bytes:
    """Of which a receiver does nothing but answer."""
    return hl7.message([replace(Draft.of(settings), type=HARMLESS).header().encode()])

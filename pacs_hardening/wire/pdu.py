"""DICOM upper layer PDUs as bytes (PS3.8 9.3). Any field may hold an illegal value: nothing here judges."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from ..model.response import Endless, Nonsense
from .implementations import Implementation, ours

A_ASSOCIATE_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, P_DATA_TF = 1, 2, 3, 4
A_RELEASE_RQ, A_RELEASE_RP, A_ABORT = 5, 6, 7

APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"  # PS3.7 A.2.1
IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"


class ProtocolError(Exception):
    """The peer sent bytes that are no PDU, or one beyond what we are ready to read."""

    @property
    def response(self) -> Nonsense | Endless:
        return Nonsense(str(self))


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxI", kind, len(body)) + body


def item(kind: int, body: bytes) -> bytes:
    """A variable item or sub-item: type, reserved, two bytes of length (PS3.8 9.3.2)."""
    return struct.pack(">BxH", kind, len(body)) + body


@dataclass(frozen=True)
class Context:
    """A presentation context to propose: odd ``id``, abstract syntax, transfer syntaxes (UIDs)."""

    id: int
    abstract: str
    transfers: tuple[str, ...] = (IMPLICIT_LE,)

    def encode(self) -> bytes:
        return _context(self.id, self.abstract, self.transfers)


@lru_cache(maxsize=4096)  # spaces propose the same ones a thousand times
def _context(number: int, abstract: str, transfers: tuple[str, ...]) -> bytes:
    inner = item(0x30, abstract.encode()) + b"".join(item(0x40, t.encode()) for t in transfers)
    return item(0x20, bytes([number, 0, 0, 0]) + inner)


@dataclass(frozen=True)
class AssociateRequest:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2). AE titles are raw bytes, padded with spaces to 16. ``user_items`` come after
    maximum length and implementation, which are left out where they are None. ``reserved``: bytes 43 to 74."""

    called: bytes
    calling: bytes
    contexts: tuple[Context, ...]
    application_context: bytes = APPLICATION_CONTEXT
    protocol_version: int = 1
    max_pdu: int | None = 16384
    user_items: tuple[bytes, ...] = ()
    implementation: Implementation | None = field(default_factory=ours)
    reserved: bytes = b""

    def encode(self) -> bytes:
        titles = self.called.ljust(16), self.calling.ljust(16)
        fixed = struct.pack(">Hxx16s16s32s", self.protocol_version, *titles, self.reserved)
        user = b"" if self.max_pdu is None else item(0x51, struct.pack(">I", self.max_pdu))
        if self.implementation is not None:
            user += item(0x52, self.implementation.uid.encode())
            user += item(0x55, self.implementation.version.encode()) if self.implementation.version else b""
        body = fixed + item(0x10, self.application_context) + b"".join(c.encode() for c in self.contexts)
        return pdu(A_ASSOCIATE_RQ, body + item(0x50, user + b"".join(self.user_items)))


def user_identity(kind: int, primary: bytes, secondary: bytes = b"", *, want_response: bool = True) -> bytes:
    """User identity sub-item 58H (PS3.7 D.3.3.7.1): type 1 name, 2 name and passcode, 5 JWT."""
    fields = struct.pack(">H", len(primary)) + primary + struct.pack(">H", len(secondary)) + secondary
    return item(0x58, bytes([kind, want_response]) + fields)


def role_selection(sop_class: str, *, scu: bool, scp: bool) -> bytes:
    """SCP/SCU role selection sub-item 54H (PS3.7 D.3.3.4): C-GET needs the SCP role for storage."""
    uid = sop_class.encode()
    return item(0x54, struct.pack(">H", len(uid)) + uid + bytes([scu, scp]))


@dataclass(frozen=True)
class Accepted:
    """A-ASSOCIATE-AC: per context id the result (0 accepted, 1..4 refused, PS3.8 9.3.3.2) and transfer syntax.
    ``offered`` is what was asked: abstract syntax -> context id."""

    results: dict[int, tuple[int, str]] = field(default_factory=dict)
    max_pdu: int = 0
    version_name: str = ""
    identity_answered: bool = False
    offered: dict[str, int] = field(default_factory=dict)


def _items(body: bytes) -> Iterator[tuple[int, bytes]]:
    while body:
        if len(body) < 4 or len(body) < 4 + int.from_bytes(body[2:4], "big"):
            raise ProtocolError("an item of the A-ASSOCIATE-AC runs past its end")
        length = int.from_bytes(body[2:4], "big")
        yield body[0], body[4 : 4 + length]
        body = body[4 + length :]


def parse_accept(body: bytes) -> Accepted:
    """Read the body of an A-ASSOCIATE-AC. Raises ProtocolError."""
    results: dict[int, tuple[int, str]] = {}
    max_pdu, version, answered = 0, "", False
    for kind, value in _items(body[68:]):
        if kind == 0x21 and len(value) >= 4:
            syntaxes = [v.decode("ascii", "replace") for k, v in _items(value[4:]) if k == 0x40]
            results[value[0]] = (value[2], syntaxes[0] if syntaxes else "")
        elif kind == 0x50:
            for sub, content in _items(value):
                if sub == 0x51:
                    max_pdu = int.from_bytes(content[:4], "big")
                elif sub == 0x55:
                    version = content.decode("ascii", "replace")
                elif sub == 0x59:
                    answered = True
    return Accepted(results, max_pdu, version, answered)


def pdvs(context: int, payload: bytes, *, command: bool, max_pdu: int) -> Iterator[bytes]:
    """Cut one command or data set into P-DATA-TF PDUs of at most ``max_pdu`` bytes (PS3.8 9.3.5, E.2)."""
    room = max(1, (max_pdu or 16384) - 6)
    for start in range(0, max(1, len(payload)), room):
        piece = payload[start : start + room]
        last = start + room >= len(payload)
        header = bytes([context, (1 if command else 0) | (2 if last else 0)])
        yield pdu(P_DATA_TF, struct.pack(">I", len(piece) + 2) + header + piece)


def fragments(body: bytes) -> Iterator[tuple[int, bool, bool, bytes]]:
    """Context id, is command, is last, bytes: of each PDV in a P-DATA-TF body. Raises ProtocolError."""
    while body:
        length = int.from_bytes(body[:4], "big")
        if length < 2 or len(body) < 4 + length:
            raise ProtocolError("a PDV runs past the end of its P-DATA-TF")
        yield body[4], bool(body[5] & 1), bool(body[5] & 2), body[6 : 4 + length]
        body = body[4 + length :]


def name(kind: int, body: bytes = b"") -> str:
    """What a transcript calls this PDU; for RJ and ABORT with result, source and reason."""
    if kind == A_ASSOCIATE_RJ and len(body) >= 4:
        return f"A-ASSOCIATE-RJ (result {body[1]}, source {body[2]}, reason {body[3]})"
    if kind == A_ABORT and len(body) >= 4:
        return f"A-ABORT (source {body[2]}, reason {body[3]})"
    names = ["", "A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "A-ASSOCIATE-RJ", "P-DATA-TF", "A-RELEASE-RQ", "A-RELEASE-RP"]
    return names[kind] if 0 < kind < len(names) else f"unknown PDU type {kind:02X}H"

"""What a peer may send, read as strictly as the standard is written. The measure for malformations: whatever this
accepts is no malformation. Nothing here is lenient; a receiver that interoperates has to be.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from . import dimse, operations, pdu

MAX_ASSOCIATE = 128 << 10
MAX_CONTEXTS = 128  # odd numbers up to 255 (PS3.8 9.3.2.2)
MAX_DEPTH = 32  # the deepest sequences that any IOD of PS3.3 nests are a handful
_UID = re.compile(rb"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
_REQUESTS = frozenset({0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0FFF, 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150})
_NEEDS_DATA = frozenset({dimse.C_STORE, dimse.C_FIND, dimse.C_GET, dimse.C_MOVE, dimse.N_SET})
_ROLES_AND_ITEMS = {0x51: 4, 0x53: 4}  # sub-items of a fixed length (PS3.8 D.1, PS3.7 D.3.3.3)


class Invalid(Exception):
    """``clause`` of the standard that the bytes violate, and how. ``incomplete``: more bytes might have mended it."""

    def __init__(self, clause: str, how: str, *, incomplete: bool = False) -> None:
        self.clause, self.incomplete = clause, incomplete
        super().__init__(f"{clause}: {how}")


@dataclass(frozen=True)
class Proposal:
    """A presentation context as proposed."""

    id: int
    abstract: bytes
    transfers: tuple[bytes, ...]


@dataclass(frozen=True)
class Request:
    """A valid A-ASSOCIATE-RQ; AE titles as the 16 bytes sent."""

    called: bytes
    calling: bytes
    proposals: tuple[Proposal, ...]
    max_pdu: int
    identities: tuple[bytes, ...] = ()


def pdus(stream: bytes, limit: int = 1 << 24) -> Iterator[tuple[int, bytes]]:
    """Type and body of each PDU in ``stream``. Raises Invalid, also where it ends within one."""
    while stream:
        if not 1 <= stream[0] <= 7:
            raise Invalid("PS3.8 9.3.1", f"unknown PDU type {stream[0]:02X}H")
        if len(stream) < 6:
            raise Invalid("PS3.8 9.3.1", "a PDU header is cut off", incomplete=True)
        length = int.from_bytes(stream[2:6], "big")
        check_length(stream[0], length, limit)
        if len(stream) < 6 + length:
            raise Invalid("PS3.8 9.3.1", "a PDU is cut off", incomplete=True)
        yield stream[0], stream[6 : 6 + length]
        stream = stream[6 + length :]


def check_length(kind: int, length: int, limit: int) -> None:
    """Raises Invalid for a length that no PDU of that ``kind`` has."""
    if kind in (pdu.A_ASSOCIATE_RJ, pdu.A_RELEASE_RQ, pdu.A_RELEASE_RP, pdu.A_ABORT) and length != 4:
        raise Invalid("PS3.8 9.3.1", f"PDU type {kind} of {length} bytes instead of 4")
    if kind in (pdu.A_ASSOCIATE_RQ, pdu.A_ASSOCIATE_AC) and not 68 <= length <= MAX_ASSOCIATE:
        raise Invalid("PS3.8 9.3.2", f"an A-ASSOCIATE PDU of {length} bytes")
    if kind == pdu.P_DATA_TF and not 6 <= length <= limit:
        raise Invalid("PS3.8 9.3.5", f"a P-DATA-TF of {length} bytes")


def items(data: bytes, clause: str = "PS3.8 9.3.2") -> Iterator[tuple[int, bytes]]:
    while data:
        if len(data) < 4 or len(data) < 4 + int.from_bytes(data[2:4], "big"):
            raise Invalid(clause, "an item runs past the end of what holds it")
        length = int.from_bytes(data[2:4], "big")
        yield data[0], data[4 : 4 + length]
        data = data[4 + length :]


def request(body: bytes) -> Request:
    """Read the body of an A-ASSOCIATE-RQ. Raises Invalid."""
    if len(body) < 68:
        raise Invalid("PS3.8 9.3.2", "shorter than its fixed part")
    if not body[1] & 1:
        raise Invalid("PS3.8 9.3.2", "protocol version 1 is not offered")
    called, calling = _title(body[4:20]), _title(body[20:36])
    found = list(items(body[68:]))
    kinds = [kind for kind, _ in found]
    if kinds != sorted(kinds) or kinds.count(0x10) != 1 or kinds.count(0x50) != 1 or set(kinds) != {0x10, 0x20, 0x50}:
        raise Invalid("PS3.8 9.3.2", "items missing, repeated, unknown, or in another order")
    if found[0][1] != pdu.APPLICATION_CONTEXT:
        raise Invalid("PS3.7 A.2.1", "another application context")
    proposals = tuple(_proposal(value) for kind, value in found if kind == 0x20)
    numbers = [proposal.id for proposal in proposals]
    if len(set(numbers)) != len(numbers) or not all(number % 2 for number in numbers):
        raise Invalid("PS3.8 9.3.2.2", "presentation context IDs not odd and distinct")
    largest, identities = _user(found[-1][1])
    return Request(called, calling, proposals, largest, identities)


def _title(raw: bytes) -> bytes:
    if not raw.strip(b" ") or not all(0x20 <= byte < 0x7F and byte != 0x5C for byte in raw):
        raise Invalid("PS3.5 6.2", "no AE title")
    return raw


def _uid(raw: bytes, clause: str) -> bytes:
    if len(raw) > 64 or not _UID.fullmatch(raw):
        raise Invalid(clause, "no UID")
    return raw


def _proposal(value: bytes) -> Proposal:
    if len(value) < 4:
        raise Invalid("PS3.8 9.3.2.2", "a presentation context without its fixed part")
    inner = list(items(value[4:], "PS3.8 9.3.2.2"))
    if len(inner) < 2 or inner[0][0] != 0x30 or any(kind != 0x40 for kind, _ in inner[1:]):
        raise Invalid("PS3.8 9.3.2.2", "not one abstract syntax and then transfer syntaxes")
    uids = [_uid(raw, "PS3.8 9.3.2.2") for _, raw in inner]
    if len(set(uids[1:])) != len(uids) - 1 or len(uids) > 65:
        raise Invalid("PS3.8 9.3.2.2", "transfer syntaxes repeated, or more of them than there are")
    return Proposal(value[0], uids[0], tuple(uids[1:]))


def _user(value: bytes) -> tuple[int, tuple[bytes, ...]]:
    found = list(items(value, "PS3.8 9.3.2.3"))
    kinds = [kind for kind, _ in found]
    once = [kind for kind in kinds if kind not in (0x54, 0x56, 0x57)]
    if kinds.count(0x51) != 1 or kinds.count(0x52) != 1 or len(set(once)) != len(once):
        raise Invalid("PS3.7 D.3.3", "sub-items missing or repeated")
    if kinds != sorted(kinds) or set(kinds) - set(range(0x51, 0x59)):
        raise Invalid("PS3.7 D.3.3", "sub-items unknown or in another order")
    for kind, raw in found:
        if len(raw) != _ROLES_AND_ITEMS.get(kind, len(raw)):
            raise Invalid("PS3.7 D.3.3", f"sub-item {kind:02X}H of {len(raw)} bytes")
        if kind == 0x52:
            _uid(raw, "PS3.7 D.3.3.2")
        elif kind == 0x55 and not 1 <= len(raw) <= 16:
            raise Invalid("PS3.7 D.3.3.2", "implementation version name of a wrong length")
        elif kind == 0x54:
            _role(raw)
        elif kind in (0x56, 0x57):
            _uid(_counted(raw)[0], "PS3.7 D.3.3.5")
        elif kind == 0x58:
            _identity(raw)
    largest = int.from_bytes(next(raw for kind, raw in found if kind == 0x51), "big")
    if largest and largest < 7:
        raise Invalid("PS3.8 D.1", f"a maximum length of {largest} holds no PDV")
    return largest, tuple(raw for kind, raw in found if kind == 0x58)


def _counted(raw: bytes) -> tuple[bytes, bytes]:
    if len(raw) < 2 or len(raw) < 2 + int.from_bytes(raw[:2], "big"):
        raise Invalid("PS3.7 D.3.3", "a field runs past the end of its sub-item")
    length = int.from_bytes(raw[:2], "big")
    return raw[2 : 2 + length], raw[2 + length :]


def _role(raw: bytes) -> None:
    uid, roles = _counted(raw)
    _uid(uid, "PS3.7 D.3.3.4")
    if len(roles) != 2 or set(roles) - {0, 1} or not any(roles):
        raise Invalid("PS3.7 D.3.3.4", "roles other than 0 and 1, or none")


def _identity(raw: bytes) -> None:
    if len(raw) < 2 or raw[0] not in range(1, 6) or raw[1] > 1:
        raise Invalid("PS3.7 D.3.3.7", "a user identity of no known type")
    primary, rest = _counted(raw[2:])
    secondary, left = _counted(rest)
    if left or not primary or bool(secondary) != (raw[0] == 2):
        raise Invalid("PS3.7 D.3.3.7", "fields of a user identity missing or too many")


def pdvs(body: bytes) -> Iterator[tuple[int, bool, bool, bytes]]:
    """Context ID, is command, is last, bytes: of each PDV. Raises Invalid."""
    while body:
        length = int.from_bytes(body[:4], "big")
        if len(body) < 6 or length < 2 or len(body) < 4 + length:
            raise Invalid("PS3.8 9.3.5.1", "a PDV whose length does not fit")
        if body[5] & 0xFC:
            raise Invalid("PS3.8 E.2", f"message control header {body[5]:02X}H")
        if length % 2:
            raise Invalid("PS3.8 9.3.1", "a PDV of odd length")
        yield body[4], bool(body[5] & 1), bool(body[5] & 2), body[6 : 4 + length]
        body = body[4 + length :]


def command(data: bytes, abstract: bytes) -> dict[int, bytes]:
    """A request's command set, by element. Raises Invalid."""
    found: dict[int, bytes] = {}
    at, before = 0, -1
    while at < len(data):
        if len(data) < at + 8:
            raise Invalid("PS3.7 6.3.1", "a command element is cut off")
        group, element, length = struct.unpack_from("<HHI", data, at)
        if group or element <= before or length % 2 or len(data) < at + 8 + length:
            raise Invalid("PS3.7 6.3.1", "command elements out of group or order, repeated, odd, or too long")
        found[element], before, at = data[at + 8 : at + 8 + length], element, at + 8 + length
    if int.from_bytes(found.get(0, b""), "little") != len(data) - 12 or len(found.get(0, b"")) != 4:
        raise Invalid("PS3.7 E.1", "the command group length is missing or wrong")
    for element in (dimse.FIELD, dimse.DATA_SET_TYPE):
        if len(found.get(element, b"")) != 2:
            raise Invalid("PS3.7 E.1", f"element 0000,{element:04X} missing or no US")
    if set(found) - _KNOWN_ELEMENTS:
        raise Invalid("PS3.7 E.1", "an element that no command has")
    _request(found, abstract)
    return found


_KNOWN_ELEMENTS = frozenset(
    {0, 2, 3, 0x100, 0x110, 0x120, 0x600, 0x700, 0x800, 0x900, 0x901, 0x902, 0x903}
    | {0x1000, 0x1001, 0x1002, 0x1005, 0x1008, 0x1020, 0x1021, 0x1022, 0x1023, 0x1030, 0x1031}
)


_SERVICES = {
    operations.VERIFICATION: (dimse.C_ECHO,),
    operations.FIND["STUDY"]: (dimse.C_FIND, 0x0FFF),
    operations.SECONDARY_CAPTURE: (dimse.C_STORE,),
}  # of the classes that malformations use; of others it is not asked which service they belong to


def _request(found: Mapping[int, bytes], abstract: bytes) -> None:
    asked = dimse.number(dict(found), dimse.FIELD)
    if asked not in _REQUESTS:
        raise Invalid("PS3.7 E.1", f"{asked:04X}H is no request")
    if asked not in _SERVICES.get(abstract.decode("ascii", "replace"), _REQUESTS):
        raise Invalid("PS3.7 9.3", f"{asked:04X}H is no service of this SOP class")
    number = dimse.RESPONDED_ID if asked == 0x0FFF else dimse.MESSAGE_ID
    if len(found.get(number, b"")) != 2:
        raise Invalid("PS3.7 9.3", "no message ID")
    named = found.get(dimse.AFFECTED_CLASS, found.get(dimse.REQUESTED_CLASS, b""))
    if asked != 0x0FFF and named.rstrip(b"\0") != abstract:
        raise Invalid("PS3.7 9.3", "a SOP class that is not that of the presentation context")
    if asked == dimse.C_STORE:
        _uid(found.get(dimse.AFFECTED_INSTANCE, b"").removesuffix(b"\0"), "PS3.7 9.3.1")
    if asked in _NEEDS_DATA - {dimse.N_SET} and len(found.get(dimse.PRIORITY, b"")) != 2:
        raise Invalid("PS3.7 9.3", "no priority")
    carries = found[dimse.DATA_SET_TYPE] != dimse.NO_DATA_SET.to_bytes(2, "little")
    if carries != (asked in _NEEDS_DATA) and asked not in (0x0100, dimse.N_ACTION, dimse.N_CREATE):
        raise Invalid("PS3.7 9.3", "a data set announced where there is none, or the reverse")


def dataset(data: bytes) -> None:
    """An Implicit VR Little Endian data set (PS3.5 7, A.1). Raises Invalid."""
    at = _elements(data, 0, len(data), 0, None)
    if at != len(data):
        raise Invalid("PS3.5 7.1", "bytes behind the end of the data set")


_VALUES = {
    (0x0008, 0x0005): (16, rb"(ISO_IR (6|100|101|192)|ISO 2022 IR (6|13|87|100|149|159)|GB18030|GBK) *"),
    (0x0008, 0x0016): (64, rb"[0-9.]*\0?"),
    (0x0008, 0x0018): (64, rb"[0-9.]*\0?"),
    (0x0008, 0x0020): (8, rb"([0-9]{8})?"),
    (0x0008, 0x0052): (16, rb"(PATIENT|STUDY|SERIES|IMAGE) *"),
    (0x0010, 0x0010): (194, rb"[ -\[\]-~]*"),
    (0x0010, 0x0020): (64, rb"[ -\[\]-~]*"),
    (0x0020, 0x000D): (64, rb"[0-9.]*\0?"),
}  # length and form of the values that malformations bend (PS3.5 6.2, PS3.3 C.12.1.1.2, PS3.4 C.4.1)


def _value(tag: tuple[int, int], value: bytes) -> None:
    most, form = _VALUES.get(tag, (len(value), b""))
    if form and (len(value) > most or not re.fullmatch(form, value)):
        raise Invalid("PS3.5 6.2", f"({tag[0]:04X},{tag[1]:04X}) of a form that it cannot have")


def _elements(data: bytes, at: int, end: int, depth: int, closed_by: tuple[int, int] | None) -> int:
    """Reads elements up to ``end``, or to the delimiter that closes an item of undefined length; gives where it
    stopped."""
    if depth > MAX_DEPTH:
        raise Invalid("PS3.5 7.5", f"sequences nested more than {MAX_DEPTH} deep")
    before = (-1, -1)
    while at < end:
        tag, length, at = _header(data, at, end)
        if tag == closed_by:
            if length:
                raise Invalid("PS3.5 7.5", "a delimiter with a length")
            return at
        if tag <= before or tag[0] in (0x0000, 0x0002, 0xFFFE, 0xFFFF) or tag[0] in (1, 3, 5, 7):
            raise Invalid("PS3.5 7.1", "elements repeated, out of order, or of a group that no data set has")
        before = tag
        if length == _UNDEFINED or _is_sequence(data, at, length):
            at = _items(data, at, end if length == _UNDEFINED else at + length, depth, length == _UNDEFINED)
        else:
            _value(tag, data[at : at + length])
            at += length
    if closed_by is not None:
        raise Invalid("PS3.5 7.5", "an item that is never closed")
    return at


def _is_sequence(data: bytes, at: int, length: int) -> bool:
    """Implicit VR does not say; a value that begins with an item is taken for a sequence of items."""
    return length >= 8 and struct.unpack_from("<HH", data, at) == _ITEM


def _items(data: bytes, at: int, end: int, depth: int, undefined: bool) -> int:
    while at < end:
        tag, length, at = _header(data, at, end)
        if tag == _SEQUENCE_END and undefined and not length:
            return at
        if tag != _ITEM:
            raise Invalid("PS3.5 7.5", "something that is no item in a sequence")
        if length == _UNDEFINED:
            at = _elements(data, at, end, depth + 1, _ITEM_END)
        else:
            at = _elements(data, at, at + length, depth + 1, None)
    if undefined:
        raise Invalid("PS3.5 7.5", "a sequence that is never closed")
    return at


def _header(data: bytes, at: int, end: int) -> tuple[tuple[int, int], int, int]:
    if at + 8 > end:
        raise Invalid("PS3.5 7.1", "an element header is cut off")
    group, element, length = struct.unpack_from("<HHI", data, at)
    if length != _UNDEFINED and (length % 2 or at + 8 + length > end):
        raise Invalid("PS3.5 7.1", "an element of odd length, or one that runs past the end")
    return (group, element), length, at + 8


def _has_level(identifier: bytes | bytearray) -> bool:
    return b"\x08\0\x52\0" in identifier


@dataclass
class Acceptor:
    """What an acceptor must keep in mind to judge a stream (PS3.8 9.2): ``contexts`` that were accepted, by ID; None
    before there is an association. ``called``: the only title that it answers to, if it minds. Feed PDUs to ``take``;
    it raises Invalid at the first that must not come."""

    contexts: Mapping[int, bytes] | None = None
    called: bytes = b""
    max_pdu: int = 16384
    over: bool = False
    _parts: dict[bool, bytearray] = field(default_factory=lambda: {True: bytearray(), False: bytearray()})
    _context: int = 0
    _command: dict[int, bytes] | None = None

    def take(self, kind: int, body: bytes) -> list[tuple[int, dict[int, bytes], bytes]]:
        """The DIMSE requests that are complete with this PDU: context ID, command, data set."""
        if self.over:
            raise Invalid("PS3.8 9.2", "a PDU after the association has ended")
        if self.contexts is None:
            if kind != pdu.A_ASSOCIATE_RQ:
                raise Invalid("PS3.8 9.2", f"{pdu.name(kind)} before any association (Sta2)")
            asked = request(body)
            if self.called and asked.called.rstrip(b" ") != self.called:
                raise Invalid("PS3.8 9.3.4", "another called AE title")
            self.contexts = {proposal.id: proposal.abstract for proposal in asked.proposals}
            return []
        if kind == pdu.P_DATA_TF:
            if len(body) > self.max_pdu:
                raise Invalid("PS3.8 D.1", "a P-DATA-TF longer than was negotiated")
            return list(self._data(body))
        if kind not in (pdu.A_RELEASE_RQ, pdu.A_ABORT):
            raise Invalid("PS3.8 9.2", f"{pdu.name(kind)} on an association (Sta6)")
        if self.unfinished and kind == pdu.A_RELEASE_RQ:
            raise Invalid("PS3.7 7.2", "a release in the middle of a message")
        self.over = True
        return []

    @property
    def unfinished(self) -> bool:
        return bool(self._context)

    def _data(self, body: bytes) -> Iterator[tuple[int, dict[int, bytes], bytes]]:
        for number, is_command, is_last, piece in pdvs(body):
            if number not in (self.contexts or {}):
                raise Invalid("PS3.8 9.3.5.1", f"presentation context {number} was not accepted")
            if self._context and number != self._context:
                raise Invalid("PS3.8 E.2", "fragments of two messages interleaved")
            if is_command == (self._command is not None):
                raise Invalid("PS3.8 E.2", "a command where the data set is due, or the reverse")
            self._context = number
            self._parts[is_command] += piece
            if is_last and (done := self._finish(number, is_command)):
                yield done

    def _finish(self, number: int, is_command: bool) -> tuple[int, dict[int, bytes], bytes] | None:
        if is_command:
            self._command = command(bytes(self._parts[True]), (self.contexts or {})[number])
            if self._command[dimse.DATA_SET_TYPE] != dimse.NO_DATA_SET.to_bytes(2, "little"):
                return None
        else:
            dataset(bytes(self._parts[False]))
            if dimse.number(self._command or {}, dimse.FIELD) == dimse.C_FIND and not _has_level(self._parts[False]):
                raise Invalid("PS3.4 C.4.1", "a query without level")
        done = (number, self._command or {}, bytes(self._parts[False]))
        self._parts, self._context, self._command = {True: bytearray(), False: bytearray()}, 0, None
        return done


def judge(stream: bytes, acceptor: Acceptor) -> Invalid | None:
    """Why ``stream`` must not be sent to such an acceptor; None where it may be."""
    try:
        for kind, body in pdus(stream):
            acceptor.take(kind, body)
        if acceptor.unfinished:
            raise Invalid("PS3.8 E.2", "a message that is never finished", incomplete=True)
    except Invalid as invalid:
        return invalid
    return None

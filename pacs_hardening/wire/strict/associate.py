"""PDUs and the A-ASSOCIATE-RQ, read as strictly as the standard is written (PS3.8 9.3, PS3.7 D.3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .. import pdu
from .rules import Invalid, Rule

MAX_ASSOCIATE = 128 << 10
_UID = re.compile(rb"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")
_ROLES_AND_ITEMS = {0x51: 4, 0x53: 4}  # sub-items of a fixed length (PS3.8 D.1, PS3.7 D.3.3.3)


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
            raise Invalid(Rule.PDU_TYPE, f"{stream[0]:02X}H")
        if len(stream) < 6:
            raise Invalid(Rule.PDU_HEADER_CUT, incomplete=True)
        length = int.from_bytes(stream[2:6], "big")
        check_length(stream[0], length, limit)
        if len(stream) < 6 + length:
            raise Invalid(Rule.PDU_CUT, incomplete=True)
        yield stream[0], stream[6 : 6 + length]
        stream = stream[6 + length :]


def check_length(kind: int, length: int, limit: int) -> None:
    """Raises Invalid for a length that no PDU of that ``kind`` has."""
    if kind in (pdu.A_ASSOCIATE_RJ, pdu.A_RELEASE_RQ, pdu.A_RELEASE_RP, pdu.A_ABORT) and length != 4:
        raise Invalid(Rule.SHORT_PDU_LENGTH, f"type {kind}, {length} bytes")
    if kind in (pdu.A_ASSOCIATE_RQ, pdu.A_ASSOCIATE_AC) and not 68 <= length <= MAX_ASSOCIATE:
        raise Invalid(Rule.ASSOCIATE_LENGTH, f"{length} bytes")
    if kind == pdu.P_DATA_TF and not 6 <= length <= limit:
        raise Invalid(Rule.P_DATA_LENGTH, f"{length} bytes")


def items(data: bytes, overrun: Rule = Rule.ITEM_OVERRUNS) -> Iterator[tuple[int, bytes]]:
    while data:
        if len(data) < 4 or len(data) < 4 + int.from_bytes(data[2:4], "big"):
            raise Invalid(overrun)
        length = int.from_bytes(data[2:4], "big")
        yield data[0], data[4 : 4 + length]
        data = data[4 + length :]


def request(body: bytes) -> Request:
    """Read the body of an A-ASSOCIATE-RQ. Raises Invalid."""
    if len(body) < 68:
        raise Invalid(Rule.FIXED_PART)
    if not body[1] & 1:
        raise Invalid(Rule.PROTOCOL_VERSION)
    called, calling = _title(body[4:20]), _title(body[20:36])
    found = list(items(body[68:]))
    kinds = [kind for kind, _ in found]
    if kinds != sorted(kinds) or kinds.count(0x10) != 1 or kinds.count(0x50) != 1 or set(kinds) != {0x10, 0x20, 0x50}:
        raise Invalid(Rule.ITEMS)
    if found[0][1] != pdu.APPLICATION_CONTEXT:
        raise Invalid(Rule.APPLICATION_CONTEXT)
    proposals = tuple(_proposal(value) for kind, value in found if kind == 0x20)
    numbers = [proposal.id for proposal in proposals]
    if len(set(numbers)) != len(numbers) or not all(number % 2 for number in numbers):
        raise Invalid(Rule.CONTEXT_IDS)
    largest, identities = _user(found[-1][1])
    return Request(called, calling, proposals, largest, identities)


def _title(raw: bytes) -> bytes:
    if not raw.strip(b" ") or not all(0x20 <= byte < 0x7F and byte != 0x5C for byte in raw):
        raise Invalid(Rule.AE_TITLE)
    return raw


def check_uid(raw: bytes, rule: Rule) -> bytes:
    if len(raw) > 64 or not _UID.fullmatch(raw):
        raise Invalid(rule)
    return raw


def _proposal(value: bytes) -> Proposal:
    if len(value) < 4:
        raise Invalid(Rule.CONTEXT_FIXED_PART)
    inner = list(items(value[4:], Rule.ITEM_OVERRUNS_CONTEXT))
    if len(inner) < 2 or inner[0][0] != 0x30 or any(kind != 0x40 for kind, _ in inner[1:]):
        raise Invalid(Rule.CONTEXT_SYNTAXES)
    uids = [check_uid(raw, Rule.UID_OF_CONTEXT) for _, raw in inner]
    if len(set(uids[1:])) != len(uids) - 1 or len(uids) > 65:
        raise Invalid(Rule.TRANSFER_SYNTAXES)
    return Proposal(value[0], uids[0], tuple(uids[1:]))


def _user(value: bytes) -> tuple[int, tuple[bytes, ...]]:
    found = list(items(value, Rule.ITEM_OVERRUNS_USER))
    kinds = [kind for kind, _ in found]
    once = [kind for kind in kinds if kind not in (0x54, 0x56, 0x57)]
    if kinds.count(0x51) != 1 or kinds.count(0x52) != 1 or len(set(once)) != len(once):
        raise Invalid(Rule.SUB_ITEMS)
    if kinds != sorted(kinds) or set(kinds) - set(range(0x51, 0x59)):
        raise Invalid(Rule.SUB_ITEM_ORDER)
    for kind, raw in found:
        if len(raw) != _ROLES_AND_ITEMS.get(kind, len(raw)):
            raise Invalid(Rule.SUB_ITEM_LENGTH, f"{kind:02X}H, {len(raw)} bytes")
        if kind == 0x52:
            check_uid(raw, Rule.UID_OF_IMPLEMENTATION)
        elif kind == 0x55 and not 1 <= len(raw) <= 16:
            raise Invalid(Rule.VERSION_NAME)
        elif kind == 0x54:
            _role(raw)
        elif kind in (0x56, 0x57):
            check_uid(_counted(raw)[0], Rule.UID_OF_EXTENSION)
        elif kind == 0x58:
            _identity(raw)
    largest = int.from_bytes(next(raw for kind, raw in found if kind == 0x51), "big")
    if largest and largest < 7:
        raise Invalid(Rule.MAXIMUM_LENGTH, f"{largest}")
    return largest, tuple(raw for kind, raw in found if kind == 0x58)


def _counted(raw: bytes) -> tuple[bytes, bytes]:
    if len(raw) < 2 or len(raw) < 2 + int.from_bytes(raw[:2], "big"):
        raise Invalid(Rule.FIELD_OVERRUNS)
    length = int.from_bytes(raw[:2], "big")
    return raw[2 : 2 + length], raw[2 + length :]


def _role(raw: bytes) -> None:
    uid, roles = _counted(raw)
    check_uid(uid, Rule.UID_OF_ROLE)
    if len(roles) != 2 or set(roles) - {0, 1} or not any(roles):
        raise Invalid(Rule.ROLES)


def _identity(raw: bytes) -> None:
    if len(raw) < 2 or raw[0] not in range(1, 6) or raw[1] > 1:
        raise Invalid(Rule.IDENTITY_TYPE)
    primary, rest = _counted(raw[2:])
    secondary, left = _counted(rest)
    if left or not primary or bool(secondary) != (raw[0] == 2):
        raise Invalid(Rule.IDENTITY_FIELDS)

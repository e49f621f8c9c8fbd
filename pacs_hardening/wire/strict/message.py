"""Fragments and command sets, read as strictly as the standard is written (PS3.8 E.2, PS3.7 6.3 and 9.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from .. import dimse, operations
from .associate import check_uid
from .rules import Invalid, Rule

_REQUESTS = frozenset({0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0FFF, 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150})
_NEEDS_DATA = frozenset({dimse.C_STORE, dimse.C_FIND, dimse.C_GET, dimse.C_MOVE, dimse.N_SET})


def pdvs(body: bytes) -> Iterator[tuple[int, bool, bool, bytes]]:
    """Context ID, is command, is last, bytes: of each PDV. Raises Invalid."""
    while body:
        length = int.from_bytes(body[:4], "big")
        if len(body) < 6 or length < 2 or len(body) < 4 + length:
            raise Invalid(Rule.PDV_LENGTH)
        if body[5] & 0xFC:
            raise Invalid(Rule.CONTROL_HEADER, f"{body[5]:02X}H")
        if length % 2:
            raise Invalid(Rule.PDV_ODD)
        yield body[4], bool(body[5] & 1), bool(body[5] & 2), body[6 : 4 + length]
        body = body[4 + length :]


def command(data: bytes, abstract: bytes) -> dict[int, bytes]:
    """A request's command set, by element. Raises Invalid."""
    found: dict[int, bytes] = {}
    at, before = 0, -1
    while at < len(data):
        if len(data) < at + 8:
            raise Invalid(Rule.COMMAND_CUT)
        group, element, length = struct.unpack_from("<HHI", data, at)
        if group or element <= before or length % 2 or len(data) < at + 8 + length:
            raise Invalid(Rule.COMMAND_ELEMENTS)
        found[element], before, at = data[at + 8 : at + 8 + length], element, at + 8 + length
    if int.from_bytes(found.get(0, b""), "little") != len(data) - 12 or len(found.get(0, b"")) != 4:
        raise Invalid(Rule.GROUP_LENGTH)
    for element in (dimse.FIELD, dimse.DATA_SET_TYPE):
        if len(found.get(element, b"")) != 2:
            raise Invalid(Rule.COMMAND_US, f"(0000,{element:04X})")
    if set(found) - _KNOWN_ELEMENTS:
        raise Invalid(Rule.COMMAND_UNKNOWN)
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
        raise Invalid(Rule.NO_REQUEST, f"{asked:04X}H")
    if asked not in _SERVICES.get(abstract.decode("ascii", "replace"), _REQUESTS):
        raise Invalid(Rule.OTHER_SERVICE, f"{asked:04X}H")
    number = dimse.RESPONDED_ID if asked == 0x0FFF else dimse.MESSAGE_ID
    if len(found.get(number, b"")) != 2:
        raise Invalid(Rule.MESSAGE_ID)
    named = found.get(dimse.AFFECTED_CLASS, found.get(dimse.REQUESTED_CLASS, b""))
    if asked != 0x0FFF and named.rstrip(b"\0") != abstract:
        raise Invalid(Rule.OTHER_CLASS)
    if asked == dimse.C_STORE:
        check_uid(found.get(dimse.AFFECTED_INSTANCE, b"").removesuffix(b"\0"), Rule.UID_OF_INSTANCE)
    if asked in _NEEDS_DATA - {dimse.N_SET} and len(found.get(dimse.PRIORITY, b"")) != 2:
        raise Invalid(Rule.PRIORITY)
    carries = found[dimse.DATA_SET_TYPE] != dimse.NO_DATA_SET.to_bytes(2, "little")
    if carries != (asked in _NEEDS_DATA) and asked not in (0x0100, dimse.N_ACTION, dimse.N_CREATE):
        raise Invalid(Rule.DATA_ANNOUNCED)

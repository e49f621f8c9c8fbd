"""Data sets, read as strictly as the standard is written (PS3.5 7, in Implicit VR Little Endian)."""

from __future__ import annotations

import re
import struct

from .rules import Invalid, Rule

MAX_DEPTH = 32  # the deepest sequences that any IOD of PS3.3 nests are a handful
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)


def dataset(data: bytes) -> None:
    """An Implicit VR Little Endian data set (PS3.5 7, A.1). Raises Invalid."""
    at = _elements(data, 0, len(data), 0, None)
    if at != len(data):
        raise Invalid(Rule.DATA_SET_END)


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
        raise Invalid(Rule.VALUE, f"({tag[0]:04X},{tag[1]:04X})")


def _elements(data: bytes, at: int, end: int, depth: int, closed_by: tuple[int, int] | None) -> int:
    """Reads elements up to ``end``, or to the delimiter that closes an item of undefined length; gives where it
    stopped."""
    if depth > MAX_DEPTH:
        raise Invalid(Rule.NESTING, f"more than {MAX_DEPTH} deep")
    before = (-1, -1)
    while at < end:
        tag, length, at = _header(data, at, end)
        if tag == closed_by:
            if length:
                raise Invalid(Rule.DELIMITER_LENGTH)
            return at
        if tag <= before or tag[0] in (0x0000, 0x0002, 0xFFFE, 0xFFFF) or tag[0] in (1, 3, 5, 7):
            raise Invalid(Rule.ELEMENTS)
        before = tag
        if length == _UNDEFINED or _is_sequence(data, at, length):
            at = _items(data, at, end if length == _UNDEFINED else at + length, depth, length == _UNDEFINED)
        else:
            _value(tag, data[at : at + length])
            at += length
    if closed_by is not None:
        raise Invalid(Rule.ITEM_OPEN)
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
            raise Invalid(Rule.NO_ITEM)
        if length == _UNDEFINED:
            at = _elements(data, at, end, depth + 1, _ITEM_END)
        else:
            at = _elements(data, at, at + length, depth + 1, None)
    if undefined:
        raise Invalid(Rule.SEQUENCE_OPEN)
    return at


def _header(data: bytes, at: int, end: int) -> tuple[tuple[int, int], int, int]:
    if at + 8 > end:
        raise Invalid(Rule.ELEMENT_CUT)
    group, element, length = struct.unpack_from("<HHI", data, at)
    if length != _UNDEFINED and (length % 2 or at + 8 + length > end):
        raise Invalid(Rule.ELEMENT_LENGTH)
    return (group, element), length, at + 8

"""Command sets of DIMSE messages (PS3.7 annex E), written and read; data sets through pydicom."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

IMPLICIT, SYNTAX = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
COMMANDS = {"store": 0x0001, "get": 0x0010, "find": 0x0020, "move": 0x0021, "echo": 0x0030, "store-answer": 0x8001}
_PRIORITY = {"medium": 0, "high": 1, "low": 2}
_NO_DATA = 0x0101


def encoded(dataset: Dataset, syntax: str) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = syntax == IMPLICIT, True
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def _text(element: int, value: str, padding: bytes) -> bytes:
    raw = value.encode("latin-1")
    raw += padding * (len(raw) % 2)
    return struct.pack("<HHL", 0, element, len(raw)) + raw


def _number(element: int, value: int) -> bytes:
    return struct.pack("<HHLH", 0, element, 2, value)


def command(service: str, sop_class: str, message_id: int, play: Mapping[str, str]) -> bytes:
    """The command set of a request of ``service``, or of the answer to a C-STORE."""
    body = _text(0x0002, sop_class, b"\0") + _number(0x0100, COMMANDS[service])
    if service == "store-answer":
        body += _number(0x0120, message_id) + _number(0x0800, _NO_DATA) + _number(0x0900, 0)
        body += _text(0x1000, play["instance"], b"\0")
    else:
        body += _number(0x0110, message_id)
        if service == "move":
            body += _text(0x0600, play["destination"], b" ")
        if service != "echo":
            body += _number(0x0700, _PRIORITY[play.get("priority", "medium")])
        body += _number(0x0800, _NO_DATA if service == "echo" else 0x0000)
        if service == "store":
            body += _text(0x1000, play["instance"], b"\0")
            if play.get("originator"):
                body += _text(0x1030, play["originator"], b" ")
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def parse_command(raw: bytes) -> dict[str, Any]:
    """``field``, ``status`` (None in a request), ``no-data``, ``id``, ``class``, ``instance``, ``completed``."""
    found: dict[str, Any] = {"status": None, "completed": 0}
    at = 0
    while at + 8 <= len(raw):
        _, element, length = struct.unpack_from("<HHL", raw, at)
        value = raw[at + 8 : at + 8 + length]
        at += 8 + length
        match element:
            case 0x0002:
                found["class"] = value.decode().rstrip("\0")
            case 0x1000:
                found["instance"] = value.decode().rstrip("\0")
            case 0x0100 | 0x0110 | 0x0120 | 0x0800 | 0x0900 | 0x1021:
                number = struct.unpack("<H", value)[0]
                found |= {
                    0x0100: {"field": number},
                    0x0110: {"id": number},
                    0x0120: {},
                    0x0800: {"no-data": number == _NO_DATA},
                    0x0900: {"status": number},
                    0x1021: {"completed": number},
                }[element]
    return found

"""Pictures of 16 x 16 equal pixels in compressed transfer syntaxes, with text wherever a code stream has room."""

from __future__ import annotations

import struct

JPEG = {f"1.2.840.10008.1.2.4.{each}" for each in (50, 51, 57, 70)}
JPEG2000 = {f"1.2.840.10008.1.2.4.{each}" for each in (90, 91, 201, 202, 203)}
RLE = {"1.2.840.10008.1.2.5"}
COMPRESSED = frozenset(JPEG | JPEG2000 | RLE)


def places(syntax: str) -> tuple[str, ...]:
    """Where text can stand in a code stream of ``syntax``."""
    if syntax in JPEG:
        return "comment", "application data", "after the end"
    if syntax in JPEG2000:
        return "comment", "comment of a tile-part", "after the end"
    return ("after the end",)


def encapsulated(syntax: str, texts: dict[str, bytes]) -> bytes:
    """One frame (PS3.5 A.4) with ``texts`` in the ``places``."""
    made = _jpeg if syntax in JPEG else _jpeg2000 if syntax in JPEG2000 else _rle
    stream = made(texts) + texts.get("after the end", b"")
    stream += b"\0" * (len(stream) % 2)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0), struct.pack("<HHL", 0xFFFE, 0xE000, len(stream)), stream
    return b"".join(item)  # pydicom writes the delimiter


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">HH", marker, len(body) + 2) + body


def _jpeg(texts: dict[str, bytes]) -> bytes:
    """Lossless, process 14 (ISO/IEC 10918-1 H): every difference is 0, which is one bit."""
    more = b"".join(
        _segment(marker, texts[name])
        for name, marker in (("comment", 0xFFFE), ("application data", 0xFFE1))
        if name in texts
    )
    frame = _segment(0xFFC3, struct.pack(">BHHB3B", 8, 16, 16, 1, 1, 0x11, 0))
    table = _segment(0xFFC4, bytes([0, 1, *[0] * 15, 0]))
    scan = _segment(0xFFDA, bytes([1, 1, 0, 1, 0, 0]))
    return b"\xff\xd8" + more + frame + table + scan + bytes(32) + b"\xff\xd9"


def _jpeg2000(texts: dict[str, bytes]) -> bytes:
    """ISO/IEC 15444-1 A: one tile, one empty packet."""
    size = struct.pack(">H8LH3B", 0, 16, 16, 0, 0, 16, 16, 0, 0, 1, 7, 1, 1)
    header = _segment(0xFF51, size) + _segment(0xFF52, bytes([0, 0, 0, 1, 0, 0, 4, 4, 0, 1]))
    header += _segment(0xFF5C, bytes([0x40, 0x40]))

    def comment(name: str) -> bytes:
        return _segment(0xFF64, b"\0\1" + texts[name]) if name in texts else b""

    inside = comment("comment of a tile-part")
    part = inside + b"\xff\x93\0"
    start = _segment(0xFF90, struct.pack(">HLBB", 0, 12 + len(part), 0, 1))
    return b"\xff\x4f" + header + comment("comment") + start + part + b"\xff\xd9"


def _rle(texts: dict[str, bytes]) -> bytes:
    """PS3.5 G: one segment, 256 equal bytes."""
    return struct.pack("<16L", 1, 64, *[0] * 14) + bytes([0x81, 0x80, 0x81, 0x80])

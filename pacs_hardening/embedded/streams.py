"""Pixel data without what a picture does not need: comments and application data of code streams, bytes after them."""

from __future__ import annotations

import struct
from itertools import count

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

JPEG, JPEG2000 = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"), ("1.2.840.10008.1.2.4.90",)


class Unreadable(Exception):
    """No code stream, or none that can be read."""


def trimmed(dataset: Dataset, syntax: str) -> bytes:
    """The Pixel Data of ``dataset`` and nothing else. Raises Unreadable."""
    if syntax not in (*JPEG, *JPEG2000):
        return _plain(dataset)
    number = int(dataset.get("NumberOfFrames") or 1)
    try:
        frames = list(generate_frames(dataset.PixelData, number_of_frames=number))
        clean = [(jpeg if syntax in JPEG else jpeg2000)(frame) for frame in frames]
    except (ValueError, IndexError, struct.error) as error:
        raise Unreadable("a code stream that cannot be read") from error
    return encapsulate(clean)


def _plain(dataset: Dataset) -> bytes:
    bits = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel") or 1)
    size = bits * int(dataset.BitsAllocated) * int(dataset.get("NumberOfFrames") or 1) // 8
    data = bytes(dataset.PixelData)[:size]
    return data + b"\0" * (size % 2)


def jpeg(stream: bytes) -> bytes:
    """Without COM and APPn (ISO/IEC 10918-1 B.2), and without what follows EOI."""
    if stream[:2] != b"\xff\xd8":
        raise Unreadable("no SOI")
    clean, at = bytearray(b"\xff\xd8"), 2
    while True:
        marker = stream[at + 1]
        if stream[at] != 0xFF:
            raise Unreadable("no marker")
        if marker == 0xD9:
            return bytes(clean) + b"\xff\xd9"
        end = at + 2 + struct.unpack_from(">H", stream, at + 2)[0]
        if marker == 0xDA:
            end = _after_scan(stream, end)
        if not (marker == 0xFE or 0xE0 <= marker <= 0xEF):
            clean += stream[at:end]
        at = end


def _after_scan(stream: bytes, at: int) -> int:
    """Where the marker stands that ends the entropy-coded data; restart markers do not."""
    for place in count(at):
        if stream[place] == 0xFF and stream[place + 1] != 0 and not 0xD0 <= stream[place + 1] <= 0xD7:
            return place
    raise Unreadable("no end")


def jpeg2000(stream: bytes) -> bytes:
    """Without COM (ISO/IEC 15444-1 A.9.2), in the main header and in tile-parts, and without what follows EOC."""
    if stream[:2] != b"\xff\x4f":
        raise Unreadable("no SOC")
    clean, at = bytearray(b"\xff\x4f"), 2
    while True:
        marker = struct.unpack_from(">H", stream, at)[0]
        if marker == 0xFFD9:
            return bytes(clean) + b"\xff\xd9"
        if marker == 0xFF90:
            part, at = _tile_part(stream, at)
            clean += part
            continue
        end = at + 2 + struct.unpack_from(">H", stream, at + 2)[0]
        if marker != 0xFF64:
            clean += stream[at:end]
        at = end


def _tile_part(stream: bytes, begin: int) -> tuple[bytes, int]:
    size = struct.unpack_from(">L", stream, begin + 6)[0]
    end = begin + size if size else stream.rindex(b"\xff\xd9")
    clean, at = bytearray(stream[begin : begin + 12]), begin + 12
    while (marker := struct.unpack_from(">H", stream, at)[0]) != 0xFF93:
        after = at + 2 + struct.unpack_from(">H", stream, at + 2)[0]
        if marker != 0xFF64:
            clean += stream[at:after]
        at = after
    clean += stream[at:end]
    struct.pack_into(">L", clean, 6, len(clean))
    return bytes(clean), end

"""What bytes hold that cannot be seen in them: compressed streams wherever they begin, and text in escapes."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..model import Unmeasurable

MAX_UNPACKED = 256 << 20
DEPTH = 5  # a ZIP archive in a tar archive in a gzip …
_CHUNK = 16 << 10
_DEFLATED = b"1.2.840.10008.1.2.1.99"  # Deflated Explicit VR Little Endian (PS3.5 A.5)
# How streams begin: gzip, a member of a ZIP archive, zlib (RFC 1950) at its usual levels, a deflated data set.
STARTS = (b"\x1f\x8b\x08", b"PK\3\4", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", _DEFLATED)
UNREAD = frozenset({1, 2, 3, 4, 5, 6, 9, 10, 12, 14, 18, 19, 93, 94, 95, 96, 97, 98, 99})  # of ZIP: APPNOTE.TXT 4.4.5


def decompressed(data: bytes, place: int, start: bytes, most: int = MAX_UNPACKED) -> bytes:
    """The stream that begins with ``start``, as far as it goes; nothing where it is none. Raises Unmeasurable where it
    does not end within ``most`` bytes."""
    bits = -zlib.MAX_WBITS
    if start == STARTS[0]:
        bits = zlib.MAX_WBITS | 16
    elif start == STARTS[1]:
        method = _number(data, place + 8, 2)
        if _number(data, place + 6, 2) & 1 or method in UNREAD:
            raise Unmeasurable(f"a ZIP archive came back whose members cannot be read (method {method})")
        if method != 8:
            return b""  # stored, which is plain; or no ZIP archive
        place += 30 + _number(data, place + 26, 2) + _number(data, place + 28, 2)
    elif start == _DEFLATED:
        meta = data.rfind(b"DICM\2\0\0\0UL\4\0", max(0, place - 1024), place)
        if meta < 0:
            return b""
        place = meta + 16 + _number(data, meta + 12, 4)
    else:
        bits = zlib.MAX_WBITS
    return _inflated(data, place, bits, most)


def _number(data: bytes, place: int, size: int) -> int:
    return int.from_bytes(data[place : place + size], "little")


def _inflated(data: bytes, place: int, bits: int, most: int) -> bytes:
    stream, found, size, step = zlib.decompressobj(bits), [], 0, 256
    while place < len(data) and not stream.eof:
        try:
            found.append(stream.decompress(data[place : place + step]))
        except zlib.error:
            break
        place, step, size = place + step, _CHUNK, size + len(found[-1])
        if size > most:
            raise Unmeasurable("what came back unpacks to more than 256 MiB")
    return b"".join(found)


_Written = Callable[[re.Match[bytes]], bytes]
_ESCAPED: tuple[tuple[re.Pattern[bytes], _Written], ...] = (
    (re.compile(rb"%([0-9A-Fa-f]{2})"), lambda m: bytes.fromhex(m[1].decode())),
    (re.compile(rb"\\x([0-9A-Fa-f]{2})"), lambda m: bytes.fromhex(m[1].decode())),
    (re.compile(rb"\\u([0-9A-Fa-f]{4})"), lambda m: chr(int(m[1], 16)).encode(errors="replace")),
    (re.compile(rb"&#[xX]?[0-9A-Fa-f]{1,8};"), lambda m: html.unescape(m[0].decode()).encode(errors="replace")),
)
ESCAPES = (b"\\x", b"\\u", b"&#", *(b"%%%c" % digit for digit in b"0123456789ABCDEFabcdef"))  # how they begin
_NEAR = 192  # bytes beside an escape that may belong to the same value


def plain(data: bytes, escapes: Sequence[int]) -> Iterator[bytes]:
    """What stands in escapes (percent, JSON, XML), which begin at ``escapes``, written plainly."""
    # A single percent sign is chance: whoever writes one byte of a value so writes others so.
    likely = (each for each in escapes if data[each] != 0x25 or data.count(b"%", max(0, each - 24), each + 24) > 1)
    for begin, end in _near(likely, len(data)):
        text = data[begin:end]
        for pattern, written in _ESCAPED:
            text = pattern.sub(written, text)
        yield text


def _near(places: Iterable[int], size: int) -> Iterator[tuple[int, int]]:
    """The stretches around ``places``, which ascend."""
    begin = end = -1
    for place in places:
        if end < 0 or place - _NEAR > end:
            if end >= 0:
                yield begin, end
            begin = max(0, place - _NEAR)
        end = min(size, place + _NEAR)
    if end >= 0:
        yield begin, end

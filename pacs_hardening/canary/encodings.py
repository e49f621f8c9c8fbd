"""How a canary may be written down: each kind of value, plain and in every encoding that an archive may answer in."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .tokens import (
    DIGITS,
    FRACTION,
    INTEGER,
    SECONDS,
    SIGN_DIGITS,
    SIGNS,
    UID,
    WORD,
)

Window = tuple[bytes, int]  # what stands around a marker, decoded; and where in it the marker begins
_CHARACTER_SETS = ("euc_jp", "shift_jis", "gb18030", "utf-16-le", "utf-16-be")


@dataclass(frozen=True)
class Kind:
    """``marker`` stands ``before`` bytes after the beginning of what ``pattern`` matches, within ``after`` bytes;
    ``read`` turns the match into the value."""

    marker: bytes
    pattern: re.Pattern[bytes]
    before: int = 0
    after: int = 36
    read: Callable[[bytes], str] = bytes.decode


@dataclass(frozen=True)
class Writing:
    """``kind`` is written here where ``marker`` is found; ``around`` gives the window around that place."""

    marker: bytes
    kind: Kind
    around: Callable[[bytes, int, Kind], Window]

    def value(self, data: bytes, place: int) -> str | None:
        window, at = self.around(data, place, self.kind)
        begin = at - self.kind.before
        match = self.kind.pattern.match(window, begin, begin + self.kind.after) if begin >= 0 else None
        return self.kind.read(match[0]) if match else None


def _read_signs(name: str) -> Callable[[bytes], str]:
    return lambda match: match.decode(name, errors="replace")


def _word(marker: str) -> Kind:
    digits = f"[{DIGITS}{DIGITS.lower()}]{{0,5}}"
    return Kind(marker.encode(), re.compile((marker + digits).encode()), read=lambda match: match.decode().upper())


def _kinds() -> Iterator[Kind]:
    """Those that may be written in any way."""
    yield _word(WORD)
    yield Kind(UID.encode(), re.compile(re.escape(UID).encode() + rb"\d{0,17}"))
    yield Kind(SECONDS.encode(), re.compile(rb"\d{6}" + re.escape(SECONDS).encode() + rb"\d\d"), 6)
    yield Kind(FRACTION.encode(), re.compile(rb"\d{7}" + re.escape(FRACTION).encode()), 7)
    yield Kind(INTEGER.encode(), re.compile(INTEGER.encode() + rb"\d\d(?!\d)"))
    yield Kind(b"0229", re.compile(rb"(?<![0-9.])1[6-9]\d\d0229"), 4)
    iso = re.compile(rb"(?<![0-9.])1[6-9]\d\d-02-29")
    yield Kind(b"-02-29", iso, 4, read=lambda match: match.decode().replace("-", ""))
    five = 5 * len(SIGN_DIGITS[0].encode())
    signs = re.compile(b"(?s)" + SIGNS.encode() + b".{%d}" % five)
    yield Kind(SIGNS.encode(), signs, read=_read_signs("utf-8"))


def encodings() -> Iterator[Writing]:
    """All markers that one pass looks for."""
    for kind in _kinds():
        yield Writing(kind.marker, kind, _plain)
        yield Writing(b"\0".join(kind.marker[n : n + 1] for n in range(len(kind.marker))), kind, _wide)
        for digits in {kind.marker.hex(), kind.marker.hex().upper()}:
            yield Writing(digits.encode(), kind, _hex)
        for offset in range(3):  # what of the marker is the same whatever stands before and after it
            whole = base64.b64encode(bytes(offset) + kind.marker)
            first, last = -(-offset * 8 // 6), (offset + len(kind.marker)) * 8 // 6
            sure, around = whole[first:last], _base64(first, offset)
            yield Writing(sure, kind, around)
            for fold in (b"\n", b"\r\n"):  # a line may end within it (RFC 2045 6.8)
                yield from (Writing(sure[:n] + fold + sure[n:], kind, around) for n in range(1, len(sure)))
    for marker in (WORD.lower(), WORD.title()):
        yield Writing(marker.encode(), _word(marker), _plain)
    for name in _CHARACTER_SETS:
        start, size = SIGNS.encode(name), len(SIGN_DIGITS[0].encode(name))
        pattern = re.compile(b"(?s)" + re.escape(start) + b".{%d}" % (5 * size))
        yield Writing(start, Kind(start, pattern, read=_read_signs(name)), _plain)
    start = SIGNS.encode("iso2022_jp")[3:-3]  # without the escape sequences
    japanese = re.compile(re.escape(start) + rb"[\x21-\x7e]{10}")
    decode = _read_signs("iso2022_jp")
    yield Writing(start, Kind(start, japanese, read=lambda match: decode(b"\x1b$B" + match)), _plain)


def _plain(data: bytes, place: int, kind: Kind) -> Window:
    return data, place


def _wide(data: bytes, place: int, kind: Kind) -> Window:
    """UTF-16 in either order: every second byte. One more than the value, to see what stands before it."""
    left = min(kind.before + 1, place // 2)
    return data[place - 2 * left : place + 2 * kind.after : 2], left


def _hex(data: bytes, place: int, kind: Kind) -> Window:
    left = re.search(rb"(?:[0-9A-Fa-f]{2})*\Z", data[max(0, place - 2 * (kind.before + 1)) : place])
    right = re.match(rb"(?:[0-9A-Fa-f]{2})*", data[place : place + 2 * kind.after])
    before, after = left[0] if left else b"", right[0] if right else b""
    return bytes.fromhex((before + after).decode()), len(before) // 2


def _base64(first: int, offset: int) -> Callable[[bytes, int, Kind], Window]:
    """The marker's first digit that is certain is the ``first`` of its group of four, its first byte the one at
    ``offset``. The alphabet for URLs (RFC 4648 5) counts as well."""

    def around(data: bytes, place: int, kind: Kind) -> Window:
        before = data[max(0, place - 64) : place].translate(None, b"\r\n")
        data, place = before + data[place : place + 2 * kind.after + 8].translate(None, b"\r\n"), len(before)
        groups = -(-(kind.before + 1) // 3)
        begin = place - first
        left = re.search(rb"(?:[\w+/-]{4})*\Z", data[max(0, begin - 4 * groups) : max(0, begin)])
        head = left[0] if left else b""
        # The digits before the marker may be cut off: their bits say nothing of it.
        unsure = data[begin:place] if begin >= 0 and re.fullmatch(rb"[\w+/-]*", data[begin:place]) else b"A" * first
        right = re.match(rb"[\w+/-]*", data[place : place + 2 * kind.after])
        digits = (head + unsure + (right[0] if right else b"")).translate(bytes.maketrans(b"-_", b"+/"))
        digits += b"A" * (-len(digits) % 4) if len(digits) % 4 != 1 else b""
        return base64.b64decode(digits[: len(digits) // 4 * 4]), len(head) // 4 * 3 + offset

    return around

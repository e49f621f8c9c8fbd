"""Finds canaries in any bytes: one pass for all of them, in every encoding that an archive may answer in."""

from __future__ import annotations

import base64
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from ahocorasick_rs import BytesAhoCorasick

from .tokens import DIGITS, FRACTION, INTEGER, SECONDS, SIGN_DIGITS, SIGNS, UID, WORD

_CHARACTER_SETS = ("utf-8", "euc_jp", "shift_jis", "gb18030", "utf-16-le", "utf-16-be")
MAX_UNPACKED = 256 << 20


@dataclass(frozen=True)
class _Form:
    """``marker`` stands ``before`` bytes after the beginning of what ``pattern`` matches, within ``after`` bytes;
    ``encoding`` turns the match into text."""

    marker: bytes
    pattern: re.Pattern[bytes]
    encoding: str = "ascii"
    before: int = 0
    after: int = 64


def _forms() -> Iterator[_Form]:
    word = f"{WORD}[{DIGITS}]{{0,5}}"
    yield _Form(WORD.encode(), re.compile(word.encode()))
    yield _Form(WORD.lower().encode(), re.compile(word.lower().encode()), "lower")
    for wide in ("utf-16-le", "utf-16-be"):
        letter = b"[%s]\0" if wide == "utf-16-le" else b"\0[%s]"
        letters = b"(?:%s){0,5}" % (letter % DIGITS.encode())
        yield _Form(WORD.encode(wide), re.compile(re.escape(WORD.encode(wide)) + letters), wide)
    percent = "".join(f"%{ord(c):02X}" for c in WORD)
    yield _Form(percent.encode(), re.compile(percent.encode() + rb"[%0-9A-Fa-f]{0,15}"), "percent")
    for digits in (WORD.encode().hex(), WORD.encode().hex().upper()):
        yield _Form(digits.encode(), re.compile(digits.encode() + rb"[0-9A-Fa-f]{0,10}"), "hex")
    for offset in range(3):  # what of the word is the same whatever stands before and after it
        whole = base64.b64encode(bytes(offset) + WORD.encode())
        first, last = -(-offset * 8 // 6), (offset + len(WORD)) * 8 // 6
        yield _Form(whole[first:last], re.compile(rb"[A-Za-z0-9+/]{1,24}"), f"base64-{offset}", 0, 24)
    yield _Form(UID.encode(), re.compile(re.escape(UID).encode() + rb"\d{0,17}"))
    yield _Form(SECONDS.encode(), re.compile(rb"\d{6}" + re.escape(SECONDS).encode() + rb"\d\d"), "ascii", 6)
    yield _Form(FRACTION.encode(), re.compile(rb"\d{7}" + re.escape(FRACTION).encode()), "ascii", 7)
    yield _Form(INTEGER.encode(), re.compile(INTEGER.encode() + rb"\d\d(?!\d)"))
    yield _Form(b"0229", re.compile(rb"(?<![0-9.])1[6-9]\d\d0229"), "ascii", 4)
    yield _Form(b"-02-29", re.compile(rb"(?<![0-9.])1[6-9]\d\d-02-29"), "iso", 4)
    for name in _CHARACTER_SETS:
        size = len(SIGN_DIGITS[0].encode(name))
        start = SIGNS.encode(name)
        yield _Form(start, re.compile(b"(?s)" + re.escape(start) + b".{%d}" % (5 * size)), name)
    start = SIGNS.encode("iso2022_jp")[3:-3]  # without the escape sequences
    yield _Form(start, re.compile(re.escape(start) + rb"[\x21-\x7e]{10}"), "iso2022_jp")
    escaped = "".join(f"\\u{ord(c):04x}" for c in SIGNS)
    for text in (escaped, escaped.upper().replace("\\U", "\\u")):
        yield _Form(text.encode(), re.compile(re.escape(text).encode() + rb"[\\u0-9A-Fa-f]{30}"), "escaped")
    yield _Form(quote(SIGNS).encode(), re.compile(quote(SIGNS).encode() + rb"[%0-9A-Fa-f]{45}"), "percent")


def _text(match: bytes, form: _Form) -> str:
    name = form.encoding
    if name == "lower":
        return match.decode().upper()
    if name == "hex":
        return bytes.fromhex(match.decode()[: len(match) // 2 * 2]).decode("latin-1")
    if name == "percent":
        return re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), match).decode(errors="replace")
    if name == "escaped":
        return re.sub(rb"\\u([0-9A-Fa-f]{4})", lambda m: chr(int(m[1], 16)).encode(), match).decode()
    if name == "iso":
        return match.decode().replace("-", "")
    if name == "iso2022_jp":
        return (b"\x1b$B" + match).decode(name, errors="replace")
    if name.startswith("base64-"):
        offset = int(name[-1])
        whole = b"A" * -(-offset * 8 // 6) + match  # the bits before are unknown; the marker says what they were
        return WORD + base64.b64decode(whole[: len(whole) // 4 * 4])[offset + len(WORD) :][:5].decode("latin-1")
    return match.decode(name, errors="replace")


class Searcher:
    """``found`` maps bytes to the canaries in them, as their values. ``seen`` counts the bytes searched."""

    def __init__(self) -> None:
        self._forms = list(_forms())
        self._automaton = BytesAhoCorasick([form.marker for form in self._forms])
        self.seen = 0

    def found(self, data: bytes) -> set[str]:
        """Also within ZIP and gzip. Raises ValueError where what is packed unpacks to more than 256 MiB."""
        found = {value for piece in unpacked(data) for value in self._in(piece)}
        # One writing can look like another one of which the end is missing: the whole value counts.
        short = {value for value in found if value.startswith(WORD) and len(value) < len(WORD) + 5}
        return found - {value for value in short if any(each != value and each.startswith(value) for each in found)}

    def _in(self, data: bytes) -> Iterator[str]:
        self.seen += len(data)
        for number, start, _ in self._automaton.find_matches_as_indexes(data, overlapping=True):
            form = self._forms[number]
            begin = start - form.before
            match = form.pattern.match(data, begin, begin + form.after) if begin >= 0 else None
            if match:
                yield _text(match[0], form)


def unpacked(data: bytes) -> Iterator[bytes]:
    """The bytes themselves; of a ZIP archive also the members and their names, of gzip the content."""
    yield data
    try:
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
                    raise ValueError("a ZIP archive unpacks to more than 256 MiB")
                for member in archive.infolist():
                    yield member.filename.encode()
                    yield archive.read(member)
        elif data[:2] == b"\x1f\x8b":
            yield gzip.GzipFile(fileobj=io.BytesIO(data)).read(MAX_UNPACKED)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        return

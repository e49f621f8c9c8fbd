"""How a message can be written (HL7 v2.5.1 2.5) without saying anything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...model import Hl7
from ...wire.adt import Draft
from ..dimension import Dimension, Layer, Value
from .sending import Sending

_DELIMITERS = {
    "hash": b"#:*%$",
    "letters": b"!@+\\'",
    "exclamation": b"!^~\\&",
    "comma": b",^~\\&",
    "no-escape": b"|^~?&",
    "with-truncation": b"|^~\\&#",
    "three": b"|^~\\",
    "doubled": b"|^~\\&^~\\&",
}
# MSH-13 to 21 (2.15.9): sequence, continuation, when to acknowledge, country, character sets, language, profile.
_FURTHER = {
    "sequence number": (b"1",),
    "continuation": (b"", b"X"),
    "acknowledge always": (b"", b"", b"AL", b"AL"),
    "country": (b"", b"", b"", b"", b"USA"),
    "UTF-8": (b"", b"", b"", b"", b"", b"UNICODE UTF-8"),
    "several character sets": (b"", b"", b"", b"", b"", b"8859/1~UNICODE UTF-8"),
    "language": (b"", b"", b"", b"", b"", b"", b"en"),
    "profile": (b"", b"", b"", b"", b"", b"", b"", b"", b"IHE_PIX"),
}
_PROCESSING = {"test": b"T", "debug": b"D", "training": b"P^T", "archive": b"P^A", "empty": b""}
_VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.9", "3.0")


def line_feeds(raw: bytes) -> bytes:
    return raw.replace(b"\r", b"\n")


def both(raw: bytes) -> bytes:
    return raw.replace(b"\r", b"\r\n")


def marked(raw: bytes) -> bytes:
    return b"\xef\xbb\xbf" + raw


def led(raw: bytes) -> bytes:
    return b"\r\r" + raw


def lower(raw: bytes) -> bytes:
    return b"msh" + raw[3:]


def trailing(raw: bytes) -> bytes:
    return raw.replace(b"\r", b"||||\r", 1)


def written(settings: Hl7) -> list[Dimension[Sending]]:
    """To stand last among the dimensions: what goes before a message is it as all others made it."""

    def put(**said: object) -> Callable[[Sending], Sending]:
        return lambda sending: replace(sending, draft=replace(sending.draft, **said))  # type: ignore[arg-type]

    spelt = {
        "line-feeds": line_feeds,
        "both-ends": both,
        "byte-order-mark": marked,
        "empty-segments": led,
        "lower-case-header": lower,
        "trailing-fields": trailing,
    }
    kinds: dict[str, list[Value[Sending]]] = {
        "delimiters": [Value(name, put(delimiters=each), 5, mixes=False) for name, each in _DELIMITERS.items()],
        "processing": [Value(name, put(processing=each), 2) for name, each in _PROCESSING.items()],
        "version": [Value(each, put(version=each.encode()), 2) for each in _VERSIONS],
        "security": [Value(name, put(security=each), 2) for name, each in {"word": b"TEST", "null": b'""'}.items()],
        "further fields": [Value(name, put(further=each), 2, mixes=False) for name, each in _FURTHER.items()],
        "spelling": [Value(name, put(spelt=each), 3, mixes=False) for name, each in spelt.items()],
    }
    dimensions = [Dimension(name, tuple(values), Layer.ASSOCIATION) for name, values in kinds.items()]
    return [*dimensions, _position(settings)]


def _position(settings: Hl7) -> Dimension[Sending]:
    """Which message of a connection it is: a check may be made once only."""

    def after(times: int, *, permitted: bool = False, at_once: bool = False) -> Callable[[Sending], Sending]:
        def behind(sending: Sending) -> Sending:
            first = Draft.of(settings) if permitted else sending.draft
            return replace(sending, before=(first,) * times, at_once=at_once)

        return behind

    kinds = {
        "second": after(1),
        "after-a-permitted-one": after(1, permitted=True),
        "fifth": after(4),
        "at-once-with-itself": after(1, at_once=True),
        "at-once-with-a-permitted-one": after(1, permitted=True, at_once=True),
        "fifth-after-permitted-ones": after(4, permitted=True),
    }
    values = tuple(Value(name, change, 6, mixes=False) for name, change in kinds.items())
    return Dimension("position", values, Layer.ASSOCIATION)

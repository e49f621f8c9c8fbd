"""How a message can be written (HL7 v2.5.1 2.5) without saying anything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..dimension import Dimension, Layer, Value
from .sending import Sending

_DELIMITERS = {
    "hash": b"#:*%$",
    "letters": b"!@+\\'",
    "exclamation": b"!^~\\&",
    "comma": b",^~\\&",
    "no-escape": b"|^~?&",
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


def written() -> list[Dimension[Sending]]:
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
        "spelling": [Value(name, put(spelt=each), 3, mixes=False) for name, each in spelt.items()],
    }
    return [Dimension(name, tuple(values), Layer.ASSOCIATION) for name, values in kinds.items()]

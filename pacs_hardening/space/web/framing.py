"""How a request tells where its body ends, and how its head is written (RFC 9112 2.2, 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias


def _chunked(body: bytes) -> bytes:
    return (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"


def _length(spelt: str) -> Framing:
    return lambda body: ({"Content-Length": spelt.format(len(body))}, body)


def _coded(coding: str) -> Framing:
    return lambda body: ({"Transfer-Encoding": coding}, _chunked(body))


Framing: TypeAlias = Callable[[bytes], tuple[dict[str, str], bytes]]
FRAMED: dict[str, Framing] = {
    "": lambda body: ({}, body),
    "chunked": _coded("chunked"),
    "Chunked": _coded("Chunked"),
    "identity, chunked": _coded("identity, chunked"),
    "gzip, chunked": _coded("gzip, chunked"),
    "identity": lambda body: ({"Transfer-Encoding": "identity", "Content-Length": str(len(body))}, body),
    "chunked and a length": lambda body: (
        {"Transfer-Encoding": "chunked", "Content-Length": str(len(_chunked(body)))},
        _chunked(body),
    ),
    "a length": _length("{}"),
    "a length with a sign": _length("+{}"),
    "a length with zeros": _length("00{}"),
    "a body": lambda body: ({"Content-Length": str(len(body) + 1)}, body + b" "),
    "bare line feeds": lambda body: ({}, body),
    "an empty line first": lambda body: ({}, body),
}
HEADS: dict[str, Callable[[bytes], bytes]] = {
    "bare line feeds": lambda head: head.replace(b"\r\n", b"\n"),
    "an empty line first": lambda head: b"\r\n" + head,
}

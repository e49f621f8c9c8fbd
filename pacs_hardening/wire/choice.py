"""What a server says to a ClientHello: its choices, up to where the client would have to speak again. A hostile server
may write anything; what is read is bounded, and what cannot be read raises Malformed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..model.response import Alert, Closed, TlsAlert
from .suites import GROUPS, NUMBERS, Suite, bits, suites

CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23  # RFC 8446 5.1
SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE = 2, 11, 12, 14
SUPPORTED_VERSIONS, COOKIE, KEY_SHARE, RENEGOTIATION_INFO = 43, 44, 51, 0xFF01
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")  # RFC 8446 4.1.3
NAMED_CURVE = 3  # RFC 8422 5.4
MAX_FLIGHT = 1 << 18  # bytes of all that a server says before it is the client's turn
Receive: TypeAlias = Callable[[int], bytes]


class Malformed(Exception):
    """The server's bytes are no answer to a ClientHello, or more than we are ready to read."""


@dataclass(frozen=True)
class Choice:
    """What the server chose. ``group``: its ephemeral key, by IANA name of the group, or ``dhe``, with bits; None where
    it has none. ``certificates``: the chain as it was sent, DER, empty in TLS 1.3, which encrypts it. ``binds``: it
    knows secure renegotiation (RFC 5746). ``retry``: it asks for a key of ``group`` (HelloRetryRequest)."""

    version: str
    suite: Suite
    group: tuple[str, int] | None = None
    certificates: tuple[bytes, ...] = ()
    compression: int = 0
    binds: bool = False
    retry: bool = False
    cookie: bytes = b""
    random: bytes = b""


def read_choice(receive: Receive, offered: str) -> Choice | TlsAlert | Closed:
    """The answer to a hello of version ``offered``, where ``receive(limit)`` gives what has arrived, empty at the end
    of the stream. Raises Malformed, and whatever ``receive`` raises."""
    stream = _Stream(receive)
    try:
        return _ssl2(stream) if offered == "SSL 2.0" else _tls(stream)
    except EOFError:
        return Closed()
    except (struct.error, IndexError, ValueError) as error:
        raise Malformed(f"no answer to a ClientHello: {error}") from error


class _Stream:
    def __init__(self, receive: Receive) -> None:
        self._receive, self._data, self.read_so_far = receive, bytearray(), 0

    def take(self, count: int) -> bytes:
        if self.read_so_far + count > MAX_FLIGHT:
            raise Malformed(f"more than {MAX_FLIGHT >> 10} KiB in answer to a ClientHello")
        while len(self._data) < count:
            piece = self._receive(count - len(self._data))
            if not piece:
                raise EOFError
            self._data += piece
        taken = bytes(self._data[:count])
        del self._data[:count]
        self.read_so_far += count
        return taken


def _records(stream: _Stream) -> Iterator[tuple[int, bytes]]:
    while True:
        kind, version, length = struct.unpack(">BHH", stream.take(5))
        if not CHANGE_CIPHER <= kind <= APPLICATION_DATA or version >> 8 != 3 or length > (1 << 14) + 2048:
            raise ValueError(f"a record of type {kind}, version {version:04x}, {length} bytes")
        yield kind, stream.take(length)


@dataclass
class _Flight:
    """What has been read of a server's first flight."""

    choice: Choice | None = None
    pending: bytearray = field(default_factory=bytearray)

    def messages(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        self.pending += piece
        while len(self.pending) >= 4:
            length = int.from_bytes(self.pending[1:4], "big")
            if length > MAX_FLIGHT:
                raise ValueError(f"a handshake message of {length} bytes")
            if len(self.pending) < 4 + length:
                return
            kind, body = self.pending[0], bytes(self.pending[4 : 4 + length])
            del self.pending[: 4 + length]
            yield kind, body


def _tls(stream: _Stream) -> Choice | TlsAlert:
    flight = _Flight()
    for kind, content in _records(stream):
        if kind == ALERT:
            level, description = content
            if (
                level == 1 and description != Alert.CLOSE_NOTIFY
            ):  # a warning, as unrecognized_name: the handshake goes on
                continue
            return TlsAlert(description)
        if flight.choice is not None and flight.choice.version == "TLS 1.3" and kind != HANDSHAKE:
            return flight.choice  # what follows is encrypted
        if kind == CHANGE_CIPHER and flight.choice is None:
            continue  # after a HelloRetryRequest (RFC 8446 D.4)
        if kind != HANDSHAKE:
            raise ValueError(f"a record of type {kind} within the handshake")
        for message, body in flight.messages(content):
            choice = _understood(flight.choice, message, body)
            if message == SERVER_HELLO_DONE and choice.suite.ephemeral and choice.group is None:
                raise ValueError(f"{choice.suite.name} without a ServerKeyExchange")
            if choice.retry or message == SERVER_HELLO_DONE:
                return choice
            flight.choice = choice
    raise AssertionError("records end with the stream")


def _understood(choice: Choice | None, message: int, body: bytes) -> Choice:
    if choice is None:
        if message != SERVER_HELLO:
            raise ValueError(f"handshake message {message} before the ServerHello")
        return _server_hello(body)
    if message == CERTIFICATE:
        return replace(choice, certificates=tuple(_chain(body)))
    if message == SERVER_KEY_EXCHANGE:
        return replace(choice, group=_ephemeral(choice.suite, body))
    return choice


class _Fields:
    """The fields of a message, in turn. Raises ValueError where one runs over its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("a field runs over the end of its message")
        return self._data[self._at - count : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        return self.take(self.number(size))


def _server_hello(body: bytes) -> Choice:
    fields = _Fields(body)
    version, random = fields.number(2), fields.take(32)
    fields.vector(1)
    number, compression = fields.number(2), fields.number(1)
    extensions = dict(_extensions(_Fields(fields.vector(2)))) if fields else {}
    if SUPPORTED_VERSIONS in extensions:
        version = int.from_bytes(extensions[SUPPORTED_VERSIONS], "big")
    names = {value: name for name, value in NUMBERS.items()}
    if version not in names:
        raise ValueError(f"version {version:04x}")
    share, retry = extensions.get(KEY_SHARE, b""), random == RETRY
    group = _named(int.from_bytes(share[:2], "big")) if names[version] == "TLS 1.3" and share else None
    cookie = _Fields(extensions[COOKIE]).vector(2) if COOKIE in extensions else b""
    known = _suite(names[version], number)
    return Choice(
        names[version],
        known,
        group,
        compression=compression,
        binds=RENEGOTIATION_INFO in extensions,
        retry=retry,
        cookie=cookie,
        random=random,
    )


def _extensions(fields: _Fields) -> Iterator[tuple[int, bytes]]:
    while fields:
        yield fields.number(2), fields.vector(2)


def _suite(version: str, number: int) -> Suite:
    return next(
        (each for each in suites(version) if each.number == number), Suite(number, f"unknown suite {number:04x}")
    )


def _named(group: int) -> tuple[str, int]:
    return (GROUPS[group], bits(GROUPS[group])) if group in GROUPS else (f"unknown group {group:04x}", 0)


def _chain(body: bytes) -> Iterator[bytes]:
    fields = _Fields(_Fields(body).vector(3))
    while fields:
        yield fields.vector(3)


def _ephemeral(suite: Suite, body: bytes) -> tuple[str, int] | None:
    """RFC 5246 7.4.3, RFC 8422 5.4; with a pre-shared key its hint comes first (RFC 4279 2, RFC 5489 2)."""
    fields = _Fields(body)
    if "PSK" in suite.family:
        fields.vector(2)
    if suite.ephemeral == "ecdhe":
        kind = fields.number(1)
        return _named(fields.number(2)) if kind == NAMED_CURVE else ("a curve of its own", 0)
    return ("dhe", int.from_bytes(fields.vector(2), "big").bit_length()) if suite.ephemeral == "dhe" else None


def _ssl2(stream: _Stream) -> Choice | TlsAlert:
    """SERVER-HELLO of the SSL 2.0 draft, 2.6; or an ERROR, or what a server says that knows TLS only."""
    first, second = stream.take(2)
    if first == ALERT and second == 3:
        return TlsAlert(stream.take(5)[-1])
    length = (first & 0x7F) << 8 | second
    if not first & 0x80:  # a header of three bytes
        length = (first & 0x3F) << 8 | second
        stream.take(1)
    message = _Fields(stream.take(length))
    kind = message.number(1)
    if kind == 0:
        return TlsAlert(Alert.HANDSHAKE_FAILURE)  # an ERROR: it has no other reason that would matter (2.7)
    if kind != 4:
        raise ValueError(f"SSL 2.0 message {kind}")
    message.take(2)  # session-ID-hit, certificate type
    version, certificate, suites_length, _ = (message.number(2) for _ in range(4))
    if version != NUMBERS["SSL 2.0"]:
        raise ValueError(f"version {version:04x} in SSL 2.0")
    shown = message.take(certificate)
    chosen = message.take(suites_length)
    if len(chosen) < 3:
        return TlsAlert(Alert.HANDSHAKE_FAILURE)  # no suite in common: the client is to end it (2.6)
    return Choice("SSL 2.0", _suite("SSL 2.0", int.from_bytes(chosen[:3], "big")), None, (shown,))

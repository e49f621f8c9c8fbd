"""ClientHellos as bytes, from SSL 2.0 to TLS 1.3. They may offer what no TLS library would: nothing here judges."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType

from .suites import NUMBERS

HANDSHAKE = 22
NO_COMPRESSION, DEFLATE = 0, 1  # RFC 3749 2.1
FALLBACK_SCSV, RENEGOTIATION_SCSV = 0x5600, 0x00FF  # RFC 7507 2, RFC 5746 3.3
SERVER_NAME, SUPPORTED_GROUPS, POINT_FORMATS, SIGNATURES, EXTENDED_MASTER_SECRET, SESSION_TICKET = 0, 10, 11, 13, 23, 35
SUPPORTED_VERSIONS, COOKIE, KEY_SHARE, RENEGOTIATION_INFO = 43, 44, 51, 0xFF01
# Everything that has ever signed a key exchange, strongest first: RFC 8446 4.2.3 and, below it, hash and signature of
# RFC 5246 7.4.1.4.1 (MD5 to SHA-512 with RSA, DSA, ECDSA).
ANY_SIGNATURE = (
    *(0x0807, 0x0808, 0x0603, 0x0503, 0x0403, 0x081A, 0x081B, 0x081C, 0x0806, 0x0805, 0x0804, 0x080B, 0x080A, 0x0809),
    *(0x0601, 0x0501, 0x0401, 0x0301, 0x0303, 0x0201, 0x0203, 0x0602, 0x0502, 0x0402, 0x0302, 0x0202, 0x0101, 0x0103),
)


@dataclass(frozen=True)
class ClientHello:
    """What a client offers in ``version`` and in no other. ``suites``, ``groups`` and ``signatures`` are numbers;
    ``shares``: group -> public key of the client (TLS 1.3). ``renegotiation``: verify_data of the connection that is
    renegotiated (RFC 5746 3.5), empty on a new one; None leaves the extension out. ``ticket``: a session ticket, empty
    to ask for one; None asks for none. SSL 2.0 and 3.0 have no extensions."""

    version: str
    suites: Sequence[int]
    server_name: str = ""
    groups: Sequence[int] = ()
    signatures: Sequence[int] = ANY_SIGNATURE
    compressions: Sequence[int] = (NO_COMPRESSION,)
    shares: Mapping[int, bytes] = field(default_factory=lambda: MappingProxyType({}))
    cookie: bytes = b""
    renegotiation: bytes | None = b""
    ticket: bytes | None = None
    random: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def record(self) -> bytes:
        """The hello in a record of its own, as it opens a connection."""
        if self.version == "SSL 2.0":
            body = self._ssl2()
            return struct.pack(">H", 0x8000 | len(body)) + body
        return struct.pack(">BHH", HANDSHAKE, min(NUMBERS[self.version], 0x0301), len(self.message())) + self.message()

    def message(self) -> bytes:
        """The handshake message (RFC 8446 4.1.2, RFC 5246 7.4.1.2)."""
        new = self.version == "TLS 1.3"
        body = struct.pack(">H", 0x0303 if new else NUMBERS[self.version]) + self.random
        body += _vector(1, self.random if new else b"")  # a session ID shows middleboxes what they know: RFC 8446 D.4
        body += _vector(2, _numbers(self.suites)) + _vector(1, bytes(self.compressions))
        if self.version != "SSL 3.0":
            body += _vector(2, b"".join(_extension(*each) for each in self._extensions()))
        return b"\1" + struct.pack(">I", len(body))[1:] + body

    def _ssl2(self) -> bytes:
        """CLIENT-HELLO of the SSL 2.0 draft of 1995, 2.5: each suite has three bytes."""
        suites = b"".join(struct.pack(">I", suite)[1:] for suite in self.suites)
        return struct.pack(">BHHHH", 1, 2, len(suites), 0, 16) + suites + self.random[:16]

    def _extensions(self) -> list[tuple[int, bytes]]:
        new = self.version == "TLS 1.3"
        offered: list[tuple[int, bytes]] = []
        if _is_name(self.server_name):
            offered.append((SERVER_NAME, _vector(2, b"\0" + _vector(2, self.server_name.encode("idna")))))
        if self.groups:
            offered.append((SUPPORTED_GROUPS, _vector(2, _numbers(self.groups))))
        if self.groups and not new:
            offered.append((POINT_FORMATS, _vector(1, b"\0\1\2")))
        if self.version in ("TLS 1.2", "TLS 1.3"):
            offered.append((SIGNATURES, _vector(2, _numbers(self.signatures))))
        if not new:
            offered.append((EXTENDED_MASTER_SECRET, b""))  # RFC 7627: who had it must have it again
        if self.ticket is not None and not new:
            offered.append((SESSION_TICKET, self.ticket))
        if self.renegotiation is not None and not new:
            offered.append((RENEGOTIATION_INFO, _vector(1, self.renegotiation)))
        if new:
            offered.append((SUPPORTED_VERSIONS, _vector(1, _numbers([NUMBERS[self.version]]))))
            shares = b"".join(struct.pack(">H", group) + _vector(2, key) for group, key in self.shares.items())
            offered.append((KEY_SHARE, _vector(2, shares)))
        if self.cookie:
            offered.append((COOKIE, _vector(2, self.cookie)))
        return offered


def _numbers(values: Sequence[int]) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


def _vector(size: int, content: bytes) -> bytes:
    """Content after its length in ``size`` bytes (RFC 8446 3.4)."""
    return len(content).to_bytes(size, "big") + content


def _extension(kind: int, content: bytes) -> bytes:
    return struct.pack(">H", kind) + _vector(2, content)


def _is_name(name: str) -> bool:
    """RFC 6066 3: literal addresses are not permitted in server_name."""
    try:
        ip_address(name)
    except ValueError:
        return bool(name)
    return False

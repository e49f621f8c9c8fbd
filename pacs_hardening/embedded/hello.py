"""What a peer says before TLS begins, its server name and versions: asking for a certificate may depend on it.

An ``ssl.SSLContext`` can be changed during the handshake (sni_callback), but not its verify mode.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

_MOST = 16 << 10


def server_name(sock: socket.socket) -> str:
    """Of the ClientHello (RFC 8446 4.1.2, RFC 6066 3), which stays unread; empty where none came or none is in it."""
    return extensions(sock).get(0, b"")[5:].decode("latin-1")


def offers_tls13(sock: socket.socket) -> bool:
    """Whether TLS 1.3 is among the supported versions (RFC 8446 4.2.1)."""
    versions = extensions(sock).get(43, b"")[1:]
    return b"\3\4" in [versions[at : at + 2] for at in range(0, len(versions), 2)]


def extensions(sock: socket.socket) -> dict[int, bytes]:
    """Of the ClientHello, by type."""
    with suppress(OSError, struct.error, IndexError):
        head = sock.recv(5, socket.MSG_PEEK | socket.MSG_WAITALL)
        (length,) = struct.unpack_from(">H", head, 3)
        record = sock.recv(min(length + 5, _MOST), socket.MSG_PEEK | socket.MSG_WAITALL)
        return _extensions(record[5:])
    return {}


def _extensions(hello: bytes) -> dict[int, bytes]:
    at = 4 + 2 + 32  # handshake header, version, random
    at += 1 + hello[at]  # session ID
    at += 2 + struct.unpack_from(">H", hello, at)[0]  # cipher suites
    at += 1 + hello[at]  # compression methods
    at += 2
    found = {}
    while at + 4 <= len(hello):
        kind, size = struct.unpack_from(">HH", hello, at)
        found[kind] = hello[at + 4 : at + 4 + size]
        at += 4 + size
    return found

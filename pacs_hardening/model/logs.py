"""Where the audit records of a target can be seen. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field

from .declared import FILE, Inline, Text, Texts, key
from .peers import KeyPair

_HERE = (FILE,)


@dataclass(frozen=True)
class AuditLog:
    """One of three."""

    listen: str = field(
        default="",
        metadata=key(
            Text(
                r"(tls|tcp|udp)://[^/\s]+:\d{1,5}", "an address to receive at", "tls://, tcp:// or udp://address:port"
            ),
            "The suite receives there, for as long as the gate lasts: send records there as well.",
            '"udp://127.0.0.1:5140"',
            places=_HERE,
        ),
    )
    file: str = field(
        default="",
        metadata=key(
            Text(),
            "The log server writes there: the messages, with a header of its own, or as JSON.",
            '"/var/log/audit.log"',
            places=_HERE,
        ),
    )
    command: tuple[str, ...] = field(
        default=(),
        metadata=key(Texts(), "It prints what arrives.", '["ssh", "logs.example", "tail -F audit.log"]', places=_HERE),
    )
    keys: KeyPair | None = field(
        default=None,
        metadata=key(Inline(KeyPair), "Of the receiver, for TLS: both or none.", name="certificate", places=_HERE),
    )

"""What an archive's log server received: one message and how it came. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AuditRecord:
    """``text`` is one syslog message as it was received (RFC 5424), ``encrypted`` whether it came over TLS (None: that
    was not seen)."""

    encrypted: bool | None
    text: str

    @property
    def from_log(self) -> bool:
        """Read where a log server wrote it: a program of its own decides what is kept of a message's header."""
        return self.encrypted is None

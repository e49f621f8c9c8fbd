"""What the archive noted: a bounded, thread-safe list of lines without any value of a patient."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from .auditor import AuditEvent


class Journal:
    """Keeps the last ``size`` lines, each with its time in UTC; ``send`` takes what belongs into the audit trail."""

    def __init__(self, size: int = 500, send: Callable[[AuditEvent], None] = lambda deed: None) -> None:
        self._send = send
        self._lines: deque[str] = deque(maxlen=size)
        self._lock = Lock()

    def note(self, line: str) -> None:
        """Add one line; control characters are made visible, so that a peer cannot forge a second one."""
        printable = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)
        with self._lock:
            self._lines.append(f"{datetime.now(UTC):%H:%M:%S.%f} {printable}")

    def audit(self, deed: AuditEvent) -> None:
        """Send ``deed`` to the audit trail; an archive whose log server is away goes on serving."""
        try:
            self._send(deed)
        except OSError as error:
            self.note(f"the log server cannot be reached: {type(error).__name__}")

    def tail(self) -> str:
        with self._lock:
            return "\n".join(self._lines)

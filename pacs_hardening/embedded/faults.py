"""Faults of the whole server, for tests that show the suite failing closed. None of them is a weakness."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from .settings import Settings


class Faults:
    """What goes wrong, by settings: ``hangs_after_accept`` never answers TLS, ``silent_after_tls`` never answers
    a request, ``dies_after`` N ends the server once N association requests were dealt with (0: never)."""

    def __init__(self, settings: Settings) -> None:
        self.hangs_after_accept = settings.hangs_after_accept
        self.silent_after_tls = settings.silent_after_tls
        self._left = settings.dies_after
        self._lock = Lock()
        self.die: Callable[[], None] = lambda: None

    def association_ended(self) -> None:
        """Count one A-ASSOCIATE-RQ, admitted or not; the last one ends every endpoint at once."""
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self.die()

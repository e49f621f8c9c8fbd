"""The move destination: a storage SCP on loopback that counts what arrives and keeps none of it."""

from __future__ import annotations

from threading import Lock
from typing import Any

from pynetdicom import evt
from pynetdicom.events import Event

from .gate import Admission, Refused
from .policy import Facts, no_facts


class Receiver:
    """Answers to its own AE title only; a workstation beside the archive, so it is none of the target's endpoints."""

    def __init__(self, aet: str) -> None:
        self._aet, self._arrived, self._lock = aet, 0, Lock()

    def admit(self, pdu: bytes, common_name: str | None, facts: Facts = no_facts) -> Admission:
        """Raises Refused where somebody else is called."""
        if pdu[10:26].decode("latin-1").rstrip(" ") != self._aet:
            raise Refused.rejected("wrong called AE title", 1, 7)
        return Admission("ARCHIVE", frozenset({"echo", "store"}))

    def handlers(self) -> list[Any]:
        """For pynetdicom to bind."""
        return [(evt.EVT_C_STORE, self._put), (evt.EVT_C_ECHO, lambda event: 0x0000)]

    def arrivals(self) -> int:
        """How many objects arrived since the start."""
        with self._lock:
            return self._arrived

    def _put(self, event: Event) -> int:
        with self._lock:
            self._arrived += 1
        return 0x0000

"""How the archive bears hostile peers, and how it fails to where a weakness says so."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Event, Lock, Thread

from .settings import Settings

LEAKED = 512 << 10  # bytes for each association: more than the noise of an allocator


class Resilience:
    """One for each archive. ``close`` gives back what a weakness leaked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._held: Counter[str] = Counter()
        self._lock, self._turn, self._over = Lock(), Lock(), Event()
        self._kept: list[bytes] = []
        self._descriptors: list[int] = []
        self._threads: list[Thread] = []

    def turn(self, since: str) -> AbstractContextManager[object]:
        """Held from ``since`` on while a peer is served, where the archive can serve only one at a time."""
        return self._turn if self.settings.one_at_a_time == since else nullcontext()

    def dawdle(self) -> None:
        """An answer takes as long as it takes here, unless the archive ends."""
        if self.settings.answers_after:
            self._over.wait(self.settings.answers_after)

    @contextmanager
    def place(self, aet: str) -> Iterator[bool]:
        """Whether the node may have one more association."""
        with self._lock:
            self._held[aet] += 1
            free = self._held[aet] <= self.settings.associations_per_node
        try:
            yield free
        finally:
            with self._lock:
                self._held[aet] -= 1

    def ended(self) -> None:
        """An association is over, however it went."""
        if "memory" in self.settings.leaks:
            self._kept.append(os.urandom(LEAKED))
        if "descriptors" in self.settings.leaks:
            self._descriptors.append(os.dup(0) if _open(0) else os.open(os.devnull, os.O_RDONLY))
        if "threads" in self.settings.leaks:
            thread = Thread(target=self._over.wait, name="embedded-leaked")
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._kept.clear()
        self._descriptors.clear()


def _open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def echo(sock: socket.socket, data: bytes) -> None:
    """What no receiver should do with what it does not understand."""
    sock.sendall(data)

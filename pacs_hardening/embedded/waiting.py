"""Both threads of an association of pynetdicom's ask a thousand times a second whether there is anything to do
(association.py, _run_reactor; dul.py, run_reactor); here they wait for it. With some associations at once the asking
takes more time than the answers."""

from __future__ import annotations

import queue
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any

LONGEST_S = 0.05  # between two looks at timers


class WakingQueue(queue.Queue[Any]):
    """Calls ``wake`` for each item."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)
        self._wake()


class Checkpoint(Event):
    """Where the reactor of an association stops each time: until it may go on, and something is new."""

    def __init__(self) -> None:
        super().__init__()
        self.news = Event()

    def set(self) -> None:
        super().set()
        self.news.set()

    def wait(self, timeout: float | None = None) -> bool:
        may_go_on = super().wait(timeout)
        self.news.wait(LONGEST_S)
        self.news.clear()
        return may_go_on


class Bell:
    """Can be waited for beside sockets: readable once it was rung."""

    def __init__(self) -> None:
        self._inside, self._outside = socket.socketpair()
        self._inside.setblocking(False)
        self._outside.setblocking(False)

    def fileno(self) -> int:
        return self._inside.fileno()

    def ring(self) -> None:
        with suppress(OSError):  # it was rung often enough, or nobody listens any more
            self._outside.send(b"\0")

    def hush(self) -> None:
        with suppress(OSError):
            self._inside.recv(4096)

    def close(self) -> None:
        self._inside.close()
        self._outside.close()

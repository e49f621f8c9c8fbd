"""Calls side by side, because a container engine answers several slow requests in the time of one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Done(Generic[_T]):
    name: str
    value: tuple[_T, ...] = ()
    error: BaseException | None = None


@dataclass(frozen=True)
class SideBySide(Generic[_T]):
    """Threads that may outlive the call that waits for them: daemons, so that an interrupted run can end at once
    (the threads of concurrent.futures are joined at exit, however long they take)."""

    threads: list[threading.Thread] = field(default_factory=list)

    def run(self, calls: Mapping[str, Callable[[], _T]], deadline_s: float | None = None) -> dict[str, _T]:
        """Results by name. Raises the first call's exception as soon as it is raised, and TimeoutError, whose
        text is the names of the unfinished calls, after ``deadline_s`` seconds."""
        finished: SimpleQueue[_Done[_T]] = SimpleQueue()
        for name, call in calls.items():
            thread = threading.Thread(target=_work, args=(finished, name, call), daemon=True)
            self.threads.append(thread)
            thread.start()
        until = None if deadline_s is None else time.monotonic() + deadline_s
        results: dict[str, _T] = {}
        while len(results) < len(calls):
            try:
                done = finished.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except Empty:
                raise TimeoutError(", ".join(name for name in calls if name not in results)) from None
            if done.error is not None:
                raise done.error
            results[done.name] = done.value[0]
        return results

    def start(self, call: Callable[[], _T]) -> None:
        """Let ``call`` go on by itself; nobody asks for its result."""
        thread = threading.Thread(target=_work, args=(SimpleQueue(), "", call), daemon=True)
        self.threads.append(thread)
        thread.start()

    def join(self, timeout_s: float | None = None) -> None:
        for thread in self.threads:
            thread.join(timeout_s)


def together(calls: Mapping[str, Callable[[], _T]]) -> dict[str, _T]:
    """As ``SideBySide.run``, but every call has ended when this returns or raises: for short calls that leave
    traces."""
    crew: SideBySide[_T] = SideBySide()
    try:
        return crew.run(calls)
    finally:
        crew.join()


def _work(finished: SimpleQueue[_Done[_T]], name: str, call: Callable[[], _T]) -> None:
    try:
        finished.put(_Done(name, (call(),)))
    except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
        finished.put(_Done(name, error=error))

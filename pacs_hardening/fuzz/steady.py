"""Whether the suite itself ran: time during which it was stopped, or had no processor, is no evidence of anything."""

from __future__ import annotations

import threading
import time

BEAT_S = 0.1
LOST_S = 1.0  # more than this at once, and what was measured meanwhile is measured again


class Steady:
    """Used by ``with`` around a measurement; ``ran_through`` afterwards."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="steady", daemon=True)
        self._last, self.lost = _now(), 0.0

    def __enter__(self) -> Steady:
        self._last = _now()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def ran_through(self) -> bool:
        """False also before the measurement is over."""
        return self._over.is_set() and self.lost < LOST_S

    def _beat(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._over.wait(BEAT_S)
            now = _now()
            self.lost, self._last = max(self.lost, now - self._last - BEAT_S), now


def _now() -> float:
    """Goes on while the machine is suspended, where the system has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()

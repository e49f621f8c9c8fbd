"""Probe: what was stored is awaited where it must appear, as an authorised reader sees it: archives index later."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..wire import pace

LONGEST_S = 15.0
AT_ONCE_S = 0.5
_LOOK_S = 0.1


def awaited(is_there: Callable[[], bool], what: str, seconds: float = LONGEST_S) -> bool:
    """Whether ``is_there`` within ``seconds``. An archive that takes its time is said to: ``what`` was waited for."""
    began = time.monotonic()
    while not is_there():
        if time.monotonic() - began > seconds:
            return False
        pace.pause(_LOOK_S)
    if time.monotonic() - began > AT_ONCE_S:
        pace.notice(f"{what} appears some time after it was stored: waited for")
    return True

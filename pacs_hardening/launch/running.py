"""What a started environment hands over: the target, and what can be seen of it from inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..model import Target


@dataclass(frozen=True)
class Running:
    """``fingerprint()`` names every server process with its start time, and so changes when one dies or restarts;
    ``arrivals()`` counts the objects that reached the environment's move destination (None: that cannot be
    seen); ``logs()`` is the tail of every service's log."""

    target: Target
    fingerprint: Callable[[], str]
    arrivals: Callable[[], int] | None
    logs: Callable[[], str]

"""What a server holds after hostile associations: the same as before, or a little more with each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..model import Unmeasurable, Violation
from ..model.usage import Usage
from .conversation import Case
from .families import families
from .hostile import HostilePeers

STEPS = 3
FAMILIES = ("associate", "items", "sequence")
# What is less than this for each association is not told from the noise of an allocator.
NOISE = {"memory": 64 << 10, "descriptors": 0.5, "threads": 0.5, "processes": 0.5}


@dataclass(frozen=True)
class Growth:
    """What the server held after each of several equal numbers of hostile ``associations``."""

    readings: Sequence[Usage]
    associations: int


def grown(peers: HostilePeers, usage: Callable[[], Usage] | None, associations: int) -> Growth:
    """``associations`` between two readings. Raises Unmeasurable where nobody can see what the server holds."""
    if usage is None:
        raise Unmeasurable("nobody can see what the server's processes hold")
    cases = [malformation.case(0) for name in FAMILIES for malformation in families()[name]]
    readings: list[Usage] = []
    for _ in range(STEPS + 1):
        exhaust(peers, cases, associations)
        readings.append(_settled(usage, readings[-1] if readings else None))
    return Growth(readings, associations)


def exhaust(peers: HostilePeers, cases: Sequence[Case], count: int) -> None:
    """``count`` hostile associations, one after the other, none of them waited for."""
    player = peers.player(patience=0.004)
    for number in range(count):
        player.play(cases[number % len(cases)])
        player.settle(at_once=True)
        player.take()


def _settled(usage: Callable[[], Usage], before: Usage | None, seconds: float = 1.5) -> Usage:
    """The first reading with no more descriptors and threads than ``before``, or the last within so many seconds."""
    ends = time.monotonic() + seconds
    while True:
        now = usage()
        is_back = before is None or (now.descriptors <= before.descriptors and now.threads <= before.threads)
        if is_back or time.monotonic() > ends:
            return now


def must_not_grow(seen: Growth, what: str) -> None:
    """Growth counts where it comes with every step but the first,
    which may be something that is allocated once, and is more than noise for each association."""
    values = [getattr(reading, what) for reading in seen.readings]
    steps = [after - before for before, after in pairwise(values[1:])]
    slope = sum(steps) / (len(steps) * seen.associations)
    if all(step > 0 for step in steps) and slope > NOISE[what]:
        row = " -> ".join(map(str, values))
        how = f"{what} {row}, with {seen.associations} associations between two readings: {slope:.1f} for each"
        raise Violation(f"{what} as before once hostile associations have ended", how, (how,))

"""Hostile peers that come as far as they are to come, each in a thread of its own, and stay there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from ..model import Unmeasurable
from .conversation import Case
from .evidence import Held, Served
from .player import Player

STALL_S = 0.5  # without a further peer that comes as far as it goes: they wait for each other


class Holders:
    """Hostile peers at work, each in a thread of its own."""

    def __init__(self, before: Served, cases: Sequence[Case], pool: ThreadPoolExecutor) -> None:
        self._before = before
        self._works: list[tuple[Player, Future[None]]] = []
        for case in cases:
            player = before.peers.player(0.2, before.peers.prompt)
            self._works.append((player, pool.submit(player.play, case)))

    def wait(self) -> bool:
        """Wait until each has come as far as it goes, or, where some have, no further one does."""
        under_way = {work for _, work in self._works if not work.done()}
        while under_way:
            done, under_way = wait(under_way, timeout=STALL_S, return_when=FIRST_COMPLETED)
            if not done and len(under_way) < len(self._works):
                return False
        return True

    def held(self) -> Held:
        """Raises Unmeasurable where none is."""
        done = [(player, work.exception()) for player, work in self._works if work.done()]
        for _, error in done:
            if error is not None and not isinstance(error, Unmeasurable):
                raise error
        stay = tuple(player for player, _ in done if player.stays())
        away = sum(not player.arrived and not player.holds for player, _ in done)
        why = [error.said for _, error in done if isinstance(error, Unmeasurable)]
        return Held(self._before, stay, away, *why[:1])

    def let_go(self) -> None:
        """First those who have come so far: perhaps the others wait for them."""
        for player, work in sorted(self._works, key=lambda each: not each[1].done()):
            wait([work])
            player.settle(at_once=True)


@contextmanager
def hold(before: Served, cases: Sequence[Case]) -> Iterator[Holders]:
    """Have all of ``cases`` at once, each by a peer of its own, and leave the connections open, to the end of the
    context."""
    with ThreadPoolExecutor(len(cases)) as pool:
        holders = Holders(before, cases, pool)
        try:
            yield holders
        finally:
            holders.let_go()

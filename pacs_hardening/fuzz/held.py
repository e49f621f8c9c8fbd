"""Whether others are served while hostile peers hold on.

Each piece of evidence is made of the one before: ``Served``, then ``Held``, then ``StillServed`` or
``NotServed``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from ..model import Unmeasurable, Violation
from ..model.response import Said
from .conversation import Case
from .hostile import HostilePeers, Pulse
from .player import Player
from .steady import Steady

STALL_S = 0.5  # without a further peer that comes as far as it goes: they wait for each other
RECOVERY_S = 15.0  # in which an archive serves again that has been let go
TRIES = 4  # of a measurement that something else came into


class Disturbed(Unmeasurable):
    """Something else came into the measurement: it is made again."""


class Gone(Unmeasurable):
    """Others were not served, and nobody is since: that may have any reason."""


@dataclass(frozen=True)
class Served:
    """An authorised peer is served by the ``process``, so that there is something to lose. Raises Unmeasurable where it
    is not."""

    peers: HostilePeers
    process: str
    pulse: Pulse

    def __post_init__(self) -> None:
        if not self.pulse.served:
            raise Unmeasurable("positive control failed: ", self.pulse.how)

    @classmethod
    def now(cls, peers: HostilePeers) -> Served:
        return cls(peers, peers.fingerprint(), peers.pulse())


@dataclass(frozen=True)
class Held:
    """Hostile peers have come as far as they go, each on a connection that the server has not ended, after others were
    served. ``turned_away``: how many the server did not let so far. Raises Unmeasurable where none came so far."""

    before: Served
    players: tuple[Player, ...]
    turned_away: int = 0
    why: Said = "no answer, or close"

    def __post_init__(self) -> None:
        if not self.count_staying():
            raise Unmeasurable("no hostile peer came as far as it was to come: ", self.why)

    def count_staying(self) -> int:
        """Those of them whom the server has not ended since."""
        return sum(player.stays() for player in self.players)


@dataclass(frozen=True)
class StillServed:
    """Others were served while all of ``held`` stayed where they were. Raises Disturbed where they did not, or where
    the suite did not run all the time."""

    held: Held
    pulse: Pulse
    staying: int
    ran: Steady

    def __post_init__(self) -> None:
        _must_have_run(self.ran)
        if not self.pulse.served or self.staying < len(self.held.players):
            raise Disturbed(
                f"of {len(self.held.players)} hostile peers the server ended some before others were served"
            )


@dataclass(frozen=True)
class NotServed:
    """Others were not served while some were held, and are served again since these were let go. Raises Disturbed where
    the suite did not run all the time."""

    held: Held
    pulse: Pulse
    staying: int
    after: Served
    ran: Steady

    def __post_init__(self) -> None:
        _must_have_run(self.ran)


def _must_have_run(ran: Steady) -> None:
    if not ran.ran_through:
        raise Disturbed(f"the suite itself did not run for {ran.lost:.1f} s meanwhile")


def must_serve_others(peers: HostilePeers, cases: Sequence[Case], what: str) -> None:
    """Raises Violation where an authorised peer is not served while hostile ones do ``what``, each of ``cases`` on a
    connection of its own: seen twice, and served before and after. Unmeasurable where it cannot be told."""
    expected = f"an authorised C-ECHO and C-FIND succeed while {len(cases)} peers {what}"
    try:
        seen = [_undisturbed(peers, cases)]
        if isinstance(seen[0], NotServed):
            seen.append(_undisturbed(peers, cases))
    except Gone as gone:
        seen = _on_a_fresh_server(peers, cases, gone)
    failed = [each for each in seen if isinstance(each, NotServed)]
    if not failed:
        return
    if len(failed) < len(seen):
        raise Unmeasurable(failed[0].pulse.how, "; and served at the second time: is the machine too busy?")
    how = failed[-1].pulse.how
    raise Violation(
        expected, how, (how, f"{failed[-1].staying} of them were held all the time", "served before and after")
    )


def must_limit(peers: HostilePeers, cases: Sequence[Case], limit: int) -> None:
    """Raises Violation where more than ``limit`` of ``cases`` are held at the same time; Unmeasurable where nobody was
    turned away, or others are not served afterwards."""
    with hold(Served.now(peers), cases) as holders:
        while not holders.wait():
            pass  # they need not wait for each other, and each has its deadline
        held = holders.held()
        staying = held.count_staying()
    if staying > limit:
        raise Violation(f"at most {limit} associations of one node at the same time", f"all of {staying} were accepted")
    if not held.turned_away:
        raise Unmeasurable(f"{staying} associations were accepted, none was refused, the others had no answer in time")
    if _served_again(peers) is None:
        raise Gone(f"{staying} associations were accepted, and nobody is served since they were let go")


def _on_a_fresh_server(peers: HostilePeers, cases: Sequence[Case], gone: Gone) -> list[StillServed | NotServed]:
    """What stopped the one may be anything; what stops another one like it as well was the hostile peers."""
    if peers.fresh is None:
        raise gone
    with peers.fresh() as another:
        try:
            seen = _undisturbed(another, cases)
        except Gone as again:
            how = again.said
            raise Violation(
                "others are served meanwhile and afterwards", how, (how, "the same on a fresh server")
            ) from None
    if isinstance(seen, StillServed):
        raise gone
    return [seen]


def _undisturbed(peers: HostilePeers, cases: Sequence[Case]) -> StillServed | NotServed:
    disturbed = Disturbed("never tried")
    for _ in range(TRIES):
        try:
            return _measured(peers, cases)
        except Disturbed as error:
            disturbed = error
    raise disturbed


def _measured(peers: HostilePeers, cases: Sequence[Case]) -> StillServed | NotServed:
    """Raises Disturbed, Gone."""
    with Steady() as ran:
        before = Served.now(peers)
        held, pulse, staying = _beside(before, cases)
        after = None if pulse.served else _served_again(peers)
    if pulse.served:
        return StillServed(held, pulse, staying, ran)
    if after is None:
        _must_have_run(ran)
        raise Gone(pulse.how, "; nor is anybody served since the hostile peers were let go")
    return NotServed(held, pulse, staying, after, ran)


def _beside(before: Served, cases: Sequence[Case]) -> tuple[Held, Pulse, int]:
    """Others are tried as soon as hostile peers are held, and again when all are that can be."""
    with hold(before, cases) as holders:
        while True:
            are_all = holders.wait()
            held = holders.held()
            pulse, staying = before.peers.pulse(), held.count_staying()
            if are_all or not pulse.served:
                return held, pulse, staying


def _served_again(peers: HostilePeers) -> Served | None:
    """None where nobody is within the time for that."""
    ends = time.monotonic() + RECOVERY_S
    while True:
        try:
            return Served.now(peers)
        except Unmeasurable:
            if Event().wait(0.1) or time.monotonic() > ends:  # a pause: nothing tells when an archive is back
                return None


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

"""Whether others are served while hostile peers hold on: measured again where anything else came into it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event

from ..model import Unmeasurable, Violation
from .conversation import Case
from .evidence import Disturbed, Gone, Held, NotServed, Served, StillServed, demand_time
from .holders import hold
from .hostile import HostilePeers, Pulse
from .steady import Steady

RECOVERY_S = 15.0  # in which an archive serves again that has been let go
TRIES = 4  # of a measurement that something else came into


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
        demand_time(ran)
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

"""Walks through the acceptor's states of PS3.8 9.2, of several peers at once: a state machine that Hypothesis drives.

It writes what is to be said and says nothing itself, so that walks are played, judged and replayed like every other
case. A walk is known by its number: the batch that it was made in (the seed), and its place there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto
from functools import lru_cache

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import Bundle, RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from ..wire.conversation import Case, Expectation, Step
from .parts import REQUEST
from .sequence import EVENTS

BATCH = 20
PEERS, LONGEST = 3, 12
LEGAL = ["echo", "query", "half", "find", "data"]  # in Sta6: P-DATA, whatever is in it
LEAVING = ["finish", "reset"]
Made = tuple[tuple[Step, ...], Expectation]
Taker = Callable[[Made], None]


class State(Enum):
    """Of the acceptor, for one connection: waiting for a request, on an association, waiting for the close. FAULT is
    Sta13 too, after an event that had no place: it must end by A-ABORT or close (AA-1, AA-8)."""

    STA2 = auto()
    STA6 = auto()
    STA13 = auto()
    FAULT = auto()


def after(state: State, event: str) -> State:
    """PS3.8 table 9-10, as far as an acceptor goes that answers a request and a release by itself."""
    if state in (State.STA13, State.FAULT):
        return state
    if event in ("abort", *LEAVING) or (state is State.STA6 and event == "release"):
        return State.STA13
    if (state is State.STA2 and event == "request") or (state is State.STA6 and event in LEGAL):
        return State.STA6
    return State.FAULT


class Walk(RuleBasedStateMachine):
    """Peers come, say what has a place and what has none, and go; ``take`` is given what they did."""

    peers = Bundle("peers")
    take: Taker

    def __init__(self) -> None:
        super().__init__()
        self.states: list[State] = []
        self.gone: set[int] = set()
        self.steps: list[Step] = []
        self.speaking = 0

    @precondition(lambda self: len(self.states) < PEERS)
    @rule(target=peers)
    def comes(self) -> int:
        self.states.append(State.STA2)
        return len(self.states) - 1

    @precondition(lambda self: State.STA2 in self.states)
    @rule()
    def is_accepted(self) -> None:
        self._event(self.states.index(State.STA2), "request")

    @precondition(lambda self: State.STA6 in self.states)
    @rule(peer=peers, event=st.sampled_from(LEGAL))
    def goes_on(self, peer: int, event: str) -> None:
        if self.states[peer] is State.STA6:
            self._event(peer, event)

    @rule(peer=peers, event=st.sampled_from([*EVENTS, *LEAVING]))
    def does_anything(self, peer: int, event: str) -> None:
        self._event(peer, event)

    def _event(self, peer: int, event: str) -> None:
        if peer in self.gone:
            return
        state, self.states[peer] = self.states[peer], after(self.states[peer], event)
        if event in LEAVING:
            self.gone.add(peer)
            self._does(peer, Step(event))
        elif state is State.STA2 and event == "request":
            self._does(peer, Step("associate", REQUEST))
        else:
            self._does(peer, Step("send", EVENTS[event]))

    def _does(self, peer: int, step: Step) -> None:
        if peer != self.speaking:
            self.steps.append(Step("peer", f"{peer:02d}"))
            self.speaking = peer
        self.steps.append(step)

    def teardown(self) -> None:
        """Whoever is still there says something that is never legal."""
        if sys.exc_info()[0] is not None:
            return  # Hypothesis has given this one up
        for peer in range(len(self.states)):
            self._event(peer, "unknown")
        if self.steps:
            refused = all(state is State.FAULT for state in self.states)
            self.take((tuple(self.steps), Expectation.REFUSAL if refused else Expectation.SURVIVAL))


class _Fails(Exception):
    """What Hypothesis looks for."""


def _run(number: int, take: Taker, *phases: Phase) -> None:
    bounded = settings(
        max_examples=BATCH,
        stateful_step_count=LONGEST,
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    machine = type("Walk", (Walk,), {"take": staticmethod(take)})
    run_state_machine_as_test(seed(number)(machine), settings=bounded)


@lru_cache(2)
def _batch(number: int) -> tuple[Made, ...]:
    """The same for the same number, always, with the same Hypothesis."""
    made: list[Made] = []
    _run(number, made.append, Phase.generate)
    return tuple(dict.fromkeys(made))


def walk(number: int) -> Made:
    batch = _batch(number // BATCH)
    return batch[number % BATCH % len(batch)]


def smallest(found: Case, fails: Callable[[Case], bool], tries: int) -> Case:
    """``found``, or a smaller walk that fails too, after at most ``tries`` trials."""
    best, left, reached = found, tries, False

    def take(made: Made) -> None:
        nonlocal best, left, reached
        steps, expects = made
        reached = reached or steps == found.steps  # what was made before it was survived
        if not reached or left <= 0:
            return
        left -= 1
        case = replace(found, steps=steps, expects=expects)
        if fails(case):
            best = min(best, case, key=lambda each: len(each.steps))
            raise _Fails

    with suppress(_Fails, Flaky):
        _run(found.number // BATCH, take, Phase.generate, Phase.shrink)
    return best

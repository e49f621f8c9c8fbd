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
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from .conversation import Case, Expectation, Step
from .events import BATCH, EVENTS, Made, line
from .parts import REQUEST

PEERS, LONGEST = 3, 12
LEGAL = ["echo", "query", "half", "find", "data"]  # in Sta6: P-DATA, whatever is in it
NEXT = {"": ["half", "find", "echo", "query"], "half": ["half"], "find": ["data"]}  # after what is unfinished
LEAVING = ["finish", "reset"]
ANY = st.integers(0, PEERS - 1)
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

    take: Taker

    def __init__(self) -> None:
        super().__init__()
        self.states: list[State] = []
        self.gone: set[int] = set()
        self.steps: list[Step] = []
        self.speaking = 0
        self.unfinished: dict[int, str] = {}  # the message that each is within
        self.words: dict[int, int] = {}  # when each of them spoke last

    @precondition(lambda self: len(self.states) < PEERS)
    @rule()
    def comes(self) -> None:
        self.states.append(State.STA2)

    @precondition(lambda self: State.STA2 in self.states or len(self.states) < PEERS)
    @rule()
    def is_accepted(self) -> None:
        if State.STA2 not in self.states:
            self.comes()
        self._event(self.states.index(State.STA2), "request")

    @precondition(lambda self: State.STA6 in self.states)
    @rule(which=ANY, choice=st.integers(0, 3))
    def goes_on(self, which: int, choice: int) -> None:
        associated = [peer for peer, state in enumerate(self.states) if state is State.STA6]
        peer = associated[which % len(associated)]
        legal = NEXT[self.unfinished.get(peer, "")]
        self._event(peer, legal[choice % len(legal)])

    @precondition(lambda self: self.states.count(State.STA6) > 1)
    @rule(event=st.sampled_from(["half", "find"]))
    def are_all_within_a_message(self, event: str) -> None:
        for peer, state in enumerate(self.states):
            if state is State.STA6 and peer not in self.unfinished:
                self._event(peer, event)

    @rule(which=ANY, event=st.sampled_from([*EVENTS, *LEAVING]))
    def does_anything(self, which: int, event: str) -> None:
        there = [peer for peer in range(len(self.states)) if peer not in self.gone]
        if there:  # no precondition: one rule must always have a place
            self._event(there[which % len(there)], event)

    def _event(self, peer: int, event: str) -> None:
        if event in ("half", "find"):
            self.unfinished[peer] = event
        elif event != "unknown":
            self.unfinished.pop(peer, None)
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
        self.words[peer] = len(self.steps)
        self.steps.append(step)

    def teardown(self) -> None:
        """Whoever is still there says something that is never legal: last come, first, so that the others are still
        where they were when it is answered. Nothing answers half a message; but before the first of them goes, one
        more peer is accepted, so that the server has had its turn and several are where they are at the same time."""
        if sys.exc_info()[0] is not None:
            return  # Hypothesis has given this one up
        if len(self.states) > 1 and State.STA6 in self.states:
            self._does(PEERS, Step("associate", REQUEST))
            self._does(PEERS, Step("reset"))
        for peer in sorted({*range(len(self.states))} - self.gone, key=self._last_word, reverse=True):
            owes_data = self.unfinished.get(peer) == "find"  # a server may wait for it for a while before it looks up
            has_place = self.states[peer] in (State.STA2, State.STA6)
            self._event(peer, "unknown")
            if has_place and not owes_data:
                self.steps.append(Step("receive"))
        if self.steps:
            refused = all(state is State.FAULT for state in self.states)
            self.take((tuple(self.steps), Expectation.REFUSAL if refused else Expectation.SURVIVAL))

    def _last_word(self, peer: int) -> int:
        return self.words.get(peer, -1)


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
    """The same for the same number, with the same Hypothesis, in the same process."""
    made: list[Made] = []
    _run(number, made.append, Phase.generate)
    return tuple(dict.fromkeys(made))


def walk(number: int) -> Made:
    batch = _batch(number // BATCH)
    return batch[number % BATCH % len(batch)]


def smallest(found: Case, fails: Callable[[Case], bool], tries: int) -> Case:
    """``found``, or a smaller walk that fails too, after at most ``tries`` trials."""
    best, left = found, tries
    reached = all(steps != found.steps for steps, _ in _batch(found.number // BATCH))  # then: any that fails

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


if __name__ == "__main__":
    print("# Made by pacs_hardening.fuzz.walk, see events.py.")
    print("\n".join(line(walk(number)) for number in range(4 * BATCH)))

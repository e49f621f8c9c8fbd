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

from ..wire.conversation import Case, Expectation, Step
from .parts import REQUEST
from .sequence import BATCH, EVENTS

PEERS, LONGEST = 3, 12
LEGAL = ["echo", "query", "half", "find", "data"]  # in Sta6: P-DATA, whatever is in it
LEAVING = ["finish", "reset"]
ANY = st.integers(0, PEERS - 1)
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

    take: Taker

    def __init__(self) -> None:
        super().__init__()
        self.states: list[State] = []
        self.gone: set[int] = set()
        self.steps: list[Step] = []
        self.speaking = 0
        self.owing: set[int] = set()  # a data set: a server may wait for it for a while before it looks up
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
    @rule(which=ANY, event=st.sampled_from(LEGAL))
    def goes_on(self, which: int, event: str) -> None:
        associated = [peer for peer, state in enumerate(self.states) if state is State.STA6]
        self._event(associated[which % len(associated)], event)

    @rule(which=ANY, event=st.sampled_from([*EVENTS, *LEAVING]))
    def does_anything(self, which: int, event: str) -> None:
        there = [peer for peer in range(len(self.states)) if peer not in self.gone]
        if there:  # no precondition: one rule must always have a place
            self._event(there[which % len(there)], event)

    def _event(self, peer: int, event: str) -> None:
        if event == "find":
            self.owing.add(peer)
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
        where they were when it is answered."""
        if sys.exc_info()[0] is not None:
            return  # Hypothesis has given this one up
        for peer in sorted({*range(len(self.states))} - self.gone, key=self._last_word, reverse=True):
            is_due = self.states[peer] in (State.STA2, State.STA6) and peer not in self.owing
            self._event(peer, "unknown")
            if is_due:
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


def line(made: Made) -> str:
    """As ``sequence.written`` reads it."""
    names = {recipe: f"send {name}" for name, recipe in EVENTS.items()}
    steps, expects = made
    said = [names[step.recipe] if step.verb == "send" else step.verb for step in steps]
    said = [f"peer {step.recipe}" if step.verb == "peer" else word for step, word in zip(steps, said, strict=True)]
    return f"{expects.value}: {'; '.join(said)}"


if __name__ == "__main__":
    print("# Made by pacs_hardening.malform.walk, see sequence.py.")
    print("\n".join(line(walk(number)) for number in range(4 * BATCH)))

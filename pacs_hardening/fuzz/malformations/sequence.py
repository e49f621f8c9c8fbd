"""Events of PS3.8 9.2 at the wrong time: valid PDUs, each of them in a state where it has no place, or too often."""

from __future__ import annotations

from dataclasses import dataclass

from .. import parts
from ..conversation import Case, Expectation, Step
from ..events import ACCEPT, BATCH, EVENTS, REJECT, RELEASED, written
from ..parts import ABORT, ECHO, FIND_RQ, RELEASE, REQUEST, on_association, send
from ..registry import Malformation, Pick, Steps, malformation

SURVIVAL = Expectation.SURVIVAL


@malformation("PS3.8 9.2", state="Sta6")
def answers_without_question(pick: Pick) -> Steps:
    """What only an acceptor says, on an association."""
    return on_association(send(pick.of([ACCEPT, REJECT, RELEASED])))


@malformation("PS3.8 9.2", SURVIVAL, state="Sta6")
def after_release(pick: Pick) -> Steps:
    """More PDUs behind a release."""
    return on_association(send(RELEASE, pick.of([ECHO, REQUEST, RELEASE, FIND_RQ, ABORT])))


@malformation("PS3.8 9.2", SURVIVAL, state="Sta6")
def after_abort(pick: Pick) -> Steps:
    """More PDUs behind an abort."""
    return on_association(send(ABORT, pick.of([ECHO, REQUEST, ABORT, FIND_RQ])))


@malformation("PS3.8 9.3.8", SURVIVAL, state="Sta6")
def abort_of_another_length(pick: Pick) -> Steps:
    """An abort or a release with more or fewer than four bytes."""
    return on_association(send(f"{pick.of(['07', '05'])} 00 <4 00*{pick.of([0, 1, 3, 5, 8, 1000])}>"))


@malformation("PS3.8 9.2", SURVIVAL)
def abort_before_association(pick: Pick) -> Steps:
    """An abort as the first word, also with other words behind it."""
    return [send(ABORT, pick.of(["", REQUEST, "00*100"]))]


@malformation("PS3.7 7.2", SURVIVAL, state="Sta6")
def release_within_a_message(pick: Pick) -> Steps:
    """A release while a message is not finished."""
    return on_association(send(pick.of([FIND_RQ, EVENTS["half"], parts.whole(parts.STORE_ID, parts.store())]), RELEASE))


@malformation("PS3.8 9.2", SURVIVAL, state="Sta6")
def abort_within_a_message(pick: Pick) -> Steps:
    """An abort, a close or a reset while a message is not finished."""
    begun = send(pick.of([FIND_RQ, EVENTS["half"], parts.whole(parts.STORE_ID, parts.store())]))
    return on_association(begun, pick.of([send(ABORT, ECHO), Step("finish"), Step("reset")]))


@malformation("PS3.8 9.2", SURVIVAL, state="Sta6")
def leaves_before_the_answer(pick: Pick) -> Steps:
    """Many requests at once, and nobody stays for the answers."""
    return on_association(send(f"{pick.of([1, 10, 50])}*( {ECHO} )"), Step("reset"))


@dataclass(frozen=True)
class Walks(Malformation):
    """What the state machine in walk.py makes. Which batch, and which of it, is in the number of a case."""

    share: int = 2

    def case(self, number: int, seed: int = 0) -> Case:
        number += seed * BATCH
        if number < len(written()):
            steps, expects = written()[number]
        else:
            from ..walk import walk  # imports Hypothesis, which takes a third of a second

            steps, expects = walk(number)
        return Case(self.name, number, self.clause, expects, steps)


@malformation("PS3.8 9.2", SURVIVAL, state="any", kind=Walks)
def any_order(pick: Pick) -> Steps:
    """A walk through the states of PS3.8 9.2, of up to three peers at once; the last event of each is never legal."""
    from ..walk import walk

    return list(walk(pick.number(0, 1000))[0])

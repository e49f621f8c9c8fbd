"""Malformations: each is malformed, the same each time, and survives being written to a file."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from pacs_hardening.fuzz import casefile, events, parts
from pacs_hardening.fuzz.conversation import (
    FIRST,
    Case,
    Expectation,
    Step,
)
from pacs_hardening.fuzz.events import BATCH, EVENTS, line, written
from pacs_hardening.fuzz.families import cases, families, registered
from pacs_hardening.fuzz.recipe import Unreadable, compile_recipe, literal
from pacs_hardening.fuzz.registry import Malformation
from pacs_hardening.fuzz.shrink import smallest
from pacs_hardening.fuzz.walk import (
    State,
    after,
    walk,
)
from pacs_hardening.model import BadInput
from pacs_hardening.wire import strict

SLOTS = {"called": b"ARCHIVE".ljust(16), "calling": b"TESTER".ljust(16), "identity": b""}
DICOM = [m for m in registered().values() if m.family not in ("tls", "web")]
EXAMPLES = 20


def said(case: Case) -> list[list[Step]]:
    """What each of the peers does."""
    peers, now = {FIRST: list[Step]()}, FIRST
    for step in case.steps:
        if step.verb == "peer":
            now = step.recipe
        else:
            peers.setdefault(now, []).append(step)
    return list(peers.values())


def verdict(case: Case) -> strict.Invalid | None:
    """Why a strict acceptor would not have it, of any of its peers. Leaving without release or abort is against
    PS3.8 9.2, too."""
    return next(filter(None, map(refused, said(case))), None)


def refused(steps: list[Step]) -> strict.Invalid | None:
    """What is sent after a valid association, or from the start."""
    on_association = any(step.verb == "associate" for step in steps)
    stream = b"".join(compile_recipe(step.recipe, SLOTS) for step in steps if step.verb in ("send", "drip"))
    invalid = strict.judge(stream, strict.Acceptor(parts.ACCEPTED if on_association else None, b"ARCHIVE"))
    if invalid is None and steps and steps[-1].verb in ("finish", "reset"):
        return strict.Invalid(strict.Rule.LEFT)
    return invalid


@pytest.mark.parametrize("malformation", DICOM, ids=lambda m: m.name)
def test_every_example_is_rejected_by_a_strict_reader(malformation: Malformation) -> None:
    """Not vacuous: what a strict acceptor would take is no malformation."""
    for number in range(EXAMPLES):
        case = malformation.case(number)
        assert verdict(case) is not None, case


def test_valid_parts_are_valid() -> None:
    """The reader is strict, and not deaf: what the malformations are made from passes."""
    whole = " ".join([parts.REQUEST, parts.ECHO, parts.FIND_RQ, parts.payload(parts.FIND_ID, parts.identifier())])
    assert strict.judge(compile_recipe(f"{whole} {parts.RELEASE}", SLOTS), strict.Acceptor()) is None


def test_every_clause_that_the_reader_knows_is_violated_by_some_malformation() -> None:
    known = {rule.clause for rule in strict.Rule}
    found = {invalid.rule.clause for m in DICOM for n in range(EXAMPLES) if (invalid := verdict(m.case(n)))}
    assert known - found == set()


def test_every_malformation_names_clause_state_and_reason() -> None:
    for name, each in registered().items():
        assert re.fullmatch(r"[a-z]+\.[a-z-]+", name)
        assert re.match(r"(PS3\.\d+|RFC \d+)", each.clause), name
        assert each.state in ("Sta2", "Sta6", "any"), name
        assert each.description.rstrip().endswith((".", "?", ")")), name
        on_association = any(step.verb == "associate" for step in each.case(0).steps)
        assert on_association == (each.state == "Sta6") or each.state == "any", name


def test_cases_are_the_same_each_time_and_go_round() -> None:
    family = families()["items"]
    once, again = (list(cases(family, 3 * len(family))) for _ in range(2))
    assert once == again
    assert {case.malformation for case in once[: len(family)]} == {m.name for m in family}
    assert list(cases(family, 5, seed=1)) != once[:5]


@pytest.mark.parametrize("malformation", registered().values(), ids=lambda m: m.name)
def test_a_case_survives_its_file(malformation: Malformation) -> None:
    case = malformation.case(1)
    text = casefile.render(case, {"found": "two\nlines"})
    assert casefile.parse(text, "x") == case


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("# pacs-hardening case 1", "hello"), "begins with"),
        (("expects: refusal", "expects: mercy"), "mercy"),
        (("clause:", "klause:"), "is no step"),
        (("send 01", "send <4 01"), "not closed"),
        (("send 01", "send {nobody} 01"), "unknown slot"),
        (("send 01", "send 900000000*( 01 ) 01"), "MiB"),
        (("send", "shout"), "is no step"),
    ],
)
def test_an_unusable_file_is_named_with_its_line(change: tuple[str, str], says: str) -> None:
    text = casefile.render(registered()["associate.enormous"].case(0)).replace(*change, 1)
    with pytest.raises(BadInput, match=says):
        casefile.parse(text, "some.case")


def test_the_corpus_can_be_read() -> None:
    corpus = casefile.read_all(Path(__file__).parents[2] / "fixtures" / "data" / "corpus")
    assert corpus
    assert all(case.malformation in registered() for case in corpus)


@pytest.mark.parametrize(
    ("recipe", "made"),
    [
        ("01 0203", "010203"),
        ("00*3 ff", "000000ff"),
        ('"AB"', "4142"),
        ("<2 01 02>", "00020102"),
        ("<4L 01>", "0100000001"),
        ("<2+3 01>", "000401"),
        ("<2-1 01 02>", "00010102"),
        ("<4=ffffffff >", "ffffffff"),
        ("2*( 01 <1 02> )", "010102010102"),
        ("<2 <2 01>>", "0003000101"),
    ],
)
def test_recipes(recipe: str, made: str) -> None:
    assert compile_recipe(recipe, {}).hex() == made


@pytest.mark.parametrize("recipe", ["0", "<3 >", ")", "<2 )", "2*( 01", "{x}", "zz", "64000000*( 00*64 )"])
def test_recipes_that_are_none(recipe: str) -> None:
    with pytest.raises(Unreadable):
        compile_recipe(recipe, {})


def test_literal_is_the_reverse() -> None:
    data = bytes(40) + b"AAB\xff"
    assert compile_recipe(literal(data), {}) == data


def test_a_found_case_is_made_smaller() -> None:
    """Given a defect that shows from two contexts on; then Hypothesis finds the smallest that does."""
    each = registered()["sequence.leaves-before-the-answer"]
    big = next(case for case in (each.case(n) for n in range(30)) if "50*(" in case.steps[-2].recipe)
    small = smallest(each, big, lambda case: "1*(" not in case.steps[-2].recipe, 200)
    assert "10*(" in small.steps[-2].recipe


def test_walks_are_the_same_each_time_and_go_through_every_state() -> None:
    """Legal and illegal events, in and out of an association, of one peer and of several."""
    each = registered()["sequence.any-order"]
    walks = [each.case(number) for number in range(100)]
    assert walks == [each.case(number) for number in range(100)]
    assert each.case(3, seed=7) == each.case(3, seed=7) != each.case(3)
    assert {len(said(each_walk)) for each_walk in walks} >= {3, 4}  # one of them is the witness before the last words
    assert {each_walk.expects for each_walk in walks} == {Expectation.REFUSAL, Expectation.SURVIVAL}
    used = {step.recipe for each_walk in walks for step in each_walk.steps if step.verb == "send"}
    assert used == set(EVENTS.values())
    verbs = {step.verb for each_walk in walks for step in each_walk.steps}
    assert verbs == {"associate", "send", "receive", "peer", "finish", "reset"}


def test_written_walks_are_read_as_the_machine_wrote_them() -> None:
    lines = Path(events.__file__).with_name("walks.txt").read_text().splitlines()[1:]
    assert len(lines) == 4 * BATCH
    assert [line(made) for made in written()] == lines
    for steps, expects in map(walk, range(8)):  # whatever Hypothesis makes today can be written, too
        assert events.read(line((steps, expects))) == (steps, expects)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ("request", State.STA6),
        ("request echo half", State.STA6),
        ("request release", State.STA13),
        ("request abort unknown", State.STA13),
        ("abort", State.STA13),
        ("echo", State.FAULT),
        ("request request", State.FAULT),
        ("request released release", State.FAULT),
    ],
)
def test_the_machine_knows_the_acceptors_states(events: str, state: State) -> None:
    now = State.STA2
    for event in events.split():
        now = after(now, event)
    assert now is state


def test_a_found_walk_is_made_smaller() -> None:
    """Given a defect that two associations at once reach, both within a message; then Hypothesis finds a smaller walk
    of those two alone."""

    def fails(case: Case) -> bool:
        half = Step("send", EVENTS["half"])
        return sum(Step("associate", parts.REQUEST) in steps and half in steps for steps in said(case)) >= 2

    each = registered()["sequence.any-order"]
    big = next(case for case in (each.case(n, seed=5) for n in range(400)) if fails(case))
    small = smallest(each, big, fails, 200)
    assert fails(small)
    assert len(said(small)) == 3  # the witness is the third
    assert len(small.steps) < len(big.steps)


def test_several_are_within_a_message_when_a_further_peer_is_served() -> None:
    """Nothing answers half a message, so that nobody can tell whether it was read; but a server that has since accepted
    one more peer has had its turn. That two messages are unfinished at the same time is then no matter of chance."""
    together = 0
    for steps, _ in written():
        within, peer = dict[str, bool](), "00"
        for step, after_it in pairwise(steps):
            if step.verb == "peer":
                peer = step.recipe
            elif step.verb == "associate" and after_it.verb == "reset" and peer == "03":
                together += sum(within.values()) > 1
            else:
                within[peer] = step.recipe in (EVENTS["half"], EVENTS["find"])
    assert together >= len(written()) // 4

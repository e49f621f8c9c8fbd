"""Malformations: each is malformed, the same each time, and survives being written to a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pacs_hardening.malform import casefile, parts
from pacs_hardening.malform.registry import Malformation, cases, families, registered
from pacs_hardening.malform.shrink import smallest
from pacs_hardening.model import BadInput
from pacs_hardening.wire import strict
from pacs_hardening.wire.conversation import Case, Expectation
from pacs_hardening.wire.recipe import Unreadable, compile_recipe, literal

SLOTS = {"called": b"ARCHIVE".ljust(16), "calling": b"TESTER".ljust(16), "identity": b""}
DICOM = [m for m in registered().values() if m.family not in ("tls", "web")]
EXAMPLES = 20


def stream(case: Case) -> bytes:
    """What is sent after a valid association, or from the start."""
    return b"".join(compile_recipe(step.recipe, SLOTS) for step in case.steps if step.verb in ("send", "drip"))


def verdict(case: Case) -> strict.Invalid | None:
    """Why a strict acceptor would not have it. Leaving without release or abort is against PS3.8 9.2, too."""
    on_association = any(step.verb == "associate" for step in case.steps)
    invalid = strict.judge(stream(case), strict.Acceptor(parts.ACCEPTED if on_association else None, b"ARCHIVE"))
    if invalid is None and case.steps[-1].verb in ("finish", "reset"):
        return strict.Invalid("PS3.8 9.2", "left")
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
    known = set(re.findall(r'"(PS3\.[^"]+)"', Path(strict.__file__).read_text()))
    found = {invalid.clause for m in DICOM for n in range(EXAMPLES) if (invalid := verdict(m.case(n)))}
    assert known - found == set()


def test_every_malformation_names_clause_state_and_reason() -> None:
    for name, each in registered().items():
        assert re.fullmatch(r"[a-z]+\.[a-z-]+", name)
        assert re.match(r"(PS3\.\d+|RFC \d+)", each.clause), name
        assert each.state in ("Sta2", "Sta6"), name
        assert each.description.rstrip().endswith((".", "?", ")")), name
        on_association = any(step.verb == "associate" for step in each.case(0).steps)
        assert on_association == (each.state == "Sta6"), name


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
    """Given a defect that shows from five repeated requests on; then Hypothesis finds the smallest that does."""
    each = registered()["sequence.any-order"]
    big = max((each.case(n) for n in range(30)), key=lambda case: len(case.steps))
    small = smallest(each, big, lambda case: len(case.steps) >= 3, 200)
    assert len(small.steps) == 3
    assert small.expects is Expectation.SURVIVAL

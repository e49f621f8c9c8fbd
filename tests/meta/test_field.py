"""Cases from the field (``fixtures/field``): a fixed part of them is answered rightly; `ci/field` measures all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.field.case import Case, Judgement, Outcome, render
from fixtures.field.catalogue import CASES
from fixtures.field.gated import PASSES, UNMEASURED, Right, compared


@pytest.mark.parametrize("case", [each for each in CASES if each.quick], ids=lambda each: each.name)
def test_a_case_from_the_field_is_answered_rightly(case: Case, tmp_path: Path) -> None:
    told = case.judge(tmp_path)
    assert told.outcome is Outcome.RIGHT, told.said


def test_names_are_told_apart() -> None:
    assert len({each.name for each in CASES}) == len(CASES)


def _row(control: str, status: str, actual: str = "") -> dict[str, object]:
    return {"control": control, "case": "", "status": status, "actual": actual, "evidence": []}


@pytest.mark.parametrize(
    ("rows", "right", "outcome"),
    [
        ([_row("web.a", "PASS")], PASSES, Outcome.RIGHT),
        ([_row("web.a", "FAIL")], PASSES, Outcome.WRONG),
        ([_row("web.a", "ERROR")], PASSES, Outcome.UNDECIDED),
        ([_row("web.a", "ERROR")], UNMEASURED, Outcome.RIGHT),
        ([_row("web.a", "ERROR"), _row("web.b", "FAIL")], UNMEASURED, Outcome.WRONG),
        ([_row("web.a", "FAIL", "GET /x")], Right(fails={"web.*": ("/x",)}), Outcome.RIGHT),
        ([_row("web.a", "FAIL", "GET /x")], Right(fails={"web.*": ("/y",)}), Outcome.WRONG),
        ([_row("web.a", "PASS")], Right(fails={"web.*": ()}), Outcome.WRONG),
        ([_row("web.a", "ERROR")], Right(fails={"web.*": ()}), Outcome.UNDECIDED),
        ([], PASSES, Outcome.UNDECIDED),
    ],
)
def test_what_is_right(rows: list[dict[str, object]], right: Right, outcome: Outcome) -> None:
    assert compared(rows, right).outcome is outcome


def test_the_count() -> None:
    def told(outcome: Outcome) -> Callable[[Path], Judgement]:
        return lambda folder: Judgement(outcome, f"why {folder}")

    results = [
        (Case(f"case-{n}", kind, "what is there", told(outcome)), Judgement(outcome, f"why {n}"))
        for n, (kind, outcome) in enumerate([("a", Outcome.RIGHT), ("a", Outcome.WRONG), ("b", Outcome.UNDECIDED)])
    ]
    said = render(results)
    assert "case-0" not in said
    assert "wrong           a: case-1: what is there\n  why 1" in said
    assert [line.split()[:4] for line in said.splitlines()[-3:]] == [
        ["a", "1", "1", "0"],
        ["b", "0", "0", "1"],
        ["all", "1", "1", "1"],
    ]

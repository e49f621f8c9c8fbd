"""What a baseline forgives and what it does not; what becomes of each waiver."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pacs_hardening.model import (
    BadInput,
    Comparison,
    Finding,
    Severity,
    Status,
    judge,
)
from pacs_hardening.model.baseline import compare
from pacs_hardening.model.waiver import Waiver, parse, review

from .reporting import ERROR, FAILED, NOT_RUN, PASSED, control, failing

WEB = failing("web.x", Severity.HIGH)


def passing(finding: Finding) -> Finding:
    return Finding(finding.control, Status.PASS, finding.case)


def test_what_was_open_then_is_known_and_passes() -> None:
    comparison = compare([FAILED, PASSED], [FAILED, PASSED])
    assert comparison == Comparison(known=(FAILED.key,))
    verdict = judge([FAILED, PASSED], known=comparison.known)
    assert (verdict.outcome, verdict.exit_status) == ("pass", 0)
    assert verdict.why == "1 failure is known from the baseline and still open; nothing else is."


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ([PASSED], FAILED, "new"),
        ([], FAILED, "new"),
        ([replace(WEB, case="a")], replace(WEB, case="b"), "new"),
        ([replace(WEB, status=Status.WAIVED)], WEB, "new"),
        ([replace(WEB, status=Status.ERROR)], WEB, "new"),
        ([WEB], replace(WEB, also=("another endpoint",)), "worse"),
        ([WEB], failing("web.x", Severity.CRITICAL), "worse"),
        ([WEB], replace(WEB, actual="the list of passwords"), "new"),
        ([replace(WEB, also=("one", "another"))], replace(WEB, also=("a third", "one")), "new"),
    ],
)
def test_what_is_new_or_worse_fails(before: list[Finding], now: Finding, kind: str) -> None:
    comparison = compare(before, [now, PASSED])
    assert getattr(comparison, kind) == (now.key,)
    assert judge([now, PASSED], known=comparison.known).exit_status == 1


DOORS = ("dicoms://h:11112", "https://h:8443")


@pytest.mark.parametrize(
    ("then", "now", "known"),
    [
        ("h:104 answered in 0.31 s as ALL-3F2A", "h:104 answered in 1.2 s as ALL-ABCD", True),
        ("served at dicoms://h:11112", "served at dicoms://h:11112", True),
        ("served at dicoms://h:11112", "served at https://h:8443", False),
        ("C-FIND served at h:11112", "C-FIND served at h:8443", False),
        ("C-ECHO served", "C-FIND served", False),
    ],
)
def test_a_failure_is_known_where_the_same_was_seen_at_the_same_endpoint(then: str, now: str, known: bool) -> None:
    """Numbers and names that are made anew in each run are no difference."""
    before, after = replace(WEB, actual=then), replace(WEB, actual=now)
    found = compare([before], [after], endpoints_before=DOORS, endpoints=DOORS)
    assert found == (Comparison(known=(WEB.key,)) if known else Comparison(new=(WEB.key,)))


def test_an_environment_has_other_ports_each_time() -> None:
    before, after = replace(WEB, actual="served at https://h:8443"), replace(WEB, actual="served at https://h:9999")
    found = compare([before], [after], endpoints_before=DOORS, endpoints=("dicoms://h:1", "https://h:9999"))
    assert found.known


def test_the_worst_that_is_new_is_named_not_the_worst() -> None:
    verdict = judge([FAILED, WEB], known=(FAILED.key,))
    assert verdict.why == WEB.control.exposure


def test_what_was_open_and_is_waived_now_is_known_and_was_measured() -> None:
    assert compare([WEB], [replace(WEB, status=Status.WAIVED)]) == Comparison(known=(WEB.key,))
    assert compare([], [replace(WEB, status=Status.WAIVED)]) == Comparison()


def test_what_was_mended_is_named_and_silence_is_no_mending() -> None:
    gone = failing("web.gone")
    unsure = failing("web.unsure")
    now = [passing(WEB), replace(unsure, status=Status.NOT_RUN)]
    assert compare([WEB, gone, unsure], now) == Comparison(fixed=(WEB.key,), unmeasured=(gone.key, unsure.key))


def test_a_baseline_forgives_no_missing_evidence() -> None:
    assert judge([FAILED, ERROR, PASSED], known=(FAILED.key,)).exit_status == 10
    assert judge([FAILED], known=(FAILED.key,), aborted="it died").exit_status == 10
    assert judge([NOT_RUN], known=("web.x",)).exit_status == 10


# --- waivers

TODAY = date(2026, 11, 25)


def waiver(control: str = "web.x", target: str = "*", evidence: str = "") -> Waiver:
    return Waiver(control, target, "later", "IT", date(2027, 1, 1), evidence)


def test_a_waiver_that_covers_what_was_found_needs_no_word() -> None:
    found = [replace(WEB, status=Status.WAIVED), PASSED]
    assert not any(vars(review([waiver(evidence="patients")], found, "ward")).values())


def test_a_waiver_whose_words_do_not_fit_fails_the_gate_whatever_the_threshold() -> None:
    found = [failing("web.x", Severity.LOW), PASSED]
    unmatched = review([waiver(evidence="another answer")], found, "ward").unmatched
    assert unmatched == (
        "The waiver for web.x does not cover what was found: "
        "not everything that was seen holds the words 'another answer'.",
    )
    verdict = judge(found, fail_on=Severity.HIGH, unmatched=unmatched)
    assert (verdict.exit_status, verdict.why) == (1, unmatched[0])


def test_a_waiver_for_a_case_that_does_not_exist_fails_the_gate() -> None:
    assert "no such case" in review([waiver("web.x[nowhere]")], [WEB], "ward").unmatched[0]


def test_a_waived_control_that_holds_is_named() -> None:
    found = review([waiver()], [passing(WEB)], "ward")
    assert found.needless == ("web.x: holds now; remove the waiver of IT",)
    assert not found.unmatched
    assert judge([passing(WEB)], unmatched=found.unmatched).exit_status == 0


@pytest.mark.parametrize("status", [Status.NOT_RUN, Status.ERROR, Status.NOT_APPLICABLE, None])
def test_what_was_not_measured_decides_nothing_about_a_waiver(status: Status | None) -> None:
    found = [Finding(control("web.x"), status)] if status else []
    reviewed = review([waiver()], found, "ward")
    assert not reviewed.unmatched
    assert not reviewed.needless
    assert "was not measured" in reviewed.unasked[0]


def test_of_several_cases_one_that_is_covered_is_enough() -> None:
    cases = [replace(WEB, case="a", status=Status.WAIVED), replace(WEB, case="b", actual="else")]
    assert review([waiver(evidence="patients")], cases, "ward").unmatched == ()


@pytest.mark.parametrize(("targets", "fits"), [(["ward-1", "ward-2"], True), (["lab"], False)])
def test_a_waiver_for_another_target_is_refused_before_anything_starts(targets: list[str], fits: bool) -> None:
    text = '[[waiver]]\ncontrol = "web.x"\ntarget = "ward-*"\nreason = "r"\nowner = "o"\nexpires = 2027-01-01\n'
    if fits:
        assert parse(text, "w", known=["web.x"], today=TODAY, targets=targets)
    else:
        with pytest.raises(BadInput, match=r"w: waiver 1: target 'ward-\*' matches none of: lab"):
            parse(text, "w", known=["web.x"], today=TODAY, targets=targets)

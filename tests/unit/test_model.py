"""Verdicts fail closed; waivers cover one failure, for a time; secrets never show."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pacs_hardening.model import (
    BadInput,
    Control,
    Finding,
    Impact,
    NotAsked,
    Secret,
    Severity,
    Status,
    control,
    control_of,
    judge,
)
from pacs_hardening.model.waiver import parse

LOW = Control("area.refuses-x", "It MUST.", "Exposed.", Severity.LOW, Impact.PASSIVE)
HIGH = replace(LOW, id="area.refuses-y", severity=Severity.HIGH, exposure="Very exposed.")


def found(*statuses: Status, of: Control = LOW) -> list[Finding]:
    return [Finding(of, status, case=str(n)) for n, status in enumerate(statuses)]


@pytest.mark.parametrize(
    ("statuses", "exit_status"),
    [
        ([Status.PASS], 0),
        ([Status.PASS, Status.NOT_APPLICABLE, Status.WAIVED, Status.NOT_RUN], 10),
        ([], 10),
        ([Status.NOT_APPLICABLE], 10),
        ([Status.NOT_RUN, Status.NOT_RUN], 10),
        ([Status.WAIVED], 10),
        ([Status.PASS, Status.ERROR], 10),
        ([Status.PASS, Status.FAIL], 1),
        ([Status.ERROR, Status.FAIL], 1),
    ],
)
def test_exit_status(statuses: list[Status], exit_status: int) -> None:
    assert judge(found(*statuses)).exit_status == exit_status


def test_measured_elsewhere_does_not_need_every_case() -> None:
    assert judge([*found(Status.PASS), *found(Status.NOT_RUN, Status.WAIVED, of=HIGH)]).exit_status == 0


def test_the_worst_failure_gives_the_reason() -> None:
    verdict = judge([*found(Status.FAIL), *found(Status.FAIL, of=HIGH)])
    assert verdict.why == "Very exposed."


def test_fail_on_a_severity() -> None:
    assert judge([*found(Status.FAIL), *found(Status.PASS, of=HIGH)], fail_on=Severity.HIGH).exit_status == 0
    assert judge(found(Status.FAIL, of=HIGH), fail_on=Severity.HIGH).exit_status == 1


def test_what_is_required_must_have_been_measured() -> None:
    assert judge(found(Status.PASS), required=["area.refuses-y"]).exit_status == 10
    assert judge(found(Status.PASS), required=["area.refuses-x"]).exit_status == 0
    assert judge([*found(Status.PASS), *found(Status.NOT_RUN, of=HIGH)], required=[HIGH.id]).exit_status == 10


@pytest.mark.parametrize("status", [Status.NOT_RUN, Status.ERROR, None])
def test_what_is_required_must_have_been_measured_in_every_case(status: Status | None) -> None:
    """A case that was left out, or could not be measured, beside one that was found open."""
    lesser = replace(found(Status.FAIL)[0], control=replace(HIGH, severity=Severity.LOW))
    other = [replace(lesser, case="b", status=status)] if status else []
    left_out = () if status else (f"{HIGH.id}[b]",)
    verdict = judge([lesser, *other], required=[HIGH.id], left_out=left_out, fail_on=Severity.HIGH)
    assert verdict.exit_status == 10
    measured = [lesser, replace(lesser, case="b", status=Status.PASS)]
    assert judge(measured, required=[HIGH.id], fail_on=Severity.HIGH).exit_status == 0


def test_what_was_not_asked_is_counted_by_control_and_by_case() -> None:
    findings = [*found(Status.PASS), *found(Status.NOT_RUN, of=HIGH)]
    assert not NotAsked.of(found(Status.PASS), ())
    counted = NotAsked.of(findings, [f"{HIGH.id}[more]", "area.absent[a]", "area.absent[b]", f"{findings[0].key}[c]"])
    assert (counted.controls, counted.cases) == (2, 1)


def test_an_aborted_run_is_never_a_pass() -> None:
    assert judge(found(Status.PASS), aborted="the target died").exit_status == 10
    assert judge(found(Status.FAIL), aborted="the target died").exit_status == 1


def test_a_control_states_its_requirement() -> None:
    with pytest.raises(TypeError, match="docstring"):

        @control(Severity.LOW, Impact.PASSIVE, exposure="x.")
        def test_refuses_nothing() -> None:
            pass


def test_a_control_is_named_for_its_place() -> None:
    @control(Severity.LOW, Impact.PASSIVE, exposure="x.")
    def test_refuses_two_words() -> None:
        """The archive MUST do so. And more.

        Why."""

    made = control_of(test_refuses_two_words)
    assert made is not None
    assert made.id.endswith(".refuses-two-words")
    assert made.title == "The archive MUST do so"
    assert control_of(print) is None


def test_secrets_do_not_show() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == "hunter2"


WAIVER = """
[[waiver]]
control = "area.refuses-x"
reason = "old modality"
owner = "PACS team"
expires = 2030-01-01
evidence = "TLS 1.0"
target = "lab-*"
"""


def test_a_waiver_covers_what_it_names() -> None:
    (waiver,) = parse(WAIVER, "w.toml", known=["area.refuses-x"], today=date(2029, 1, 1))
    failure = replace(found(Status.FAIL)[0], actual="accepts TLS 1.0")
    assert waiver.covers(failure, "lab-1")
    assert not waiver.covers(failure, "ward-1")
    assert not waiver.covers(replace(failure, actual="accepts SSL 3.0"), "lab-1")
    assert not waiver.covers(replace(failure, control=HIGH), "lab-1")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[[waiver]]", "[waiver]", "accepted are"),
        ('owner = "PACS team"', "", "'owner' is missing"),
        ("2030-01-01", '"soon"', "must be a date"),
        ("2030-01-01", "2028-01-01", "expired"),
        ("area.refuses-x", "area.refuses-z", "unknown control"),
        ('target = "lab-*"', "target = 3", "must be text"),
        ('target = "lab-*"', "targets = 3", "accepted keys"),
        ("reason =", "reason ==", "line 4"),
    ],
)
def test_a_waiver_that_cannot_be_used(old: str, new: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse(WAIVER.replace(old, new), "w.toml", known=["area.refuses-x"], today=date(2029, 1, 1))

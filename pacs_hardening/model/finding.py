"""A finding: what one control showed of one target. The unit of every report and of the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .control import Control, Severity


class Status(StrEnum):
    PASS = "PASS"
    FAIL = "FAIL"
    ERROR = "ERROR"  # could not be measured: never a pass
    NOT_APPLICABLE = "NOT_APPLICABLE"  # the target has no such door
    NOT_RUN = "NOT_RUN"  # its impact is not permitted, or the target file lacks what it needs
    WAIVED = "WAIVED"


# Worst first: a control with several cases has the status of its worst case.
WORST_FIRST = (Status.FAIL, Status.ERROR, Status.WAIVED, Status.NOT_RUN, Status.PASS, Status.NOT_APPLICABLE)


class Violation(AssertionError):
    """The requirement does not hold. The only exception that means FAIL. ``also``: further facts, each of which
    would be a violation by itself (another door, another peer). ``fix``: what to change, where the control knows."""

    def __init__(
        self,
        expected: str,
        actual: str,
        evidence: Iterable[str] = (),
        also: Iterable[str] = (),
        fix: Iterable[str] = (),
    ) -> None:
        self.expected, self.actual, self.evidence, self.also = expected, actual, tuple(evidence), tuple(also)
        self.fix = tuple(fix)
        super().__init__(f"expected {expected}; actual {actual}")


class Inapplicable(Exception):
    """The target has no such door. The only exception that means NOT_APPLICABLE."""


class NotPermitted(Exception):
    """What the control needs was not given or not allowed. The only exception that means NOT_RUN."""


class Missing(NotPermitted):
    """The user of the suite did not say what the control needs to know. NOT_RUN, and ERROR for a critical control:
    what was left out must not turn an open archive into a pass."""


class Unmeasurable(Exception):
    """No evidence either way: unreachable, hung, unreadable. Always ERROR, never a pass."""


class Unserved(Unmeasurable):
    """The target answers, and refuses the peer that should be served: it lives, but no pass can be believed."""


class BadInput(Exception):
    """What the user gave cannot be used: one line that names it and what is accepted. Exit status 4."""


@dataclass(frozen=True)
class Finding:
    """``control`` x ``case`` -> ``status``, with the evidence (redacted text lines) and seconds taken. ``supports``:
    the requirements of laws and standards that it supports evidence for, one line each."""

    control: Control
    status: Status
    case: str = ""
    expected: str = ""
    actual: str = ""
    evidence: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    supports: tuple[str, ...] = ()
    duration_s: float = 0.0

    @property
    def key(self) -> str:
        return f"{self.control.id}[{self.case}]" if self.case else self.control.id


@dataclass(frozen=True)
class Comparison:
    """Keys of findings, against an earlier run: failures that are ``new``, or ``worse`` than they were, or ``known``
    from it; what it saw fail and now is ``fixed``, or is ``unmeasured`` now."""

    new: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """``outcome`` is pass, fail or inconclusive; ``exit_status`` 0, 1 or 10; ``why`` one plain line."""

    outcome: str
    exit_status: int
    why: str


@dataclass(frozen=True)
class Past:
    """An earlier run against the same target: when (ISO 8601), its outcome, and how many controls held, did not, and
    were not measured."""

    when: str
    outcome: str
    held: int
    broken: int
    unmeasured: int


@dataclass(frozen=True)
class Run:
    """Everything a report is made from. ``seconds`` is what the phases of the run took, by name; ``notes`` what
    somebody has to know or to do besides, by heading; ``started`` is UTC, ISO 8601; ``history`` oldest first."""

    target: str
    findings: tuple[Finding, ...]
    verdict: Verdict
    suite: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    started: str = ""
    comparison: Comparison | None = None
    history: tuple[Past, ...] = ()


def by_control(findings: Iterable[Finding]) -> dict[str, Status]:
    """Control id -> its worst status over all cases."""
    worst: dict[str, Status] = {}
    for finding in findings:
        ranked = [finding.status, worst.get(finding.control.id, finding.status)]
        worst[finding.control.id] = min(ranked, key=WORST_FIRST.index)
    return worst


def judge(
    findings: Sequence[Finding],
    *,
    fail_on: Severity = Severity.INFO,
    aborted: str = "",
    required: Iterable[str] = (),
    partial: int = 0,
    known: Iterable[str] = (),
    unmatched: Sequence[str] = (),
) -> Verdict:
    """The verdict over a whole run; fails closed.

    0 only if at least one control was measured, none failed at or above ``fail_on``, nothing stayed
    unmeasured, every id in ``required`` was measured, and the run was not ``aborted`` (its reason). ``partial``
    is the number of controls that were deselected; ``known`` are keys of failures that the baseline has, which do
    not count; ``unmatched`` are waivers that cover nothing of what fails: each fails the gate.
    """
    known = set(known)
    failed = [f for f in findings if f.status is Status.FAIL and f.control.severity >= fail_on and f.key not in known]
    if failed:
        worst = max(failed, key=lambda f: f.control.severity)
        return Verdict("fail", 1, worst.control.exposure)
    if unmatched:
        return Verdict("fail", 1, unmatched[0])
    errors = [f for f in findings if f.status is Status.ERROR]
    statuses = by_control(findings)
    held = {i for i, s in statuses.items() if s in (Status.PASS, Status.FAIL)}
    missing = sorted(set(required) - {i for i, s in statuses.items() if s in (Status.PASS, Status.FAIL, Status.WAIVED)})
    if aborted:
        return Verdict("inconclusive", 10, aborted)
    if errors:
        return Verdict("inconclusive", 10, f"{errors[0].key} could not be measured: {errors[0].actual}")
    if missing:
        return Verdict("inconclusive", 10, f"required but not measured: {', '.join(missing)}")
    if not held:
        return Verdict("inconclusive", 10, "no control was measured")
    if known & {f.key for f in findings if f.status is Status.FAIL}:
        return Verdict("pass", 0, "Nothing is open that was not open before; what the baseline knows still is.")
    if any(f.status in (Status.FAIL, Status.WAIVED) for f in findings):
        return Verdict("pass", 0, "Nothing that counts for this gate was found open.")
    left_out = sorted(control for control, status in statuses.items() if status is Status.NOT_RUN)
    if left_out or partial:
        return Verdict("pass", 0, f"What was asked holds; {partial + len(left_out)} controls were not asked.")
    return Verdict("pass", 0, "Every stranger was refused and every authorised node was served.")

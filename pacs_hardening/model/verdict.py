"""The verdict over what a run found. It fails closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .control import Severity
from .finding import Finding, Status, Verdict, by_control
from .naming import control_id

_MEASURED = (Status.PASS, Status.FAIL, Status.WAIVED)


@dataclass(frozen=True)
class NotAsked:
    """How many whole ``controls`` a run did not ask, and how many ``cases`` of those that it did."""

    controls: int
    cases: int

    @classmethod
    def of(cls, findings: Sequence[Finding], left_out: Iterable[str]) -> NotAsked:
        statuses, out = by_control(findings), list(left_out)
        unasked = {control for control, status in statuses.items() if status is Status.NOT_RUN}
        absent = {control_id(key) for key in out} - statuses.keys()
        cases = [key for key in out if control_id(key) in statuses.keys() - unasked]
        return cls(len(unasked | absent), len(cases))

    def __bool__(self) -> bool:
        return bool(self.controls or self.cases)

    def __str__(self) -> str:
        """Such as ``3 controls and 1 case``; empty where everything was asked."""
        said = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in self._counts if n]
        return " and ".join(said)

    @property
    def sentence(self) -> str:
        return f"{self} {'was' if self.controls + self.cases == 1 else 'were'} not asked" if self else ""

    @property
    def _counts(self) -> tuple[tuple[int, str], tuple[int, str]]:
        return (self.controls, "control"), (self.cases, "case")


def key_of(control: str, case: str) -> str:
    return f"{control}[{case}]" if case else control


def unmeasured(required: Iterable[str], findings: Sequence[Finding], left_out: Iterable[str]) -> list[str]:
    """Those of ``required`` that lack a measured case, or of which one was not asked or could not be measured."""
    seen: dict[str, set[Status]] = {}
    for finding in findings:
        seen.setdefault(finding.control.id, set()).add(finding.status)
    out = {control_id(key) for key in left_out}
    lacking = {Status.ERROR, Status.NOT_RUN}
    return sorted(
        each
        for each in set(required)
        if each in out or not seen.get(each, set()) & {*_MEASURED} or seen.get(each, set()) & lacking
    )


def judge(
    findings: Sequence[Finding],
    *,
    fail_on: Severity = Severity.INFO,
    aborted: str | None = None,
    required: Iterable[str] = (),
    left_out: Sequence[str] = (),
    known: Iterable[str] = (),
    unmatched: Sequence[str] = (),
) -> Verdict:
    """The verdict over a whole run; fails closed.

    0 only if at least one control was measured, none failed at or above ``fail_on``, nothing stayed
    unmeasured, every id in ``required`` was measured in all its cases, and the run was not ``aborted`` (its reason).
    ``left_out`` are the keys of controls and cases that the suite has and nobody asked; ``known`` are keys of failures
    that the baseline has, which do not count; ``unmatched`` are waivers that cover nothing of what fails: each fails
    the gate.
    """
    failed = [f for f in findings if f.status is Status.FAIL]
    remembered = [f for f in failed if f.key in {*known}]
    counting = [f for f in failed if f.control.severity >= fail_on and f not in remembered]
    if counting:
        worst = max(counting, key=lambda f: f.control.severity)
        return Verdict("fail", 1, worst.means)
    if unmatched:
        return Verdict("fail", 1, unmatched[0])
    reason = _unknown(findings, aborted, unmeasured(required, findings, left_out))
    if reason is not None:
        return Verdict("inconclusive", 10, reason)
    not_asked = NotAsked.of(findings, left_out)
    said = f" {not_asked.sentence}." if not_asked else ""
    if remembered:
        count = f"{len(remembered)} failure{' is' if len(remembered) == 1 else 's are'}"
        return Verdict("pass", 0, f"{count} known from the baseline and still open; nothing else is.{said}")
    if any(f.status in (Status.FAIL, Status.WAIVED) for f in findings):
        return Verdict("pass", 0, f"Nothing that counts for this gate was found open.{said}")
    if not_asked:
        return Verdict("pass", 0, f"What was asked holds; {not_asked.sentence}.")
    return Verdict("pass", 0, "Every stranger was refused and every authorised node was served.")


def _unknown(findings: Sequence[Finding], aborted: str | None, missing: Sequence[str]) -> str | None:
    """Why there is no verdict; None where there is one."""
    if aborted is not None:
        return aborted
    if error := next((f for f in findings if f.status is Status.ERROR), None):
        return f"{error.key} could not be measured: {error.actual}"
    if missing:
        return f"required but not measured: {', '.join(missing)}"
    if not any(status in (Status.PASS, Status.FAIL) for status in by_control(findings).values()):
        return "no control was measured"
    return None

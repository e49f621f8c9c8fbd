"""What every report counts and says in the same way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..model import (
    Control,
    Finding,
    NotAsked,
    Past,
    Run,
    Severity,
    Status,
    by_control,
)
from .text import clean


@dataclass(frozen=True)
class Tally:
    """Controls by their worst status."""

    held: int
    broken: int
    unmeasured: int
    waived: int
    not_asked: int
    cases_not_asked: int = 0

    @classmethod
    def of(cls, findings: Iterable[Finding], left_out: Iterable[str] = ()) -> Tally:
        """``left_out``: keys of what the suite has and the run did not ask."""
        findings = list(findings)
        found = list(by_control(findings).values())
        order = (Status.PASS, Status.FAIL, Status.ERROR, Status.WAIVED, Status.NOT_RUN)
        counted, not_asked = [found.count(status) for status in order], NotAsked.of(findings, left_out)
        return replace(cls(*counted), not_asked=not_asked.controls, cases_not_asked=not_asked.cases)

    @property
    def words(self) -> str:
        measured = self.held + self.broken
        said = [f"{self.held} of {measured} controls hold" if measured else "no control was measured"]
        for count, words in (
            (self.broken, "{} failed"),
            (self.unmeasured, "{} could not be measured"),
            (self.waived, "{} waived"),
            (self.not_asked, "{} not asked"),
            (self.cases_not_asked, "{} cases of others not asked"),
        ):
            if count:
                said.append(words.format(count))
        return ", ".join(said)


def grouped(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by the id of their control, in order of appearance."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.control.id].append(finding)
    return dict(groups)


def open_controls(run: Run) -> list[Control]:
    """What fails, gravest first, each once, and with what it means here: of several cases, the worst."""
    failed = dict[str, Control]()
    for finding in run.findings:
        if finding.status is Status.FAIL and (finding.control.id not in failed or not finding.exposure):
            failed[finding.control.id] = replace(finding.control, exposure=finding.means)
    return sorted(failed.values(), key=lambda control: (-control.severity, control.id))


def headline(run: Run) -> str:
    """The verdict in plain words, for somebody who reads nothing else."""
    if run.verdict.outcome == "inconclusive":
        return "Not known: this is not a pass"
    if run.verdict.outcome == "pass":
        left = any(finding.status in (Status.FAIL, Status.WAIVED) for finding in run.findings)
        return "Nothing that counts for this gate is open" if left else "No stranger was served"
    worst = max((control.severity for control in open_controls(run)), default=Severity.INFO)
    if worst is Severity.CRITICAL:
        return "This archive is open"
    return "One step keeps strangers out" if worst is Severity.HIGH else "Something is left to mend"


def fixes(findings: Iterable[Finding]) -> list[str]:
    """What to change on this product, each text once."""
    return list(dict.fromkeys(clean(line) for finding in findings for line in finding.fix))


def which(findings: Iterable[Finding]) -> str:
    """Which of several `fixes` are meant."""
    return "all of these:" if all(finding.caused for finding in findings) else "whichever of these applies:"


def in_general(finding: Finding) -> str:
    """What to change where nothing is known of the product."""
    return f"Whatever the product: {clean(finding.control.title)}"


def past(run: Run) -> Past:
    """This run as the next one will remember it."""
    tally = Tally.of(run.findings, run.left_out)
    return Past(run.started, run.verdict.outcome, tally.held, tally.broken, tally.unmeasured)

"""What every report counts and says in the same way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ..model import Control, Finding, Past, Run, Severity, Status, by_control
from .text import clean


@dataclass(frozen=True)
class Tally:
    """Controls by their worst status."""

    held: int
    broken: int
    unmeasured: int
    waived: int
    not_asked: int
    not_applicable: int

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Tally:
        found = list(by_control(findings).values())
        order = (Status.PASS, Status.FAIL, Status.ERROR, Status.WAIVED, Status.NOT_RUN, Status.NOT_APPLICABLE)
        return cls(*(found.count(status) for status in order))

    @property
    def words(self) -> str:
        measured = self.held + self.broken
        said = [f"{self.held} of {measured} controls hold" if measured else "no control was measured"]
        for count, words in (
            (self.broken, "{} failed"),
            (self.unmeasured, "{} could not be measured"),
            (self.waived, "{} waived"),
            (self.not_asked, "{} not asked"),
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
    """What fails, gravest first, each once."""
    failed = {f.control.id: f.control for f in run.findings if f.status is Status.FAIL}
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


def past(run: Run) -> Past:
    """This run as the next one will remember it."""
    tally = Tally.of(run.findings)
    return Past(run.started, run.verdict.outcome, tally.held, tally.broken, tally.unmeasured)

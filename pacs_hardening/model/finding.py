"""A finding: what one control showed of one target. The unit of every report and of the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from .control import Control
from .response import Said


class Status(StrEnum):
    PASS = "PASS"
    FAIL = "FAIL"
    ERROR = "ERROR"  # could not be measured: never a pass
    NOT_APPLICABLE = "NOT_APPLICABLE"  # the target has no such endpoint
    NOT_RUN = "NOT_RUN"  # its impact is not permitted, or the target file lacks what it needs
    WAIVED = "WAIVED"


# Worst first: a control with several cases has the status of its worst case.
WORST_FIRST = (Status.FAIL, Status.ERROR, Status.WAIVED, Status.NOT_RUN, Status.PASS, Status.NOT_APPLICABLE)


class Stranger(Enum):
    """What somebody has who was let in: nothing, the name of an authorised node, a certificate of its CA, both."""

    ANYONE = auto()
    POSING = auto()
    DEVICE = auto()
    POSING_DEVICE = auto()


class Violation(AssertionError):
    """The requirement does not hold. The only exception that means FAIL. ``also``: further facts, each of which
    would be a violation by itself (another endpoint, another peer). ``fix``: what to change, where the control
    knows. ``strangers``: who was let in, where it was a peer."""

    def __init__(
        self,
        expected: str,
        actual: Said,
        evidence: Iterable[Said] = (),
        also: Iterable[Said] = (),
        fix: Iterable[str] = (),
        strangers: Iterable[Stranger] = (),
    ) -> None:
        self.expected, self.actual, self.evidence, self.also = expected, actual, tuple(evidence), tuple(also)
        self.fix, self.strangers = tuple(fix), frozenset(strangers)
        super().__init__(f"expected {expected}; actual {actual}")


class Inapplicable(Exception):
    """It was measured that the target has no such thing: an authorised node or user is refused it, too. Never what a
    file leaves out. Means NOT_APPLICABLE."""


class NotPermitted(Exception):
    """What the control needs was not given or not allowed. Means NOT_RUN."""


class Missing(NotPermitted):
    """The user of the suite did not say what the control needs to know. NOT_RUN, and ERROR for a critical control:
    what was left out must not turn an open archive into a pass."""


class Undeclared(Missing):
    """Like Missing; but of an archive that the suite started, whose declaration is whole, it is NOT_APPLICABLE."""


class Unnamed(NotPermitted):
    """A part of its own that is not named, and so is not judged: a service, a second archive, the host. NOT_RUN, or,
    of an archive that the suite started, NOT_APPLICABLE."""


class Unmeasurable(Exception):
    """No evidence either way: unreachable, hung, unreadable. Always ERROR, never a pass. ``said`` is for the report."""

    def __init__(self, *said: Said) -> None:
        self.said: Said = said
        super().__init__(*said)

    def __str__(self) -> str:
        return "".join(map(str, self.args))


class Unserved(Unmeasurable):
    """The target answers, and refuses the peer that should be served: it lives, but no pass can be believed."""


class BadInput(Exception):
    """What the user gave cannot be used: one line that names it and what is accepted. Exit status 4."""


@dataclass(frozen=True)
class Finding:
    """``control`` x ``case`` -> ``status``, with the evidence (redacted text lines) and seconds taken. ``supports``:
    the requirements of laws and standards that it supports evidence for, one line each. ``fix`` says what to change;
    ``caused``: each line of it by a cause that was seen, and not one of several that are possible. ``exposure``: what
    it means, where that is less than what the control says."""

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
    caused: bool = False
    exposure: str = ""

    @property
    def means(self) -> str:
        """One plain sentence for the person in charge."""
        return self.exposure or self.control.exposure

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
    somebody has to know or to do besides, by heading; ``started`` is UTC, ISO 8601; ``left_out`` the
    keys of what the suite has and this run did not ask; ``history`` oldest first."""

    target: str
    findings: tuple[Finding, ...]
    verdict: Verdict
    suite: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    started: str = ""
    comparison: Comparison | None = None
    left_out: tuple[str, ...] = ()
    history: tuple[Past, ...] = ()


def by_control(findings: Iterable[Finding]) -> dict[str, Status]:
    """Control id -> its worst status over all cases."""
    worst: dict[str, Status] = {}
    for finding in findings:
        ranked = [finding.status, worst.get(finding.control.id, finding.status)]
        worst[finding.control.id] = min(ranked, key=WORST_FIRST.index)
    return worst

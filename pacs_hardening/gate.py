"""One gate run: what it is aimed at, what was found, and the verdict. Knows nothing of pytest."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from .launch.environment import Environment
from .launch.running import Running
from .model import (
    BadInput,
    Control,
    Finding,
    Impact,
    Inapplicable,
    Missing,
    NotPermitted,
    Run,
    Severity,
    Status,
    Target,
    Unmeasurable,
    Unserved,
    Violation,
    judge,
)
from .model.baseline import compare
from .model.waiver import Waiver, review
from .probes.authorised import Authorised, plant
from .probes.configuration import Opened, read
from .profiles import Profile
from .profiles.overlays import supported
from .wire import ledger

SUITE = ("pacs-hardening", "pytest", "pynetdicom", "sslyze", "hypothesis", "docker", "cryptography")


@dataclass
class Gate:
    """Aimed at an ``environment`` (perhaps with a ``weakness``, or with a configuration made of ``source``), which
    ``start`` will start (and ``again`` another one like it), or at a ``target`` that runs already."""

    profile: Profile
    environment: Environment | None = None
    weakness: str | None = None
    variant: str = ""
    source: Path | None = None
    start: AbstractContextManager[Running] | None = None
    again: Callable[[], AbstractContextManager[Running]] | None = None
    target: Target | None = None
    product: Environment | None = None
    allow: Impact | None = None
    fail_on: Severity = Severity.INFO
    waivers: tuple[Waiver, ...] = ()
    baseline: tuple[Finding, ...] | None = None
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    expected_items: int = 0
    deselected: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)
    aborted: str = ""
    unproven: str = ""
    running: Running | None = None
    authorised: Authorised | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    started: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _lapped: float = field(default_factory=time.monotonic)
    _read: tuple[Opened, ...] | None = None
    _trusted: int = 0  # findings up to here were made of a target that was seen alive afterwards

    @property
    def name(self) -> str:
        if self.environment is None:
            return self.target.name if self.target else ""
        name = f"{self.environment.label} {self.variant}".rstrip()
        return f"{name} weakened by {self.weakness}" if self.weakness else name

    @contextmanager
    def opened(self) -> Iterator[Running]:
        """Start or open the target, prove it alive and served, plant a specimen where writing is allowed; at
        the end prove that it still is the same. Raises Unmeasurable where any of that fails."""
        self._lap("import and collect")
        try:
            with self._running() as running:
                self._lap("start")
                self._admit(running)
                born = running.fingerprint()
                self._lap("positive controls at the start")
                yield self.running or running
                self._lap("controls")
                if not self.aborted:
                    self._still(born, running)
                self._lap("positive controls at the end")
        except Unmeasurable as error:
            self.aborted = self.aborted or str(error)
            self._doubt()
            raise
        finally:
            self._lap("clean-up")

    def _lap(self, phase: str) -> None:
        """What has passed since the last call belongs to ``phase``."""
        now = time.monotonic()
        self.seconds[phase] = now - self._lapped
        self._lapped = now

    @contextmanager
    def _running(self) -> Iterator[Running]:
        if self.start is not None:
            with self.start as running:
                yield running
        else:
            assert self.target is not None
            hosts, files = self.target.hosts, self.target.configurations
            # What its processes hold can be seen only where the suite itself started them.
            seen = self.target.capabilities - {"usage"} | ({"host"} if hosts else set())
            target = replace(self.target, capabilities=seen)
            yield Running(target, lambda: "", None, lambda: "", hosts=hosts, configurations=files)

    def _admit(self, running: Running) -> None:
        target = running.target
        if self.allow is not None:
            target = replace(target, ceiling=self.allow)
        self.authorised = Authorised(target)
        try:
            self.authorised.pulse()
        except Unserved as refused:
            self.unproven = str(refused)  # an open door can still be found; that one is shut cannot
        if target.ceiling >= Impact.WRITES and target.doors_of("dicom") and not self.unproven:
            try:
                target = replace(target, specimen=plant(self.authorised))
            except Unserved as refused:
                self.unproven = str(refused)
            self.authorised = Authorised(target)
        self.target = target
        files = {name: replace(each, source=self.source) for name, each in running.configurations.items()}
        self.running = replace(running, target=target, configurations=files if self.source else running.configurations)

    def _still(self, born: str, running: Running) -> None:
        if self.authorised is not None and not self.unproven:
            self.authorised.pulse()
        if running.fingerprint() != born:
            raise Unmeasurable("a server process of the target died or restarted during the run")

    def permit(self, control: Control) -> int:
        """How many proofs there were before ``control``. Raises NotPermitted or Inapplicable where it cannot be asked
        of the target, Unmeasurable where the target has stopped serving."""
        if self.aborted:
            raise Unmeasurable(self.aborted)
        assert self.target is not None
        missing = control.needs - self.target.capabilities - {door.service for door in self.target.doors}
        if missing:
            raise Inapplicable(f"the target has no {' and no '.join(sorted(missing))}")
        if control.impact > self.target.ceiling:
            word = control.impact.name.lower()
            raise NotPermitted(f"its impact is '{word}'; allow it with --allow {word}")
        if self.authorised is not None:
            self.authorised.forget()
        return self.proofs()

    def compare_with(self, before: Run, source: str) -> None:
        """Raises BadInput where ``before`` is a run against something else."""
        if before.target != self.name:
            raise BadInput(f"--baseline {source}: is of {before.target!r}, and this run is of {self.name!r}")
        self.baseline = before.findings

    def proofs(self) -> int:
        return self.authorised.proofs if self.authorised else 0

    def demand_proof(self, control: Control, before: int) -> None:
        """A control that passed without a positive control has proven nothing. Raises Unmeasurable."""
        if self.unproven:
            raise Unmeasurable(self.unproven)
        if self.proofs() == before:
            raise Unmeasurable(f"{control.id} passed, but no authorised peer succeeded beside it")

    def check_pulse_after_failure(self, control: Control) -> None:
        """Note for the controls that follow whether the target survived; what was found stays found."""
        if self.aborted:
            return
        with suppress(Unmeasurable):
            self.check_pulse(control)

    def check_pulse(self, control: Control) -> None:
        """After a control: the target must still serve those who may be served. Raises Unmeasurable."""
        assert self.authorised is not None
        if self.unproven:
            return
        try:
            self.authorised.pulse()
        except Unmeasurable as error:
            self.aborted = f"after {control.id} the target no longer served an authorised peer: {error}"
            self._doubt()
            raise Unmeasurable(self.aborted) from error
        self._trusted = len(self.findings) + 1  # this control's own finding comes next

    def _doubt(self) -> None:
        """What passed since the target was last seen alive may have passed because it was dead."""
        for place, finding in enumerate(self.findings[self._trusted :], self._trusted):
            if finding.status is Status.PASS:
                self.findings[place] = replace(finding, status=Status.ERROR, actual=self.aborted)

    def record(self, control: Control, case: str, error: BaseException | None, seconds: float) -> Finding:
        """Turn how a control ended into a finding. Only Violation is FAIL; whatever is not understood is ERROR."""
        finding = Finding(control, Status.PASS, case, duration_s=seconds, supports=supported(control.id))
        if isinstance(error, Violation):
            fix = error.fix or self._changes(control.id)
            finding = replace(finding, status=Status.FAIL, expected=error.expected, actual=error.actual, fix=fix)
            finding = self._waived(replace(finding, evidence=error.evidence, also=error.also))
        elif isinstance(error, Inapplicable | NotPermitted):
            status = Status.NOT_APPLICABLE if isinstance(error, Inapplicable) else Status.NOT_RUN
            if isinstance(error, Missing) and control.severity is Severity.CRITICAL:
                status = Status.ERROR
            finding = replace(finding, status=status, actual=str(error))
        elif error is not None:
            words = str(error) if isinstance(error, Unmeasurable) else f"{type(error).__name__}: {error}"
            finding = replace(finding, status=Status.ERROR, actual=words)
        self.findings.append(finding)
        return finding

    def _changes(self, control_id: str) -> tuple[str, ...]:
        """What to change: what the configuration itself says, and what weaknesses of the product that have this effect
        say. Where nothing stands in front of an archive whose configuration is known, the cause is in there."""
        files = self.running.configurations if self.running else {}
        if self._read is None:
            self._read = ()
            with suppress(Unmeasurable):  # the area config says so
                self._read = read(files).openings
        found = tuple(each.change for each in self._read if control_id in each.opening.controls)
        if found and not self.weakness and not any(each.behind_guard for each in files.values()):
            return found
        product = self.environment or self.product
        return tuple(dict.fromkeys((*found, *(product.fixes(control_id) if product else ()))))

    def _waived(self, finding: Finding) -> Finding:
        for waiver in self.waivers:
            if waiver.covers(finding, self.name):
                words = f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"
                return replace(finding, status=Status.WAIVED, evidence=(words, *finding.evidence))
        return finding

    def result(self) -> Run:
        """The whole run with its verdict. A control that was selected and left no finding is missing evidence."""
        aborted = self.aborted or self.unproven
        if not aborted and len(self.findings) < self.expected_items:
            aborted = f"{self.expected_items - len(self.findings)} of {self.expected_items} controls did not run"
        unasked = len(self.deselected - {finding.control.id for finding in self.findings})
        required = self.profile.required
        comparison = None if self.baseline is None else compare(self.baseline, self.findings)
        waived = review(self.waivers, self.findings, self.name)
        verdict = judge(
            self.findings,
            fail_on=self.fail_on,
            aborted=aborted,
            required=required,
            partial=unasked,
            known=comparison.known if comparison else (),
            unmatched=waived.unmatched,
        )
        suite = {"python": sys.version.split()[0], **{name: version(name) for name in SUITE}}
        doors = ", ".join(map(str, self.target.doors)) if self.target else ""
        facts = {"doors": doors, "profile": self.profile.name}
        if unasked:
            facts["deselected"] = f"{unasked} controls"
        if stored := ledger.left() if self.environment is None else ():
            self.notes["Stored on the target, or perhaps stored: for you to remove"] = tuple(stored)
        about_waivers = (*waived.unmatched, *waived.needless, *waived.unasked)
        notes = {**self.notes, **({"Waivers": about_waivers} if about_waivers else {})}
        return Run(
            self.name,
            tuple(self.findings),
            verdict,
            suite,
            facts,
            self.seconds,
            notes=notes,
            started=self.started,
            comparison=comparison,
        )

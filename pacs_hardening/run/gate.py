"""One gate run: what it is aimed at, what was found, and the verdict. Knows nothing of pytest."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from .. import contract
from ..launch import owner
from ..launch.environment import Environment
from ..launch.logs import followed
from ..model import (
    BadInput,
    Comparison,
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
    Undeclared,
    Unmeasurable,
    Unnamed,
    Unserved,
    Violation,
    judge,
)
from ..model.baseline import compare
from ..model.response import Said
from ..model.running import Running
from ..model.space import Coverage
from ..model.waiver import Waiver, review
from ..pki.foreign import foreign
from ..probes.authorised import Authorised, store_sample_study
from ..probes.burst import measure_rate
from ..probes.configuration import Opened, read
from ..probes.web.onward import only_sends_on
from ..profiles import Profile
from ..profiles.overlays import supported
from ..report import causes, words
from ..report.meaning import explained
from ..wire import ledger, pace
from ..wire.implementations import presented
from . import stopped
from .alive import SERVICES, Alive
from .product import Product, completed

SUITE = ("pacs-hardening", "pytest", "pynetdicom", "hypothesis", "docker", "cryptography")
SEPARATOR = ", "


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
    product: Product | None = None
    allow: Impact | None = None
    fail_on: Severity = Severity.INFO
    soak: float = 0.0  # seconds of `--soak`
    rate: float | None = None  # conversations a second
    waivers: tuple[Waiver, ...] = ()
    baseline: Run | None = None
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    expected_items: int = 0
    there: dict[str, Control] = field(default_factory=dict)  # key -> control: all that could have been asked
    left_out: tuple[str, ...] = ()
    controls_version: int | None = None
    newer: tuple[str, ...] = ()  # ids of controls that this version of the set does not have yet
    old_names: tuple[str, ...] = ()  # a line each
    others_failed: bool = False  # of tests that are no controls
    areas: set[str] = field(default_factory=set)
    aborted: str | None = None  # why there is no verdict, in words
    stopped: dict[str, Said] = field(default_factory=dict)  # service -> how anybody's first handshake ended it
    alive: Alive = field(default_factory=Alive)
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

    def abort(self, why: str) -> None:
        """There is no verdict any more; the first reason counts."""
        self.aborted = why if self.aborted is None else self.aborted

    @contextmanager
    def opened(self) -> Iterator[Running]:
        """Start or open the target, prove it alive and served, store a sample study where writing is
        allowed; at the end prove that it still is the same. Raises Unmeasurable where any of that fails."""
        self._end_phase("import and collect")
        try:
            with self._running() as running:
                self._end_phase("start")
                born = running.fingerprint()
                try:
                    self._prove_served(running)
                except Unmeasurable as error:
                    patience = stopped.AT_ONCE_S if self.environment else 0.0
                    if died := stopped.within(patience, born, running, _changed):
                        self.stopped = stopped.by_a_handshake(self.again, _changed) if self.again else {}
                        raise Unmeasurable(error.said, *died) from error
                    raise
                self._end_phase("positive controls at the start")
                yield self.running or running
                self._end_phase("controls")
                if self.aborted is None:
                    self._prove_unchanged(born, running)
                self._end_phase("positive controls at the end")
        except Unmeasurable as error:
            self.abort(words.error(error))
            self._distrust_passes()
            raise
        finally:
            self._end_phase("clean-up")

    def _end_phase(self, phase: str) -> None:
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
            pace.keep_manners(self.target.endpoints, self.rate)
            hosts, files = self.target.hosts, self.target.configurations
            # What its processes hold can be seen only where the suite itself started them.
            seen = self.target.capabilities - {"usage"} | ({"host"} if hosts else set())
            with ExitStack() as stack:
                made = foreign(self.target, stack.enter_context(owner.folder()))
                target = replace(self.target, capabilities=seen, bad_keys={**made, **self.target.bad_keys})
                trail = stack.enter_context(followed(self.target.audit)) if self.target.audit else None
                audit = trail.after if trail else None
                yield Running(target, lambda: "", None, lambda: "", hosts=hosts, configurations=files, audit=audit)

    def _prove_served(self, running: Running) -> None:
        target = running.target
        if self.allow is not None:
            target = replace(target, ceiling=self.allow)
        onward = [each for each in target.endpoints_of("web") if not each.tls and only_sends_on(target, each)]
        if onward and len(onward) < len(target.endpoints_of("web")):
            target = replace(target, endpoints=tuple(each for each in target.endpoints if each not in onward))
            self.notes["Not asked: it only sends on to https"] = tuple(map(str, onward))
        if self.environment and not all(map(target.endpoints_of, SERVICES)):  # a side that is reached through both
            target = replace(target, research=None)
        self.authorised = Authorised(target)
        self.alive = Alive.of(target, self.authorised)
        for service in self.alive.services:
            measure_rate(target.endpoints_of(service)[0], target)
        if target.ceiling >= Impact.WRITES and "dicom" in self.alive.asked and self.authorised.stores():
            try:
                target = replace(target, sample_study=store_sample_study(self.authorised))
            except Unserved as refused:
                self.alive.unproven["dicom"] = words.error(refused)
        if self.product is not None and "web" in self.alive.asked:
            target = completed(target, self.product, self.authorised)
        if target is not self.authorised.target:
            spoilt, self.authorised = self.authorised.spoilt, Authorised(target)
            self.authorised.spoilt = spoilt
        self.target = target
        files = {name: replace(each, source=self.source) for name, each in running.configurations.items()}
        self.running = replace(running, target=target, configurations=files if self.source else running.configurations)

    def _prove_unchanged(self, born: str, running: Running) -> None:
        assert self.authorised is not None
        for service in self.alive.asked:
            self.authorised.pulse(service)
        if (now := running.fingerprint()) != born:
            raise Unmeasurable("a server process of the target died or restarted during the run", *_changed(born, now))

    def permit(self, control: Control) -> int:
        """How many proofs there were before ``control``. Raises NotPermitted or Inapplicable where it cannot be asked
        of the target, Unmeasurable where the target has stopped serving."""
        if self.aborted is not None:
            raise Unmeasurable(self.aborted)
        if (why := self.alive.forbids(control)) is not None:
            raise Unmeasurable(why)
        assert self.target is not None
        missing = control.needs - self.target.capabilities - {endpoint.service for endpoint in self.target.endpoints}
        if missing:
            raise Unnamed(f"the target names no {' and no '.join(sorted(missing))}")
        if control.impact > self.target.ceiling:
            word = control.impact.name.lower()
            raise NotPermitted(f"its impact is '{word}'; allow it with --allow {word}")
        if self.authorised is not None:
            self.authorised.forget()
        return self.proofs()

    def compare_with(self, before: Run, source: str) -> None:
        """Raises BadInput where ``before`` is a run against something else, or of another version of the suite."""
        if before.target != self.name:
            raise BadInput(f"--baseline {source}: is of {before.target!r}, and this run is of {self.name!r}")
        if self.target is not None and self.endpoints != before.facts.get("endpoints"):
            there = before.facts.get("endpoints") or "none"
            raise BadInput(f"--baseline {source}: is of the endpoints {there}, and this run is of {self.endpoints}")
        if (made := before.suite.get(SUITE[0])) != version(SUITE[0]):
            raise BadInput(f"--baseline {source}: was made by version {made} of the suite; make it anew with this one")
        self.old_names += contract.notes(finding.key for finding in before.findings)
        self.baseline = replace(before, findings=tuple(map(_of_today, before.findings)))

    @property
    def endpoints(self) -> str:
        return SEPARATOR.join(map(str, self.target.endpoints)) if self.target else ""

    def proofs(self) -> int:
        return self.authorised.proofs if self.authorised else 0

    def prove(self, control: Control, before: int) -> None:
        """Have an authorised peer succeed beside a control that shows no success itself. Raises as ``Authorised``."""
        if self.authorised is not None and self.alive.doubts(control) is None and self.proofs() == before:
            self.authorised.serves(control.needs or self.alive.asked[:1])

    def demand_proof(self, control: Control, before: int) -> None:
        """A control that passed without a positive control has proven nothing. Raises Unmeasurable."""
        if (why := self.alive.doubts(control)) is not None:
            raise Unmeasurable(why)
        if self.proofs() == before:
            raise Unmeasurable(f"{control.id} passed, but no authorised peer succeeded beside it")

    def check_pulse_after_failure(self, control: Control) -> None:
        """Note for the controls that follow whether the target survived; what was found stays found."""
        if self.aborted is not None:
            return
        with suppress(Unmeasurable):
            self.check_pulse(control)

    def check_pulse(self, control: Control) -> None:
        """After a control: the target must still serve those who may be served. Raises Unmeasurable."""
        assert self.authorised is not None
        died: Unmeasurable | None = None
        for service in self.alive.asked:
            try:
                self.authorised.pulse(service)
            except Unmeasurable as error:
                why = f"after {control.id} the target no longer served an authorised peer: {words.error(error)}"
                self.alive.dead[service] = why
                self._distrust_passes(service, why)
                died = Unmeasurable(why)
        if died is not None and not self.alive.asked:
            self.abort(str(died))
        if died is not None:
            raise died
        self._trusted = len(self.findings) + 1  # this control's own finding comes next

    def _distrust_passes(self, service: str = "", why: str = "") -> None:
        """What passed since the target was last seen alive may have passed because it was dead, or one service."""
        for place, finding in enumerate(self.findings[self._trusted :], self._trusted):
            concerned = not service or service in self.alive.concerned(finding.control)
            if finding.status is Status.PASS and concerned:
                self.findings[place] = replace(finding, status=Status.ERROR, actual=why or self.aborted or "")

    def record(self, control: Control, case: str, error: BaseException | None, seconds: float) -> Finding:
        """Turn how a control ended into a finding. Only Violation is FAIL; whatever is not understood is ERROR."""
        finding = Finding(control, Status.PASS, case, duration_s=seconds, supports=supported(control.id))
        if control.id == stopped.SAYS and isinstance(error, Unmeasurable) and case in self.stopped:
            error = Violation("a server that goes on after a handshake", self.stopped[case])
        if isinstance(error, Violation):
            caused, fix = (True, error.fix) if error.fix else self._changes(control.id)
            actual, also = words.text(error.actual), tuple(map(words.text, error.also))
            evidence = tuple(map(words.text, error.evidence))
            exposure = words.exposure(control.exposure, error.strangers)
            finding = replace(
                finding,
                status=Status.FAIL,
                expected=error.expected,
                actual=actual,
                fix=fix,
                caused=caused,
                exposure=exposure,
            )
            finding = self._waived(replace(finding, evidence=evidence, also=also))
        elif isinstance(error, Inapplicable | NotPermitted):
            finding = replace(finding, status=self._unasked(control, error), actual=str(error))
        elif error is not None:
            evidence = explained(error.said) if isinstance(error, Unmeasurable) else ()
            said = words.error(error) if isinstance(error, Unmeasurable) else f"{type(error).__name__}: {error}"
            finding = replace(finding, status=Status.ERROR, actual=said, evidence=evidence)
        self.findings.append(finding)
        return finding

    def _unasked(self, control: Control, error: Inapplicable | NotPermitted) -> Status:
        """Of an archive that this run started everything is declared; of another, what nobody named may be there."""
        declared = self.environment is not None and isinstance(error, Undeclared | Unnamed)
        if isinstance(error, Inapplicable) or declared:
            return Status.NOT_APPLICABLE
        critical = isinstance(error, Missing) and control.severity is Severity.CRITICAL
        return Status.ERROR if critical else Status.NOT_RUN

    def _changes(self, control_id: str) -> tuple[bool, tuple[str, ...]]:
        """What to change, and whether that was seen: what the configuration itself says, or the weakness that was built
        in; else what weaknesses of the product that have this effect say. Where nothing stands in front of an archive
        whose configuration is known, the cause is in there."""
        files = self.running.configurations if self.running else {}
        if self._read is None:
            self._read = ()
            with suppress(Unmeasurable):  # the area config says so
                self._read = read(files).openings
        found = tuple(each.change for each in self._read if control_id in each.opening.controls)
        if found and not self.weakness and not any(each.behind_guard for each in files.values()):
            return True, found
        built_in = self.environment.weaknesses[self.weakness] if self.environment and self.weakness else None
        if built_in is not None and control_id in built_in.refutes:
            return True, (built_in.fix,)
        product = self.environment or self.product
        return False, tuple(dict.fromkeys((*found, *(product.fixes(control_id) if product else ()))))

    def _waived(self, finding: Finding) -> Finding:
        for waiver in self.waivers:
            if waiver.covers(finding, self.name):
                by = f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"
                return replace(finding, status=Status.WAIVED, evidence=(by, *finding.evidence))
        return finding

    def _compared(self) -> Comparison | None:
        if self.baseline is None:
            return None
        then, now = self.baseline.facts.get("endpoints", ""), self.endpoints
        return compare(
            self.baseline.findings,
            self.findings,
            endpoints_before=then.split(SEPARATOR),
            endpoints=now.split(SEPARATOR),
        )

    def result(self) -> Run:
        """The whole run with its verdict. A control that was selected and left no finding is missing evidence."""
        aborted = self.alive.reason if self.aborted is None else self.aborted
        if aborted is None and len(self.findings) < self.expected_items:
            aborted = f"{self.expected_items - len(self.findings)} of {self.expected_items} controls did not run"
        required = self.profile.required
        comparison = self._compared()
        waived = review(self.waivers, self.findings, self.name)
        verdict = judge(
            self.findings,
            fail_on=self.fail_on,
            aborted=aborted,
            required=required,
            left_out=self.left_out,
            known=comparison.known if comparison else (),
            unmatched=waived.unmatched,
        )
        suite = {"python": sys.version.split()[0], **{name: version(name) for name in SUITE}}
        facts = {"endpoints": self.endpoints, "profile": self.profile.name}
        if self.controls_version is not None:
            facts["controls"] = f"version {self.controls_version}"
        if self.coverage:
            facts |= {f"tried as {each.who}": causes.covered(each) for each in self.coverage}
            facts["presented as"] = f"{presented().implementation.name} (seed {presented().seed})"
        if stored := ledger.left() if self.environment is None else ():
            self.notes["Stored on the target, or perhaps stored: for you to remove"] = tuple(stored)
        if manners := pace.noticed():
            self.notes["Noticed of the archive, and respected"] = manners
        if self.alive.doors:
            self.notes["Endpoints that cannot be judged"] = tuple(f"{d}: {why}" for d, why in self.alive.doors.items())
        if self.newer:
            self.notes[f"Newer than version {self.controls_version} of the controls, and not asked"] = self.newer
        if self.old_names:
            self.notes["Old names"] = tuple(dict.fromkeys(self.old_names))
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
            left_out=self.left_out,
        )


def _of_today(finding: Finding) -> Finding:
    """A finding of an earlier run, whose control may have had another id then."""
    return replace(finding, control=replace(finding.control, id=contract.of_today(finding.control.id)))


def _changed(before: str, now: str) -> list[str]:
    """The lines of a fingerprint that are new, for the report."""
    lines = [line for line in now.splitlines() if line not in before.splitlines()]
    return [f"; {line}" for line in lines]

"""One gate run: what it is aimed at, what was found so far, and whether its target can still be believed. Knows nothing
of pytest."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ..launch.environment import Environment
from ..model import (
    Control,
    Finding,
    Impact,
    NotPermitted,
    Run,
    Severity,
    Status,
    Target,
    Unmeasurable,
    Unnamed,
)
from ..model.response import Said
from ..model.running import Running
from ..model.space import Coverage
from ..model.waiver import Waiver
from ..probes.authorised import Authorised
from ..probes.configuration import Opened
from ..profiles import Profile
from ..report import words
from .alive import Alive
from .product import Product

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
    openings: tuple[Opened, ...] | None = None  # what its configuration says, once it was read
    _trusted: int = 0  # findings up to here were made of a target that was seen alive afterwards

    @property
    def bears_some(self) -> bool:
        """Of what is found some is known, and borne: then the rest decides."""
        return bool(self.waivers) or self.baseline is not None

    @property
    def name(self) -> str:
        if self.environment is None:
            return self.target.name if self.target else ""
        name = f"{self.environment.label} {self.variant}".rstrip()
        return f"{name} weakened by {self.weakness}" if self.weakness else name

    def abort(self, why: str) -> None:
        """There is no verdict any more; the first reason counts."""
        self.aborted = why if self.aborted is None else self.aborted

    def end_phase(self, phase: str) -> None:
        """What has passed since the last call belongs to ``phase``."""
        now = time.monotonic()
        self.seconds[phase] = now - self._lapped
        self._lapped = now

    def permit(self, control: Control) -> int:
        """How many proofs there were before ``control``. Raises NotPermitted or Inapplicable where it cannot be asked
        of the target, Unmeasurable where the target has stopped serving."""
        if self.aborted is not None:
            raise Unmeasurable(self.aborted)
        if (why := self.alive.forbids(control)) is not None:
            raise Unmeasurable(why)
        assert self.target is not None
        there = {endpoint.service for endpoint in self.target.endpoints} | ({"hl7"} if self.target.hl7 else set())
        missing = control.needs - self.target.capabilities - there
        if missing:
            raise Unnamed(f"the target names no {' and no '.join(sorted(missing))}")
        if control.impact > self.target.ceiling:
            word = control.impact.name.lower()
            raise NotPermitted(f"its impact is '{word}'; allow it with --allow {word}")
        if self.authorised is not None:
            self.authorised.forget()
        return self.proofs()

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
                self.distrust_passes(service, why)
                died = Unmeasurable(why)
        if died is not None and not self.alive.asked:
            self.abort(str(died))
        if died is not None:
            raise died
        self._trusted = len(self.findings) + 1  # this control's own finding comes next

    def distrust_passes(self, service: str = "", why: str = "") -> None:
        """What passed since the target was last seen alive may have passed because it was dead, or one service."""
        for place, finding in enumerate(self.findings[self._trusted :], self._trusted):
            concerned = not service or service in self.alive.concerned(finding.control)
            if finding.status is Status.PASS and concerned:
                self.findings[place] = replace(finding, status=Status.ERROR, actual=why or self.aborted or "")

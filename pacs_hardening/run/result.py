"""A gate at its end: the whole run, with its verdict."""

from __future__ import annotations

import sys
from importlib.metadata import version

from ..model import Run, judge
from ..model.waiver import review
from ..report import causes
from ..wire import ledger, pace
from ..wire.implementations import presented
from .earlier import OURS, compared
from .gate import Gate

SUITE = (OURS, "pytest", "pynetdicom", "hypothesis", "docker", "cryptography")


def result(gate: Gate) -> Run:
    """The whole run with its verdict. A control that was selected and left no finding is missing evidence."""
    aborted = gate.alive.reason if gate.aborted is None else gate.aborted
    if aborted is None and len(gate.findings) < gate.expected_items:
        aborted = f"{gate.expected_items - len(gate.findings)} of {gate.expected_items} controls did not run"
    comparison = compared(gate)
    waived = review(gate.waivers, gate.findings, gate.name)
    verdict = judge(
        gate.findings,
        fail_on=gate.fail_on,
        aborted=aborted,
        required=gate.profile.required,
        left_out=gate.left_out,
        known=comparison.known if comparison else (),
        unmatched=waived.unmatched,
    )
    suite = {"python": sys.version.split()[0], **{name: version(name) for name in SUITE}}
    facts = _facts(gate)
    _add_notes(gate)
    about_waivers = (*waived.unmatched, *waived.needless, *waived.unasked)
    notes = {**gate.notes, **({"Waivers": about_waivers} if about_waivers else {})}
    return Run(
        gate.name,
        tuple(gate.findings),
        verdict,
        suite,
        facts,
        gate.seconds,
        notes=notes,
        started=gate.started,
        comparison=comparison,
        left_out=gate.left_out,
    )


def _facts(gate: Gate) -> dict[str, str]:
    facts = {"endpoints": gate.endpoints, "profile": gate.profile.name}
    if gate.controls_version is not None:
        facts["controls"] = f"version {gate.controls_version}"
    if gate.coverage:
        facts |= causes.tried(gate.coverage)
        facts["presented as"] = f"{presented().implementation.name} (seed {presented().seed})"
    return facts


def _add_notes(gate: Gate) -> None:
    if stored := ledger.left() if gate.environment is None else ():
        gate.notes["Stored on the target, or perhaps stored: for you to remove"] = tuple(stored)
    if manners := pace.noticed():
        gate.notes["Noticed of the archive, and respected"] = manners
    if gate.alive.doors:
        gate.notes["Endpoints that cannot be judged"] = tuple(f"{d}: {why}" for d, why in gate.alive.doors.items())
    if gate.newer:
        gate.notes[f"Newer than version {gate.controls_version} of the controls, and not asked"] = gate.newer
    if gate.old_names:
        gate.notes["Old names"] = tuple(dict.fromkeys(gate.old_names))

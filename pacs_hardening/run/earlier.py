"""``--baseline``: an earlier run of the same target, and what has changed since."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

from .. import contract
from ..model import BadInput, Comparison, Finding, Run
from ..model.baseline import compare
from .gate import SEPARATOR, Gate

OURS = "pacs-hardening"


def compare_with(gate: Gate, before: Run, source: str) -> None:
    """Raises BadInput where ``before`` is a run against something else, or of another version of the suite."""
    if before.target != gate.name:
        raise BadInput(f"--baseline {source}: is of {before.target!r}, and this run is of {gate.name!r}")
    if gate.target is not None and gate.endpoints != before.facts.get("endpoints"):
        there = before.facts.get("endpoints") or "none"
        raise BadInput(f"--baseline {source}: is of the endpoints {there}, and this run is of {gate.endpoints}")
    if (made := before.suite.get(OURS)) != version(OURS):
        raise BadInput(f"--baseline {source}: was made by version {made} of the suite; make it anew with this one")
    gate.old_names += contract.notes(finding.key for finding in before.findings)
    gate.baseline = replace(before, findings=tuple(map(_of_today, before.findings)))


def compared(gate: Gate) -> Comparison | None:
    if gate.baseline is None:
        return None
    then, now = gate.baseline.facts.get("endpoints", ""), gate.endpoints
    return compare(
        gate.baseline.findings,
        gate.findings,
        endpoints_before=then.split(SEPARATOR),
        endpoints=now.split(SEPARATOR),
    )


def _of_today(finding: Finding) -> Finding:
    """A finding of an earlier run, whose control may have had another id then."""
    return replace(finding, control=replace(finding.control, id=contract.of_today(finding.control.id)))

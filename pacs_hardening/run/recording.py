"""How a control ended becomes a finding, with what to change."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ..model import (
    Control,
    Finding,
    Inapplicable,
    Missing,
    NotPermitted,
    Severity,
    Status,
    Undeclared,
    Unmeasurable,
    Unnamed,
    Violation,
)
from ..probes.configuration import read
from ..profiles.overlays import supported
from ..report import words
from ..report.meaning import explained
from . import stopped
from .gate import Gate


def record(gate: Gate, control: Control, case: str, error: BaseException | None, seconds: float) -> Finding:
    """Turn how a control ended into a finding. Only Violation is FAIL; whatever is not understood is ERROR."""
    finding = Finding(control, Status.PASS, case, duration_s=seconds, supports=supported(control.id))
    if control.id == stopped.SAYS and isinstance(error, Unmeasurable) and case in gate.stopped:
        error = Violation("a server that goes on after a handshake", gate.stopped[case])
    if isinstance(error, Violation):
        caused, fix = (True, error.fix) if error.fix else _changes(gate, control.id)
        actual, also = words.text(error.actual), tuple(map(words.text, error.also))
        evidence = tuple(map(words.text, error.evidence))
        finding = replace(
            finding,
            status=Status.FAIL,
            expected=error.expected,
            actual=actual,
            fix=fix,
            caused=caused,
            exposure=words.exposure(control.exposure, error.strangers),
        )
        finding = _waived(gate, replace(finding, evidence=evidence, also=also))
    elif isinstance(error, Inapplicable | NotPermitted):
        finding = replace(finding, status=_unasked(gate, control, error), actual=str(error))
    elif error is not None:
        evidence = explained(error.said) if isinstance(error, Unmeasurable) else ()
        said = words.error(error) if isinstance(error, Unmeasurable) else f"{type(error).__name__}: {error}"
        finding = replace(finding, status=Status.ERROR, actual=said, evidence=evidence)
    gate.findings.append(finding)
    return finding


def _unasked(gate: Gate, control: Control, error: Inapplicable | NotPermitted) -> Status:
    """Of an archive that this run started everything is declared; of another, what nobody named may be there."""
    declared = gate.environment is not None and isinstance(error, Undeclared | Unnamed)
    if isinstance(error, Inapplicable) or declared:
        return Status.NOT_APPLICABLE
    critical = isinstance(error, Missing) and control.severity is Severity.CRITICAL
    return Status.ERROR if critical else Status.NOT_RUN


def _changes(gate: Gate, control_id: str) -> tuple[bool, tuple[str, ...]]:
    """What to change, and whether that was seen: what the configuration itself says, or the weakness that was built
    in; else what weaknesses of the product that have this effect say. Where nothing stands in front of an archive
    whose configuration is known, the cause is in there."""
    files = gate.running.configurations if gate.running else {}
    if gate.openings is None:
        gate.openings = ()
        with suppress(Unmeasurable):  # the area config says so
            gate.openings = read(files).openings
    found = tuple(each.change for each in gate.openings if control_id in each.opening.controls)
    if found and not gate.weakness and not any(each.behind_guard for each in files.values()):
        return True, found
    built_in = gate.environment.weaknesses[gate.weakness] if gate.environment and gate.weakness else None
    if built_in is not None and control_id in built_in.refutes:
        return True, (built_in.fix,)
    product = gate.environment or gate.product
    return False, tuple(dict.fromkeys((*found, *(product.fixes(control_id) if product else ()))))


def _waived(gate: Gate, finding: Finding) -> Finding:
    for waiver in gate.waivers:
        if waiver.covers(finding, gate.name):
            by = f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"
            return replace(finding, status=Status.WAIVED, evidence=(by, *finding.evidence))
    return finding

"""findings.json: a run for machines, in the shape of findings.schema.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

from ..model import Finding, Run
from .text import clean

SCHEMA = 2


def render(run: Run) -> str:
    report = {
        "schema": SCHEMA,
        "started": run.started,
        "target": {"name": clean(run.target), "facts": _clean_values(run.facts)},
        "verdict": run.verdict.outcome,
        "exit_status": run.verdict.exit_status,
        "why": clean(run.verdict.why),
        "suite": _clean_values(run.suite),
        "seconds": {name: round(value, 3) for name, value in run.seconds.items()},
        "notes": {clean(name): [clean(line) for line in lines] for name, lines in run.notes.items()},
        "baseline": _clean_lists(asdict(run.comparison)) if run.comparison else None,
        "left_out": [clean(key) for key in run.left_out],
        "findings": [_finding(finding) for finding in run.findings],
    }
    return json.dumps({**report, "digest": digest(report)}, indent=2, allow_nan=False) + "\n"


def digest(report: Mapping[str, object]) -> str:
    """SHA-256 (hex) of a report without its own digest: against accidents, not against whoever can compute one."""
    rest = {name: value for name, value in report.items() if name != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _finding(finding: Finding) -> dict[str, object]:
    control = finding.control
    return {
        "control": control.id,
        "case": clean(finding.case),
        "area": control.area,
        "title": control.title,
        "requirement": control.requirement,
        "status": finding.status.value,
        "severity": control.severity.name,
        "impact": control.impact.name,
        "exposure": clean(finding.means),
        "expected": clean(finding.expected),
        "actual": clean(finding.actual),
        "evidence": [clean(line) for line in finding.evidence],
        "also": [clean(line) for line in finding.also],
        "references": list(control.references),
        "supports": [clean(line) for line in finding.supports],
        "fix": [clean(line) for line in finding.fix],
        "caused": finding.caused,
        "duration_s": round(finding.duration_s, 3),
    }


def _clean_values(values: dict[str, str]) -> dict[str, str]:
    return {clean(name): clean(value) for name, value in values.items()}


def _clean_lists(values: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: [clean(line) for line in lines] for name, lines in values.items()}

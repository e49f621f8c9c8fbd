"""findings.json: a run for machines, in the shape of findings.schema.json."""

from __future__ import annotations

import json
from dataclasses import asdict

from ..model import Finding, Run
from .text import clean


def render(run: Run) -> str:
    report = {
        "schema": 1,
        "started": run.started,
        "target": {"name": clean(run.target), "facts": _clean_values(run.facts)},
        "verdict": run.verdict.outcome,
        "exit_status": run.verdict.exit_status,
        "why": clean(run.verdict.why),
        "suite": _clean_values(run.suite),
        "seconds": {name: round(value, 3) for name, value in run.seconds.items()},
        "notes": {clean(name): [clean(line) for line in lines] for name, lines in run.notes.items()},
        "baseline": _clean_lists(asdict(run.comparison)) if run.comparison else None,
        "findings": [_finding(finding) for finding in run.findings],
    }
    return json.dumps(report, indent=2, allow_nan=False) + "\n"


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
        "exposure": control.exposure,
        "expected": clean(finding.expected),
        "actual": clean(finding.actual),
        "evidence": [clean(line) for line in finding.evidence],
        "also": [clean(line) for line in finding.also],
        "references": list(control.references),
        "supports": [clean(line) for line in finding.supports],
        "fix": [clean(line) for line in finding.fix],
        "duration_s": round(finding.duration_s, 3),
    }


def _clean_values(values: dict[str, str]) -> dict[str, str]:
    return {clean(name): clean(value) for name, value in values.items()}


def _clean_lists(values: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: [clean(line) for line in lines] for name, lines in values.items()}

"""results.sarif: a run in SARIF 2.1.0 (OASIS), as code scanning reads it.

Only what fails is a result; what is waived is one too, suppressed and not dropped. What could not be measured is a
notification of the tool, since a viewer would show such a result as a failure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from ..model import (
    Comparison,
    Control,
    Finding,
    Run,
    Severity,
    Status,
)
from .tally import grouped
from .text import clean, reason

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# What GitHub sorts by: over 9 critical, over 7 high, over 4 medium
SCORE = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}


def render(run: Run) -> str:
    return render_all([run])


def render_all(runs: Sequence[Run]) -> str:
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(run) for run in runs]}
    return json.dumps(log, indent=1, allow_nan=False) + "\n"


def fingerprint(run: Run, finding: Finding) -> str:
    """The same from run to run: what was asked of which archive, and nothing that it answered."""
    return hashlib.sha256(
        "\0".join((run.target, finding.control.id, finding.case)).encode("utf-8", "replace")
    ).hexdigest()


def _run(run: Run) -> dict[str, Any]:
    controls = [findings[0].control for findings in grouped(run.findings).values()]
    index = {control.id: number for number, control in enumerate(controls)}
    shown = [f for f in run.findings if f.status in (Status.FAIL, Status.WAIVED)]
    invocation: dict[str, Any] = {
        "executionSuccessful": run.verdict.outcome != "inconclusive",
        "exitCode": run.verdict.exit_status,
        "exitCodeDescription": clean(run.verdict.why),
        "toolExecutionNotifications": [_notification(f) for f in run.findings if f not in shown and _unasked(f)],
    }
    if run.started:
        invocation["startTimeUtc"] = run.started
    driver = {
        "name": "pacs-hardening",
        "version": clean(run.suite.get("pacs-hardening", "0")),
        "rules": [_rule(control) for control in controls],
    }
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"pacs-hardening/{_slug(run.target)}/"},
        "invocations": [invocation],
        "results": [_result(run, finding, index[finding.control.id]) for finding in shown],
        "properties": {"target": clean(run.target), "verdict": run.verdict.outcome},
    }


def _rule(control: Control) -> dict[str, Any]:
    return {
        "id": control.id,
        "shortDescription": {"text": control.title},
        "fullDescription": {"text": control.requirement},
        "help": {"text": "\n".join([control.exposure, *control.references])},
        "defaultConfiguration": {"level": LEVEL[control.severity]},
        "properties": {"security-severity": SCORE[control.severity], "tags": ["security", control.area]},
    }


def _result(run: Run, finding: Finding, index: int) -> dict[str, Any]:
    seen = [f"Expected: {finding.expected}", f"Actual: {finding.actual}", *finding.also]
    text = "\n".join([finding.means, *map(clean, (*seen, *(f"Change: {fix}" for fix in finding.fix)))])
    mark = fingerprint(run, finding)
    result: dict[str, Any] = {
        "ruleId": finding.control.id,
        "ruleIndex": index,
        "level": LEVEL[finding.control.severity],
        "message": {"text": _literal(text)},
        "locations": [_location(run, finding)],
        "partialFingerprints": {"pacsHardening/v1": mark, "primaryLocationLineHash": f"{mark[:16]}:1"},
        "properties": {name: list(map(clean, getattr(finding, name))) for name in ("evidence", "supports")},
    }
    if finding.status is Status.WAIVED:
        waived = {"kind": "external", "status": "accepted", "justification": reason(finding)}
        result["suppressions"] = [waived]
    elif run.comparison:
        result["baselineState"] = _state(finding.key, run.comparison)
    return result


def _location(run: Run, finding: Finding) -> dict[str, Any]:
    """An archive is no file, and viewers show nothing without one: a relative name stands for it."""
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": f"archives/{_slug(run.target)}"},
            "region": {"startLine": 1},
        },
        "logicalLocations": [{"fullyQualifiedName": f"{clean(run.target)}/{clean(finding.key)}", "kind": "resource"}],
    }


def _notification(finding: Finding) -> dict[str, Any]:
    level = "error" if finding.status is Status.ERROR else "note"
    text = f"{clean(finding.key)}: {finding.status}: {reason(finding)}"
    return {"level": level, "message": {"text": _literal(text)}, "associatedRule": {"id": finding.control.id}}


def _unasked(finding: Finding) -> bool:
    return finding.status in (Status.ERROR, Status.NOT_RUN)


def _state(key: str, comparison: Comparison) -> str:
    if key in comparison.worse:
        return "updated"
    return "unchanged" if key in comparison.known else "new"


def _literal(text: str) -> str:
    """``[text](1)`` in a message is a link, and ``{0}`` a placeholder (SARIF 3.11)."""
    return re.sub(r"([\\\[\]])", r"\\\1", text).replace("{", "{{").replace("}", "}}")


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:80] or "archive"

"""summary.md: a run for a pull request or a job summary. What a server said stands in ``<code>``, every mark encoded:
no link, no mention, no picture, no table cell of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..model import Finding, Run, Status
from .tally import (
    Tally,
    fixes,
    grouped,
    headline,
    in_general,
    open_controls,
)
from .text import clean, reason

MAX_LINE = 240
MAX_KEYS = 12
SIGN = {"pass": "✅", "fail": "❌", "inconclusive": "⚠️"}


def render(run: Run) -> str:
    word = run.verdict.outcome.upper()
    lines = [f"## {SIGN[run.verdict.outcome]} {word}: {headline(run)}", ""]
    lines += [f"{safe(run.verdict.why)} {Tally.of(run.findings, run.left_out).words}. Target: {code(run.target)}", ""]
    lines += [*_baseline(run), *_failures(run)]
    for status, title in (
        (Status.ERROR, "Could not be measured"),
        (Status.WAIVED, "Waived"),
        (Status.NOT_RUN, "Not asked"),
    ):
        lines += _listed(title, [finding for finding in run.findings if finding.status is status])
    for name, notes in run.notes.items():
        lines += [f"**{safe(name)}**", "", *(f"- {code(note)}" for note in notes), ""]
    return "\n".join(lines).rstrip() + "\n"


def render_all(runs: Sequence[Run]) -> str:
    return "\n".join(render(run) for run in runs)


def code(text: str) -> str:
    return f"<code>{_encoded(clean(text, MAX_LINE))}</code>"


def safe(text: str) -> str:
    """Our own words, in which a name that a user gave may stand."""
    return re.sub(r"[\\`*_\[\]<>&|~@#!{}$:]", lambda found: f"&#{ord(found[0])};", clean(text, MAX_LINE))


def _encoded(text: str) -> str:
    return re.sub(r"[!-/:-@\[-`{-~]", lambda found: f"&#{ord(found[0])};", text)


def _baseline(run: Run) -> list[str]:
    if run.comparison is None:
        return []
    rows = [
        ("new", run.comparison.new),
        ("worse", run.comparison.worse),
        ("known", run.comparison.known),
        ("fixed", run.comparison.fixed),
        ("not measured now", run.comparison.unmeasured),
    ]
    said = [f"- {len(keys)} {word}: {_keys(keys)}" for word, keys in rows if keys]
    return ["**Against the baseline**", "", *(said or ["- no difference, and nothing open"]), ""]


def _failures(run: Run) -> list[str]:
    if not open_controls(run):
        return []
    groups = grouped(f for f in run.findings if f.status is Status.FAIL)
    rows = ["| severity | control | what is open | what to change |", "|---|---|---|---|"]
    for control in open_controls(run):
        findings = groups[control.id]
        change = "<br>".join(code(fix) for fix in fixes(findings)) or safe(in_general(findings[0]))
        seen = "<br>".join(dict.fromkeys(code(finding.actual) for finding in findings[:5]))
        rows.append(
            f"| {control.severity.name.lower()} | `{control.id}` | {safe(control.exposure)}<br>{seen} | {change} |"
        )
    return [*rows, ""]


def _listed(title: str, findings: Sequence[Finding]) -> list[str]:
    because: dict[str, list[str]] = {}
    for finding in findings:
        because.setdefault(reason(finding), []).append(finding.key)
    rows = [f"- {code(why)}: {_keys(keys)}" for why, keys in because.items()]
    return [f"<details><summary>{title}: {len(findings)}</summary>", "", *rows, "", "</details>", ""] if rows else []


def _keys(keys: Iterable[str]) -> str:
    every = list(keys)
    shown = ", ".join(code(key) for key in every[:MAX_KEYS])
    return f"{shown} and {len(every) - MAX_KEYS} more" if len(every) > MAX_KEYS else shown

"""Every control by area: a row each, its evidence folded."""

from __future__ import annotations

from collections.abc import Sequence

from ...model import (
    WORST_FIRST,
    Finding,
    Run,
    Severity,
    Status,
)
from ..tally import grouped
from .markup import (
    SIGNS,
    WORDS,
    area,
    items,
    severity,
    status,
    text,
)

MAX_CASES = 12
MAX_EVIDENCE = 30
_LABELS = ("Expected", "Actual", "Also", "Evidence", "What to change")


def filters() -> str:
    """Shown by the script: without it every row is there anyway."""
    chips = "".join(
        f'<button type="button" class="chip s-{each.lower()}" data-filter="{each}" aria-pressed="true">'
        f'<i aria-hidden="true">{SIGNS[each]}</i>{WORDS[each]}</button>'
        for each in (Status.FAIL, Status.ERROR, Status.WAIVED, Status.PASS, Status.NOT_RUN, Status.NOT_APPLICABLE)
    )
    levels = "".join(
        f'<option value="{level.value}">{"any severity" if not level else f"{level.name.lower()} and above"}</option>'
        for level in Severity
    )
    return (
        f'<form class="filters" hidden><div role="group" aria-label="Show by result" class="chips">{chips}</div>'
        f'<label>Severity <select name="severity">{levels}</select></label>'
        '<label>Search <input type="search" name="words" autocomplete="off"></label>'
        '<button type="button" name="fold">Unfold all</button>'
        '<p class="shown" role="status" aria-live="polite"></p></form>'
    )


def table(run: Run, *, requirements: bool = True) -> str:
    areas: dict[str, list[Sequence[Finding]]] = {}
    for findings in grouped(run.findings).values():
        areas.setdefault(findings[0].control.area, []).append(findings)
    shown = "".join(_area(name, rows, requirements) for name, rows in sorted(areas.items()))
    return (filters() if requirements else "") + shown if shown else "<p>No control was asked.</p>"


def _area(name: str, groups: Sequence[Sequence[Finding]], requirements: bool) -> str:
    ordered = sorted(groups, key=lambda each: (WORST_FIRST.index(_worst(each)), -each[0].control.severity))
    worst = [_worst(each) for each in groups]
    words = {**WORDS, Status.PASS: "hold"}
    count = ", ".join(f"{worst.count(s)} {words[s]}" for s in WORST_FIRST if s in worst)
    rows = "".join(_row(each, requirements) for each in ordered)
    return (
        f'<div class="area"><h3>{area(name)} <small>{count}</small></h3><table><thead><tr>'
        '<th scope="col">Result</th><th scope="col">Severity</th><th scope="col">Control</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _worst(findings: Sequence[Finding]) -> Status:
    return min((finding.status for finding in findings), key=WORST_FIRST.index)


def _row(findings: Sequence[Finding], requirements: bool) -> str:
    control, worst = findings[0].control, _worst(findings)
    said = next((f.actual for f in findings if f.status is worst and f.actual), "")
    line = f'<p class="actual">{text(said, 300)}</p>' if said and worst is not Status.PASS else ""
    title = f'<span class="title">{text(control.title)}</span> <code>{text(control.id)}</code>'
    return (
        f'<tr data-status="{worst}" data-severity="{control.severity.value}"><td>{status(worst)}</td>'
        f"<td>{severity(control.severity)}</td><td>{_details(title, findings, requirements)}{line}</td></tr>"
    )


def _details(title: str, findings: Sequence[Finding], requirements: bool) -> str:
    control = findings[0].control
    inside = ""
    if requirements:
        paragraphs = control.requirement.split("\n\n")
        inside = "".join(f"<p>{text(' '.join(each.split()))}</p>" for each in paragraphs)
    told = [f for f in findings if f.status is not Status.PASS]
    inside += "".join(_case(finding) for finding in told[:MAX_CASES])
    if len(told) > MAX_CASES:
        inside += f"<p>… and {len(told) - MAX_CASES} more cases: findings.json has them all.</p>"
    passed = [f.case for f in findings if f.status is Status.PASS and f.case]
    if passed and (told or requirements):
        inside += f'<p class="more">Holds for: {text(", ".join(passed), 600)}</p>'
    if requirements:
        refs = ", ".join(map(text, control.references))
        supports = "; ".join(dict.fromkeys(text(line) for finding in findings for line in finding.supports))
        inside += f'<p class="more">References: {refs}</p>' if refs else ""
        inside += f'<p class="more">Supports evidence for: {supports}</p>' if supports else ""
    return f"<details><summary>{title}</summary>{inside}</details>" if inside else f"<p class='plain'>{title}</p>"


def _case(finding: Finding) -> str:
    said = {f"also: {line}" for line in finding.also}  # which stands in the evidence as well
    evidence = [line for line in finding.evidence if line not in said]
    if len(evidence) > MAX_EVIDENCE:
        evidence[MAX_EVIDENCE:] = [f"… and {len(evidence) - MAX_EVIDENCE} more lines"]
    values: tuple[Sequence[str], ...] = ((finding.expected,), (finding.actual,), finding.also, evidence, finding.fix)
    rows = "".join(
        f"<dt>{label}</dt><dd>{'<br>'.join(text(line) for line in lines if line)}</dd>"
        for label, lines in zip(_LABELS, values, strict=True)
        if any(lines)
    )
    name = f"<h4>{status(finding.status)} <code>{text(finding.case)}</code></h4>" if finding.case else ""
    return f"{name}<dl>{rows}</dl>"


def glossary(runs: Sequence[Run]) -> str:
    """What each control asks for, once for all archives."""
    asked = {finding.control.id: finding.control for run in runs for finding in run.findings}
    return items(
        f"<details><summary>{text(c.title)} <code>{text(c.id)}</code></summary>"
        + "".join(f"<p>{text(' '.join(each.split()))}</p>" for each in c.requirement.split("\n\n"))
        + f'<p class="more">References: {", ".join(map(text, c.references))}</p></details>'
        for _, c in sorted(asked.items())
    )

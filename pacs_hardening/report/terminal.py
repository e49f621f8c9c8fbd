"""A run for people: what was found, and last, where a terminal stands still, the verdict in words for whoever is in
charge of the archive."""

from __future__ import annotations

import shutil
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from ..model import (
    Finding,
    NotAsked,
    Run,
    Status,
    by_control,
)
from .causes import TRIED
from .tally import grouped, in_general, which
from .text import clean, reason

MAX_CASES = 5
MAX_EVIDENCE = 8
MAX_NOTES = 25
MAX_LINE = 300
_LABEL = 16
_COLOURS = {"PASS": "32", "FAIL": "31", "ERROR": "33", "INCONCLUSIVE": "33"}
_LISTED = (Status.NOT_APPLICABLE, Status.NOT_RUN, Status.WAIVED, Status.ERROR)


def render(run: Run, colour: bool) -> str:
    width = max(40, min(100, shutil.get_terminal_size().columns))
    lines: list[str] = []
    for status in _LISTED:
        listed = [finding for finding in run.findings if finding.status is status]
        if listed:
            lines += [*_list(status, listed, width, colour), ""]
    lines += [line for name, notes in _notes(run).items() for line in (name, *_bullets(notes, width), "")]
    failed = grouped(finding for finding in run.findings if finding.status is Status.FAIL)
    for findings in sorted(failed.values(), key=lambda each: (each[0].control.severity, each[0].control.id)):
        lines += [*_failure(findings, width, colour), ""]
    lines += [*_wrap("Target", _target(run), width), *_tried(run, width), "", *_verdict(run, width, colour)]
    return "\n".join(_tame(line) for line in lines) + "\n"


def _notes(run: Run) -> dict[str, list[str]]:
    notes = {clean(name, MAX_LINE): [clean(line, MAX_LINE) for line in lines] for name, lines in run.notes.items()}
    for lines in notes.values():
        if len(lines) > MAX_NOTES:
            lines[MAX_NOTES:] = [f"… and {len(lines) - MAX_NOTES} more: findings.json has them all (--report DIR)"]
    if run.comparison is not None:
        shown = [(name, [clean(key, 100) for key in keys]) for name, keys in asdict(run.comparison).items()]
        said = [f"{len(keys)} {name}: {', '.join(keys)}" for name, keys in shown if keys]
        notes["Against the baseline"] = said or ["no difference, and nothing open"]
    return notes


def _bullets(texts: Iterable[str], width: int) -> list[str]:
    """Without hyphens as places to break: UIDs and names are copied from here."""
    return [
        line
        for text in texts
        for line in textwrap.wrap(
            text, width, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False, break_long_words=False
        )
    ]


def _tame(line: str) -> str:
    """GitHub Actions obeys ``::command::`` where it begins a line of a log, blanks aside."""
    bare = line.lstrip()
    return f"{line[: len(line) - len(bare)]}\\x3a{bare[1:]}" if bare.startswith("::") else line


def _verdict(run: Run, width: int, colour: bool) -> list[str]:
    statuses = list(by_control(run.findings).values())
    held, broken, waived = (statuses.count(status) for status in (Status.PASS, Status.FAIL, Status.WAIVED))
    count = f"{held} of {held + broken} controls hold"
    word, why = run.verdict.outcome.upper(), clean(run.verdict.why, MAX_LINE)
    if word == "INCONCLUSIVE":
        text = f"{why.rstrip('.')}: this is not a pass."
    elif word == "FAIL":
        failed = [finding for finding in run.findings if finding.status is Status.FAIL]
        worst = max(failed, key=lambda finding: finding.control.severity).means if failed else why
        text = f"{worst} {count}, {broken} do{'es' if broken == 1 else ''} not."
    else:
        below = f", {broken} of too low a severity to fail this gate do not" if broken else ""
        text = f"{why} {count}{below}."
    if word != "PASS" and (not_asked := NotAsked.of(run.findings, run.left_out)):  # a pass says so itself
        text += f" {not_asked.sentence}."
    if waived:
        text += f" {waived} {'is' if waived == 1 else 'are'} known to fail and waived."
    return _painted(_wrap(word, text, width, len(word) + 2), word, colour)


def _target(run: Run) -> str:
    told = [(name, value) for name, value in run.facts.items() if value and not name.startswith(TRIED)]
    facts = "; ".join(f"{clean(name, 40)}: {clean(value, MAX_LINE)}" for name, value in told)
    return f"{clean(run.target, 100)} ({facts})" if facts else clean(run.target, 100)


def _tried(run: Run, width: int) -> list[str]:
    tried = [(name.removeprefix(TRIED), value) for name, value in run.facts.items() if name.startswith(TRIED)]
    return _column("Tried as", [f"{clean(who, 60)}: {clean(value, MAX_LINE)}" for who, value in tried], width)


def _failure(findings: Sequence[Finding], width: int, colour: bool) -> list[str]:
    control = findings[0].control
    lines = _painted([f"FAIL  {control.id}  {control.severity.name}"], "FAIL", colour)
    lines += _wrap("Requirement", " ".join(control.requirement.split("\n\n")[0].split()), width)
    for number, finding in enumerate(findings[:MAX_CASES]):
        if finding.case:
            lines += _wrap("Case", clean(finding.case, MAX_LINE), width)
        if not number or finding.expected != findings[0].expected:
            lines += _wrap("Expected", clean(finding.expected, MAX_LINE), width)
        lines += _wrap("Actual", clean(finding.actual, MAX_LINE), width)
        if not number:  # of the further cases, findings.json has the evidence
            evidence = [clean(line, MAX_LINE) for line in finding.evidence[:MAX_EVIDENCE]]
            if len(finding.evidence) > MAX_EVIDENCE:
                evidence.append(f"… and {len(finding.evidence) - MAX_EVIDENCE} more lines")
            lines += _column("Evidence", evidence, width)
    if len(findings) > MAX_CASES:
        more = ", ".join(clean(finding.case, 60) for finding in findings[MAX_CASES:])
        lines += _wrap("More cases", clean(more, MAX_LINE), width)
    fixes = list(dict.fromkeys(clean(line, MAX_LINE) for finding in findings for line in finding.fix))
    if len(fixes) > 1:
        fixes = [which(findings), *(f"- {fix}" for fix in fixes)]
    if not fixes and findings[0].status is Status.FAIL:
        fixes = [in_general(findings[0])]
    lines += _column("What to change", fixes, width)
    lines += _wrap("References", ", ".join(control.references), width)
    supports = "; ".join(findings[0].supports)
    return lines + _wrap("Supports", f"evidence for {supports}" if supports else "", width)


def _list(status: Status, findings: Iterable[Finding], width: int, colour: bool) -> list[str]:
    """One paragraph a reason: what shares a reason is read together."""
    because: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        because[clean(reason(finding), MAX_LINE)].append(clean(finding.key, 100))
    lines = _painted([status.replace("_", " ")], status, colour)
    for why, keys in because.items():
        lines += textwrap.wrap(why, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
        lines += textwrap.wrap(
            ", ".join(keys), width, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
        )
    return lines


def _wrap(label: str, text: str, width: int, indent: int = _LABEL) -> list[str]:
    if not text:
        return []
    blank = " " * indent
    return textwrap.wrap(
        text, width, initial_indent=label.ljust(indent), subsequent_indent=blank, break_on_hyphens=False
    )


def _column(label: str, texts: Iterable[str], width: int) -> list[str]:
    return [line for n, text in enumerate(texts) for line in _wrap("" if n else label, text, width)]


def _painted(lines: list[str], word: str, colour: bool) -> list[str]:
    if colour and word in _COLOURS:
        lines[0] = f"\x1b[1;{_COLOURS[word]}m{lines[0][: len(word)]}\x1b[0m{lines[0][len(word) :]}"
    return lines

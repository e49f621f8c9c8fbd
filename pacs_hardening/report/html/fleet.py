"""The page about several archives: which of them are open, what is open where, then each of them."""

from __future__ import annotations

from collections.abc import Sequence

from ...model import Control, Run
from ..tally import Tally, open_controls
from . import controls, plot
from .markup import (
    items,
    section,
    severity,
    text,
)
from .single import (
    FOOT,
    about_run,
    head,
    parts,
)

ORDER = ("fail", "inconclusive", "pass")
TITLE = {
    "fail": "Not every archive is closed",
    "inconclusive": "Not known of every archive: this is not a pass",
    "pass": "Every archive refused every stranger",
}


def body(runs: Sequence[Run]) -> str:
    ordered = sorted(runs, key=lambda run: ORDER.index(run.verdict.outcome))
    outcome = ordered[0].verdict.outcome
    counts = [sum(run.verdict.outcome == each for run in runs) for each in ORDER]
    why = f"{counts[0]} of {len(runs)} archives fail, {counts[1]} inconclusive, {counts[2]} pass."
    names = {id(run): f"a{number}" for number, run in enumerate(ordered, 1)}
    articles = "".join(_article(run, names[id(run)]) for run in ordered)
    every = [finding for run in runs for finding in run.findings]
    left_out = dict.fromkeys(key for run in runs for key in run.left_out)
    return (
        '<a class="skip" href="#archives">Skip to the archives</a>'
        f"{head(outcome, TITLE[outcome], why, f'{len(runs)} archives', Tally.of(every, left_out))}<main>"
        f"{section('archives', 'Archives', _overview(ordered, names))}"
        f"{section('open', 'What is open where', _where(ordered, names))}"
        f"{section('filter', 'Show', controls.filters())}{articles}"
        f"{section('glossary', 'What each control asks for', controls.glossary(runs))}{about_run(ordered)}"
        f"</main>{FOOT}"
    )


def _overview(runs: Sequence[Run], names: dict[int, str]) -> str:
    rows = "".join(
        f'<tr><td><span class="badge o-{run.verdict.outcome}">{run.verdict.outcome}</span></td>'
        f'<td><a href="#{names[id(run)]}">{text(run.target)}</a></td><td>{text(run.verdict.why, 300)}'
        f"{plot.shares(Tally.of(run.findings, run.left_out))}</td></tr>"
        for run in runs
    )
    return (
        '<table class="archives"><thead><tr><th scope="col">Verdict</th><th scope="col">Archive</th>'
        f'<th scope="col">Why</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _where(runs: Sequence[Run], names: dict[int, str]) -> str:
    where: dict[str, tuple[Control, list[Run]]] = {}
    for run in runs:
        for control in open_controls(run):
            where.setdefault(control.id, (control, []))[1].append(run)
    ordered = sorted(where.values(), key=lambda pair: (-pair[0].severity, -len(pair[1]), pair[0].id))
    return items(
        (
            f"{severity(control.severity)} <span>{text(control.exposure)}<br><small>{len(found)} of {len(runs)}: "
            + ", ".join(f'<a href="#{names[id(run)]}">{text(run.target)}</a>' for run in found)
            + "</small></span>"
            for control, found in ordered
        ),
        "ol",
        "exposures",
    )


def _article(run: Run, name: str) -> str:
    inside = parts(run, f"{name}-", requirements=False)
    outcome = run.verdict.outcome
    return (
        f'<article id="{name}"><h2 class="archive"><span class="badge o-{outcome}">{outcome}</span> {text(run.target)}'
        f"</h2><p>{text(run.verdict.why)} {Tally.of(run.findings, run.left_out).words}</p>{inside}</article>"
    )

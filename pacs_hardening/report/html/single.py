"""The page about one archive, from the verdict for the person in charge down to the evidence."""

from __future__ import annotations

from collections.abc import Iterable

from ...model import Run, Status
from ..tally import (
    Tally,
    fixes,
    grouped,
    headline,
    in_general,
    open_controls,
    past,
    which,
)
from ..text import reason
from . import controls, plot
from .markup import (
    items,
    section,
    severity,
    text,
    when,
)


def body(run: Run) -> str:
    """Whole page."""
    about = f"{text(run.target)}{' · ' if run.started else ''}{when(run.started)}"
    banner = head(run.verdict.outcome, headline(run), run.verdict.why, about, Tally.of(run.findings, run.left_out))
    return (
        f'<a class="skip" href="#controls">Skip to every control</a>{banner}<main>'
        f"{parts(run)}{about_run([run])}</main>{FOOT}"
    )


FOOT = (
    "<footer><p>A pass says that these controls held for this archive on that day. It supports evidence for the"
    " requirements named here; it is no certificate of compliance. All objects that the suite stores are synthetic and"
    " say TEST.</p></footer>"
)


def head(outcome: str, title: str, why: str, about: str, tally: Tally) -> str:
    return (
        f'<header class="banner o-{outcome}"><div class="wrap"><p class="about">{about}</p>'
        f'<h1><span class="outcome">{outcome.upper()}</span> {title}</h1>'
        f'<p class="why">{text(why)}</p><p class="tally">{tally.words}</p>{plot.shares(tally)}</div></header>'
    )


def parts(run: Run, prefix: str = "", *, requirements: bool = True) -> str:
    """Everything under the verdict. ``prefix`` keeps the ids of several archives apart."""
    return "".join(
        (
            section(f"{prefix}outsider", "What an outsider could do", _outsider(run)),
            section(f"{prefix}change", "What to change", _change(run)),
            section(f"{prefix}baseline", "Since the baseline", _baseline(run)),
            section(f"{prefix}history", "Over time", plot.history([*run.history, past(run)] if run.history else [])),
            *(
                section(f"{prefix}note-{number}", text(name), items(f"<code>{text(line)}</code>" for line in lines))
                for number, (name, lines) in enumerate(run.notes.items(), 1)
            ),
            section(f"{prefix}controls", "Every control", controls.table(run, requirements=requirements)),
            section(f"{prefix}unmeasured", "What is not known, and why", _unknown(run)),
            section(f"{prefix}standards", "Supports evidence for", _standards(run)),
        )
    )


def _outsider(run: Run) -> str:
    found = open_controls(run)
    if found:
        return items((f"{severity(c.severity)} <span>{text(c.exposure)}</span>" for c in found), "ol", "exposures")
    if run.verdict.outcome == "inconclusive":
        return "<p>Not known: what is missing below could hide an open endpoint.</p>"
    waived = sum(finding.status is Status.WAIVED for finding in run.findings)
    return f"<p>Nothing that was asked was found open{', beside what is waived' if waived else ''}.</p>"


def _change(run: Run) -> str:
    failed = grouped(finding for finding in run.findings if finding.status is Status.FAIL)
    rows = []
    for control in open_controls(run):
        options = fixes(failed[control.id])
        many = f"<p>{which(failed[control.id]).capitalize()}</p>" if len(options) > 1 else ""
        said = many + items(f"<code>{option}</code>" for option in map(text, options))
        said = said if options else f"<p>{text(in_general(failed[control.id][0]))}</p>"
        rows.append(f"<h3>{severity(control.severity)} {text(control.title)}</h3>{said}")
    known = all(fixes(failed[control.id]) for control in open_controls(run))
    return "".join([*rows, "" if known else _NO_FIX])


_NO_FIX = (
    "<p>Where no option is named, the suite does not know this product (a target file names it as "
    "<code>product</code>): the requirement, and the evidence below, say what must become true.</p>"
)


def _baseline(run: Run) -> str:
    if run.comparison is None:
        return ""
    shown = (
        ("new", "new: open now, and not open then", run.comparison.new),
        ("worse", "worse than it was", run.comparison.worse),
        ("fixed", "fixed since", run.comparison.fixed),
        ("known", "known, and still open", run.comparison.known),
        ("gone", "failed then, and not measured now", run.comparison.unmeasured),
    )
    blocks = [
        f'<div class="delta d-{name}"><h3><b>{len(keys)}</b> {title}</h3>'
        + items(f"<code>{text(key)}</code>" for key in keys)
        + "</div>"
        for name, title, keys in shown
        if keys
    ]
    return f'<div class="deltas">{"".join(blocks)}</div>' if blocks else "<p>No difference, and nothing open.</p>"


def _unknown(run: Run) -> str:
    because: dict[str, list[str]] = {}
    for finding in run.findings:
        if finding.status in (Status.ERROR, Status.NOT_RUN, Status.WAIVED):
            because.setdefault(reason(finding), []).append(finding.key)
    return items(
        f"<b>{text(why)}</b><br>{', '.join(f'<code>{text(key)}</code>' for key in keys)}"
        for why, keys in because.items()
    )


def _standards(run: Run) -> str:
    """Clause -> controls: evidence that they hold, or do not, and never a claim that the clause is met."""
    clauses: dict[str, dict[str, Status]] = {}
    for finding in run.findings:
        for clause in finding.supports:
            clauses.setdefault(clause, {}).setdefault(finding.control.id, finding.status)
    rows = []
    for clause, asked in sorted(clauses.items()):
        held = sum(status is Status.PASS for status in asked.values())
        names = ", ".join(f"<code>{text(name)}</code>" for name in asked)
        rows.append(
            f"<li><details><summary>{text(clause)} <b>{held} of {len(asked)}</b></summary>{names}</details></li>"
        )
    return f'<ul class="clauses">{"".join(rows)}</ul>' if rows else ""


def about_run(runs: Iterable[Run]) -> str:
    blocks = []
    for run in runs:
        pairs = [*run.facts.items(), *run.suite.items()]
        pairs += [(f"seconds: {name}", f"{value:.1f}") for name, value in run.seconds.items()]
        rows = "".join(f"<dt>{text(name)}</dt><dd>{text(value) or '-'}</dd>" for name, value in pairs)
        blocks.append(f"<details><summary>{text(run.target)}</summary><dl>{rows}</dl></details>" if rows else "")
    return section("about", "About this run", *blocks)

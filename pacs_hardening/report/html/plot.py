"""Two pictures: the shares of one run as a bar, and earlier runs beside it."""

from __future__ import annotations

from collections.abc import Sequence

from ...model import Past
from ..tally import Tally
from .markup import text

SHOWN = 40
_HEIGHT, _STEP, _WIDE = 88, 14, 10


def shares(tally: Tally) -> str:
    """One bar; the words beside it say the same."""
    parts = (
        ("open", tally.broken),
        ("unmeasured", tally.unmeasured),
        ("waived", tally.waived),
        ("holds", tally.held),
        ("unasked", tally.not_asked),
    )
    total = sum(count for _, count in parts)
    if not total:
        return ""
    drawn, x = [], 0.0
    for name, count in parts:
        width = 1000 * count / total
        if count:
            drawn.append(f'<rect class="b-{name}" x="{x:.1f}" y="0" width="{width:.1f}" height="10"/>')
        x += width
    bar = "".join(drawn)
    return f'<svg class="shares" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">{bar}</svg>'


def history(runs: Sequence[Past]) -> str:
    """A column a run, oldest at the left: what held, what was open, what was not measured."""
    shown = runs[-SHOWN:]
    if len(shown) < 2:
        return ""
    top = max(run.held + run.broken + run.unmeasured for run in shown) or 1
    columns = "".join(_column(number * _STEP, run, top) for number, run in enumerate(shown))
    width = len(shown) * _STEP
    first, last = shown[0], shown[-1]
    said = f"{len(shown)} runs. Open controls: {first.broken} on {first.when[:10]}, {last.broken} on {last.when[:10]}."
    rows = "".join(
        f"<tr><td>{text(run.when[:16].replace('T', ' '))}</td><td>{run.outcome}</td><td>{run.held}</td>"
        f"<td>{run.broken}</td><td>{run.unmeasured}</td></tr>"
        for run in reversed(shown)
    )
    return (
        f'<p>{said}</p><svg class="history" role="img" aria-label="{said}" width="{width}" height="{_HEIGHT}"'
        f' viewBox="0 0 {width} {_HEIGHT}">{columns}</svg>'
        "<details><summary>The same in numbers</summary><table class='numbers'><thead><tr>"
        "<th scope='col'>run (UTC)</th><th scope='col'>verdict</th><th scope='col'>hold</th><th scope='col'>open</th>"
        f"<th scope='col'>not measured</th></tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _column(x: int, run: Past, top: int) -> str:
    y, drawn = float(_HEIGHT), []
    for name, count in (("holds", run.held), ("unmeasured", run.unmeasured), ("open", run.broken)):
        height = max(_HEIGHT * count / top, 2) if count else 0
        y -= height
        if count:
            drawn.append(f'<rect class="b-{name}" x="{x}" y="{max(y, 0):.1f}" width="{_WIDE}" height="{height:.1f}"/>')
    label = f"{run.when[:10]}: {run.held} hold, {run.broken} open, {run.unmeasured} not measured"
    return f"<g><title>{label}</title>{''.join(drawn)}</g>"

"""The catalogue: every control, and the weaknesses that show that it can fail, as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..model import Control

HEAD = """# Controls

Written by `pacs-hardening catalogue`; do not edit. *Refuted by*: the weaknesses of each environment that make the
control fail, and so prove that it can. *Supports evidence for*: requirements of laws and standards, which a pass does
not prove to be complied with.
"""


def render(
    controls: Iterable[Control],
    weaknesses: Mapping[str, Mapping[str, Sequence[str]]],
    supports: Mapping[str, Sequence[str]],
) -> str:
    """``weaknesses``: control id -> environment -> the weaknesses that refute it there. ``supports``: control id ->
    what it supports evidence for."""
    areas: dict[str, list[Control]] = defaultdict(list)
    for control in sorted(controls, key=lambda each: each.id):
        areas[control.area].append(control)
    return HEAD + "".join(_area(name, members, weaknesses, supports) for name, members in areas.items())


def _area(
    name: str,
    controls: Iterable[Control],
    weaknesses: Mapping[str, Mapping[str, Sequence[str]]],
    supports: Mapping[str, Sequence[str]],
) -> str:
    head = ("control", "severity", "impact", "requirement", "refuted by", "references", "supports evidence for")
    rows = [_row(*head), "|" + "---|" * len(head)]
    for control in controls:
        refuted = "; ".join(
            f"{environment}: {', '.join(f'`{each}`' for each in sorted(names))}"
            for environment, names in sorted(weaknesses.get(control.id, {}).items())
            if names
        )
        severity, impact = control.severity.name.lower(), control.impact.name.lower()
        sources = (", ".join(control.references), "; ".join(supports.get(control.id, ())))
        rows.append(_row(f"`{control.id}`", severity, impact, control.title, refuted or "none", *sources))
    return f"\n## {name}\n\n" + "\n".join(rows) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"

"""The catalogue: every control, and the mistakes that show that it can fail, as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from ..model import Control

HEAD = """# Controls

Written by `pacs-hardening catalogue`; do not edit. *Refuted by*: the mistakes that make the control fail, and so prove
that it can, each with the environments where that was seen. *Supports evidence for*: requirements of laws and
standards, which a pass does not prove to be complied with. *Mutants*: how many of the generated weaknesses that it was
asked about it found (environments/embedded/mutants.toml, written by `ci/mutants N SEED --accept`; docs/mutants.md).
"""
Found = Mapping[str, tuple[int, int]]  # control id -> how many mutants it found, of how many


def render(
    controls: Iterable[Control],
    mistakes: Mapping[str, Mapping[str, Sequence[str]]],
    supports: Mapping[str, Sequence[str]],
    found: Found = MappingProxyType({}),
) -> str:
    """``mistakes``: control id -> the mistakes that refute it -> in which environments. ``supports``: control id ->
    what it supports evidence for."""
    areas: dict[str, list[Control]] = defaultdict(list)
    for control in sorted(controls, key=lambda each: each.id):
        areas[control.area].append(control)
    return HEAD + "".join(_area(name, members, mistakes, supports, found) for name, members in areas.items())


def _area(
    name: str,
    controls: Iterable[Control],
    mistakes: Mapping[str, Mapping[str, Sequence[str]]],
    supports: Mapping[str, Sequence[str]],
    found: Found,
) -> str:
    head = ["control", "severity", "impact", "requirement", "refuted by", "mutants", "references"]
    head.append("supports evidence for")
    rows = [_row(*head), "|" + "---|" * len(head)]
    for control in controls:
        refuted = "; ".join(
            f"`{mistake}` ({', '.join(sorted(where))})"
            for mistake, where in sorted(mistakes.get(control.id, {}).items())
        )
        severity, impact = control.severity.name.lower(), control.impact.name.lower()
        sources = (", ".join(control.references), "; ".join(supports.get(control.id, ())))
        killed, asked = found.get(control.id, (0, 0))
        mutants = f"{killed} of {asked}" if asked else ""
        rows.append(_row(f"`{control.id}`", severity, impact, control.title, refuted or "none", mutants, *sources))
    return f"\n## {name}\n\n" + "\n".join(rows) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"

"""What a run of mutants amounts to: how many of the proven ones a control found, with the bound that this supports."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any

from .mutant import UNNAMED

Z = 1.96  # 95 %


@dataclass(frozen=True)
class Result:
    """``proven``: empty where an independent client saw it open, and the hardened archive shut; else what it saw.
    ``killed_by``: controls of the touched areas that FAIL; ``asked``: all that were measured, with their status."""

    name: str
    area: str
    table: str
    kind: str
    title: str
    unproven: str = ""
    status: int = -1
    killed_by: tuple[str, ...] = ()
    asked: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def wilson(killed: int, of: int) -> float:
    """The lower end of Wilson's 95 % interval, as a share."""
    if not of:
        return 0.0
    share = killed / of
    middle, spread = share + Z * Z / (2 * of), Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + Z * Z / of))


def write(results: Sequence[Result], path: Path, **run: Any) -> None:
    path.write_text(json.dumps({**run, "results": [asdict(each) for each in results]}, indent=1) + "\n")


def accept(results: Sequence[Result], path: Path, *, seed: int, number: int) -> None:
    """Which controls found how many of those that they were asked about, and the score by area."""
    proven = [each for each in results if not each.unproven]
    asked = Counter(key for each in proven for key in {name.partition("[")[0] for name in each.asked})
    found = Counter(key for each in proven for key in set(each.killed_by))
    lines = ["# What generated weaknesses were found: written by `ci/mutants N SEED --accept`.", ""]
    lines += ["[run]", f"number = {number}", f"seed = {seed}", "", "[score] # found, proven"]
    lines += [f'"{name}" = [{killed}, {of}]' for name, killed, of in _scores(proven)]
    lines += ["", "[found] # by a control, of those that it was asked about"]
    lines += [f'"{key}" = [{found[key]}, {asked[key]}]' for key in sorted(asked)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def render(results: Sequence[Result]) -> str:
    """For people: the score by area, by table and by kind; survivors; what could not be proven; idle controls."""
    proven = [each for each in results if not each.unproven]
    lines = ["area          killed  proven  score  at least (95 %)"]
    for name, killed, of in _scores(proven):
        lines.append(f"{name:<14}{killed:>6}{of:>8}{100 * killed / of:>6.0f} %{100 * wilson(killed, of):>12.0f} %")
    lines += ["", "Survivors: open, and no control says so"]
    lines += [f"  {each.name}  {each.area:<10} {each.title}{_said(each)}" for each in proven if not each.killed_by]
    if unproven := [each for each in results if each.unproven]:
        lines += ["", "Not counted, since no client could show them open (a defect of the mutants)"]
        lines += [f"  {each.name}  {each.title}: {each.unproven}" for each in unproven]
    lines += ["", "Controls that were asked and killed none of these", "  " + ", ".join(idle(results))]
    return "\n".join(lines) + "\n"


def idle(results: Iterable[Result]) -> list[str]:
    asked, killers = set(), set()
    for each in results:
        asked |= {key.partition("[")[0] for key in each.asked}
        killers |= set(each.killed_by)
    return sorted(asked - killers)


def _said(result: Result) -> str:
    return {0: "", -1: " (the gate came to no end)"}.get(result.status, f" (exit {result.status})")


def _scores(proven: Sequence[Result]) -> list[tuple[str, int, int]]:
    """Of each group: its name, how many were found, of how many."""
    return [(name, sum(bool(each.killed_by) for each in chosen), len(chosen)) for name, chosen in _groups(proven)]


def _groups(proven: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    def by(key: Callable[[Result], str]) -> list[tuple[str, list[Result]]]:
        names = dict.fromkeys(sorted(map(key, proven)))
        return [(name, [each for each in proven if key(each) == name]) for name in names]

    tables = by(lambda each: "second table" if each.table == UNNAMED else "first table")
    whole = [("all", list(proven))] if proven else []
    return [*by(lambda each: each.area), *by(lambda each: each.kind), *tables, *whole]

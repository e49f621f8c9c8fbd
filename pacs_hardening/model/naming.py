"""How data name controls and their cases: ``area.name`` for all cases, ``area.name[case,case]``, ``*`` for any text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable


def control_id(key: str) -> str:
    """Of a control with its case, or of a pattern."""
    return key.partition("[")[0]


def case(key: str) -> str:
    """Of a control with its case; "" where it has none."""
    return key.partition("[")[2].removesuffix("]")


def covers(pattern: str, key: str) -> bool:
    """``key`` is a control with its case, if it has one: ``area.name[case]``."""
    if not _like(control_id(pattern), control_id(key)):
        return False
    return "[" not in pattern or any(_like(each, case(key)) for each in case(pattern).split(","))


def compact(chosen: Iterable[str], among: Iterable[str] = ()) -> tuple[str, ...]:
    """The fewest patterns that cover exactly ``chosen``, in order. A control that has all its cases of ``among`` in
    there stands without them."""
    every, mine = _by_control(among), _by_control(chosen)
    return tuple(
        control if keys == [control] or keys == every[control] else f"{control}[{','.join(map(case, keys))}]"
        for control, keys in sorted(mine.items())
    )


def _by_control(keys: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key in sorted({*keys}):
        found[control_id(key)].append(key)
    return found


def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None

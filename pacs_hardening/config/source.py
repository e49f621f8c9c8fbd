"""Where something stands in a TOML file: ``tomllib`` gives values without their lines."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

Step = str | int  # a key, or a place in an array of tables

_NAME = r"""[\w-]+|"[^"]*"|'[^']*'"""
_DOTTED = rf"\s*((?:{_NAME})(?:\s*\.\s*(?:{_NAME}))*)\s*"
_HEADER = re.compile(rf"\s*(\[\[?){_DOTTED}\]")
_ASSIGNMENT = re.compile(rf"{_DOTTED}=")


@dataclass
class Source:
    """``name`` is for people, such as the path; ``text`` is "" where there are no lines. ``notes``: what is read, and
    should be written otherwise."""

    name: str
    text: str = ""
    notes: list[str] = field(default_factory=list)

    def at(self, steps: tuple[Step, ...]) -> str:
        """``name:line`` of what ``steps`` lead to, or, where it is not there, of the table that it is missing in."""
        found = _line(self.text, steps)
        return f"{self.name}:{found}" if found else self.name


def _line(text: str, wanted: tuple[Step, ...]) -> int:
    """0 where not even a part of the way is there."""
    best, length, seen = 0, 0, Counter[tuple[Step, ...]]()
    table: tuple[Step, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            here = table = _steps(header[2])
            if header[1] == "[[":
                here = table = (*table, seen[table])
                seen[table[:-1]] += 1
        elif assignment := _ASSIGNMENT.match(line):
            here = (*table, *_steps(assignment[1]))
        else:
            continue
        for way in (here[:-1], here) if here and isinstance(here[-1], int) else (here,):
            if len(way) > length and wanted[: len(way)] == way:
                best, length = number, len(way)
    return best


def _steps(dotted: str) -> tuple[Step, ...]:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, dotted))

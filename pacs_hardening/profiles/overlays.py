"""Overlays: which controls support evidence for which requirement of a law or standard, as data.

One TOML file is one law or standard. Controls know nothing of them; what a control proves says so through here. It
supports evidence for a requirement, and never says that the requirement is complied with.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("overlays")


@dataclass(frozen=True)
class Requirement:
    """``controls`` are ids, or patterns of ids as in a shell. ``source`` says where ``id`` and ``title`` stand, and in
    which edition."""

    name: str
    id: str
    title: str
    source: str
    controls: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.id} {self.title}"

    def asks_for(self, control: str) -> bool:
        return any(fnmatchcase(control, pattern) for pattern in self.controls)


@cache
def requirements() -> tuple[Requirement, ...]:
    """Of every overlay, in the order of the files."""
    found = []
    for path in sorted(_FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [
            Requirement(data["name"], row["id"], row["title"], data["source"], tuple(row["controls"]))
            for row in data["requirement"]
        ]
    return tuple(found)


@cache
def supported(control: str) -> tuple[str, ...]:
    """One line for each requirement that ``control`` supports evidence for."""
    return tuple(str(each) for each in requirements() if each.asks_for(control))

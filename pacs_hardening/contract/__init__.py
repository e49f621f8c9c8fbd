"""The contract with those who pin what they run (docs/contract.md): versions of its parts, and names of before."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..model import BadInput
from ..model.naming import control_id

_FOLDER = Path(__file__).parent
INTERFACE = 1  # option names and exit statuses
TARGET_FILE = 1


@dataclass(frozen=True)
class Renamed:
    """``since``: the day of the change, ISO 8601."""

    old: str
    new: str
    since: str

    @property
    def note(self) -> str:
        return f"{self.old} is called {self.new} since {self.since}; the old name still works"


@cache
def renamed(kind: str) -> Mapping[str, Renamed]:
    """Old name -> what became of it. ``kind``: ``control`` or ``option``."""
    rows = tomllib.loads((_FOLDER / "renamed.toml").read_text(encoding="utf-8"))[kind]
    return {row["old"]: Renamed(row["old"], row["new"], str(row["since"])) for row in rows}


def of_today(key: str) -> str:
    """The id of a control, with its case or without, as it is now."""
    name = control_id(key)
    found = renamed("control").get(name)
    return key if found is None else f"{found.new}{key.removeprefix(name)}"


def notes(keys: Iterable[str]) -> tuple[str, ...]:
    """What to say of those of ``keys`` that are names of before."""
    known = renamed("control")
    return tuple(known[name].note for name in dict.fromkeys(map(control_id, keys)) if name in known)


@cache
def _since() -> Mapping[str, int]:
    rows = tomllib.loads((_FOLDER / "controls-versions.toml").read_text(encoding="utf-8"))["version"]
    return {of_today(name): row["number"] for row in rows for name in row["controls"]}


def since(name: str) -> int:
    """The version of the set of controls that first had the control; what is in no closed version is of the next."""
    return _since().get(of_today(name), max(_since().values()) + 1)


def newest(names: Iterable[str]) -> int:
    """The version of a set of controls of the suite's."""
    return max(map(since, names))


def demand_version(number: int, names: Iterable[str], where: str) -> None:
    """Raises BadInput where there is no such version of the set of controls."""
    last = newest(names)
    if not 1 <= number <= last:
        raise BadInput(f"{where}: there is no version {number} of the controls; known: 1 to {last}")

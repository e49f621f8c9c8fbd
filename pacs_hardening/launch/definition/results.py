"""The reviewed results of an environment, ``results.toml``: what every control says of it, hardened and weakened."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...config.table import Table
from ...model import Status
from ...model.naming import covers
from .patch import load_toml

FILE = "results.toml"
UNKNOWN = "-"  # in a column of a version that was not asked this
_STATUSES = tuple(Status)
Groups = Mapping[Status, tuple[str, ...]]  # the controls and cases (model/naming.py) that end so


@dataclass(frozen=True)
class Exempt:
    """Controls that nothing makes fail in this environment, and why; ``status`` is how they end here."""

    controls: tuple[str, ...]
    reason: str
    status: Status = Status.PASS


@dataclass(frozen=True)
class Results:
    """``hardened`` is what ends neither with PASS nor as ``exempt`` says. ``weaknesses`` holds every one that was
    reviewed: what it changes beside making fail what it refutes. ``versions``: name -> control -> status, complete."""

    exempt: tuple[Exempt, ...] = ()
    hardened: Groups = field(default_factory=dict)
    weaknesses: Mapping[str, Groups] = field(default_factory=dict)
    versions: Mapping[str, Mapping[str, Status]] = field(default_factory=dict)

    def of_hardened(self, keys: Collection[str]) -> dict[str, Status]:
        """Each of ``keys``, controls with their cases, with its status."""
        found = dict.fromkeys(keys, Status.PASS)
        for each in self.exempt:
            found |= {key: each.status for key in keys if _any(each.controls, key)}
        return found | spread(self.hardened, keys)

    def of_weakened(self, name: str, refutes: Collection[str], keys: Collection[str]) -> dict[str, Status]:
        """The same where the weakness ``name``, which makes ``refutes`` fail, is in the environment."""
        found = self.of_hardened(keys)
        failing = {key for key, status in found.items() if status is Status.PASS and _any(refutes, key)}
        return found | dict.fromkeys(failing, Status.FAIL) | spread(self.weaknesses.get(name, {}), keys)

    def reason(self, control_id: str) -> str:
        """Why nothing makes this control fail here; "" where something should."""
        return next((each.reason for each in self.exempt if _any(each.controls, control_id)), "")


def spread(groups: Groups, keys: Collection[str]) -> dict[str, Status]:
    """Those of ``keys`` that ``groups`` says something of."""
    return {key: status for status, names in groups.items() for key in keys if _any(names, key)}


def _any(patterns: Collection[str], key: str) -> bool:
    return any(covers(pattern, key) for pattern in patterns)


def read(folder: Path) -> Results:
    """Nothing where there is no such file. Raises BadInput for one that is malformed."""
    path = folder / FILE
    if not path.is_file():
        return Results()
    table = Table(load_toml(path), str(path), "exempt hardened weaknesses versions")
    weaknesses = table.named("weaknesses", " ".join(_STATUSES))
    return Results(
        exempt=tuple(_exempt(each) for each in table.tables("exempt", "controls reason status")),
        hardened=_groups(table.table("hardened", " ".join(_STATUSES))),
        weaknesses={name: _groups(each) for name, each in weaknesses.items()},
        versions=_versions(table.table("versions", "columns statuses")),
    )


def _exempt(table: Table) -> Exempt:
    status = table.text("status", Status.PASS, "|".join(_STATUSES))
    return Exempt(table.texts("controls"), table.text("reason", pattern=r".*\S.*"), Status(status))


def _groups(table: Table) -> Groups:
    return {status: table.texts(status) for status in _STATUSES if status in table}


def _versions(table: Table) -> dict[str, dict[str, Status]]:
    columns = table.texts("columns", ())
    found: dict[str, dict[str, Status]] = {name: {} for name in columns}
    for control, row in table.pairs("statuses").items():
        words = row.split()
        if len(words) != len(columns) or not {*words} <= {*_STATUSES, UNKNOWN}:
            raise table.bad(control, f"{row!r} is not a status for each of {len(columns)} columns")
        for name, word in zip(columns, words, strict=True):
            if word != UNKNOWN:
                found[name][control] = Status(word)
    return found

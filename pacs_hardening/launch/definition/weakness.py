"""A weakness: exactly one administrator's mistake (mistakes.py), as a patch to an environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...config.table import Table
from ...model.naming import control_id, covers
from .mistakes import KEYS, Mistake, mistake
from .patch import Replace, load_toml, replacements

_DIFFERS = "refutes_also refutes_not"  # controls, and the reason why they are otherwise on this product


@dataclass(frozen=True)
class Weakness:
    """``breaks`` names the controls, or cases of them, that it makes fail on this product; ``fix`` tells this product's
    administrator how to mend it."""

    title: str
    breaks: tuple[str, ...]
    fix: str
    replace: tuple[Replace, ...] = ()
    merge: Mapping[str, Any] = field(default_factory=dict)
    formerly: tuple[str, ...] = ()

    @property
    def refutes(self) -> tuple[str, ...]:
        """The ids of the controls."""
        return tuple(dict.fromkeys(map(control_id, self.breaks)))


def load_all(
    folders: Iterable[Path], mistakes: Mapping[str, Mistake], exempt: Callable[[str], object] = lambda control: False
) -> dict[str, Weakness]:
    """Every ``<mistake>.toml`` in ``folders``, by the mistake's id. None refutes what is ``exempt`` here.

    Raises BadInput for a malformed one, for two of one name, and for one that refutes nothing here.
    """
    found: dict[str, Weakness] = {}
    for path in sorted((path for folder in folders for path in folder.glob("*.toml")), key=lambda path: path.name):
        table = Table(load_toml(path), str(path), f"{KEYS} {_DIFFERS} fix replace merge")
        if path.stem in found:
            raise table.bad(path.stem, "there are two weaknesses of this name")
        found[path.stem] = _weakness(table, _mistake(table, mistakes.get(path.stem)), exempt)
    return found


def _mistake(table: Table, known: Mistake | None) -> Mistake:
    """The one that everybody knows, or one of the environment's own."""
    if known is None:
        return mistake(table)
    for key in KEYS.split():
        if key in table:
            raise table.bad(
                key, "stands in mistakes/ already; say what is otherwise here with refutes_also, refutes_not"
            )
    return known


def _weakness(table: Table, made: Mistake, exempt: Callable[[str], object]) -> Weakness:
    breaks = [each for each in made.refutes if not exempt(control_id(each))]
    spared = _reasoned(table, "refutes_not")
    for name in spared:
        if not any(covers(name, control_id(each)) for each in breaks):
            raise table.bad("refutes_not", f"{name}: it refutes no such control anyway")
    breaks = [each for each in breaks if not any(covers(name, control_id(each)) for name in spared)]
    for name in _reasoned(table, "refutes_also"):
        if name in breaks:
            raise table.bad("refutes_also", f"{name}: it refutes that anyway")
        breaks.append(name)
    loaded = Weakness(
        title=made.title,
        breaks=tuple(breaks),
        fix=table.text("fix"),
        replace=replacements(table),
        merge=table.free("merge"),
        formerly=made.formerly,
    )
    if not loaded.breaks:
        raise table.bad("refutes", "nothing is left of it that is not exempt here")
    if not loaded.replace and not loaded.merge:
        raise table.bad("merge", "it changes nothing; give [[replace]] or [merge]")
    return loaded


def _reasoned(table: Table, key: str) -> tuple[str, ...]:
    """The controls; each group of them has its reason."""
    found = table.tables(key, "controls reason")
    for each in found:
        each.text("reason", pattern=r".*\S.*")
    return tuple(name for each in found for name in each.texts("controls"))

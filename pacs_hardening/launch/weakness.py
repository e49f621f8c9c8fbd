"""A weakness: exactly one administrator's mistake, as a patch to an environment."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..model import BadInput
from .table import Table


@dataclass(frozen=True)
class Replace:
    """``find`` stands exactly once in ``file`` (relative to the environment) and becomes ``text``."""

    file: str
    find: str
    text: str


@dataclass(frozen=True)
class Weakness:
    """``refutes`` names the controls that it makes fail; ``fix`` tells this product's administrator how to mend it."""

    title: str
    refutes: tuple[str, ...]
    fix: str
    replace: tuple[Replace, ...] = ()
    merge: Mapping[str, Any] = field(default_factory=dict)


def load_toml(path: Path) -> dict[str, Any]:
    """Raises BadInput, which names file and line, for what is missing or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error


def load_all(folders: Iterable[Path]) -> dict[str, Weakness]:
    """Every ``<name>.toml`` in ``folders``, by name. Raises BadInput for a malformed one, and for two of one name."""
    found: dict[str, Weakness] = {}
    for path in sorted((path for folder in folders for path in folder.glob("*.toml")), key=lambda path: path.name):
        if path.stem in found:
            raise BadInput(f"{path}: there are two weaknesses of this name")
        found[path.stem] = _load(path)
    return found


def replacements(table: Table) -> tuple[Replace, ...]:
    return tuple(
        Replace(each.text("file"), each.text("find"), each.text("with"))
        for each in table.tables("replace", "file find with")
    )


def _load(path: Path) -> Weakness:
    table = Table(load_toml(path), str(path), "title refutes fix replace merge")
    loaded = Weakness(
        title=table.text("title"),
        refutes=table.texts("refutes"),
        fix=table.text("fix"),
        replace=replacements(table),
        merge=table.free("merge"),
    )
    if not loaded.refutes:
        raise BadInput(f"{path}: refutes names no control")
    if not loaded.replace and not loaded.merge:
        raise BadInput(f"{path}: changes nothing; give [[replace]] or [merge]")
    return loaded


def merged(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``patch``: tables deeply, everything else replaced. Order is that of ``base``, then new keys."""
    result = dict(base)
    for key, value in patch.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def replaced(text: str, replace: Replace) -> str:
    """Raises BadInput, naming file and text, unless ``find`` stands exactly once."""
    count = text.count(replace.find)
    if count != 1:
        raise BadInput(f"{replace.file}: {replace.find!r} must stand there exactly once, but stands {count} times")
    return text.replace(replace.find, replace.text)

"""What changes an environment before it starts: texts of its files replaced, tables of its TOML merged."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...config.table import Table
from ...model import BadInput


@dataclass(frozen=True)
class Replace:
    """``find`` stands exactly once in ``file`` (relative to the environment) and becomes ``text``."""

    file: str
    find: str
    text: str


def load_toml(path: Path) -> dict[str, Any]:
    """Raises BadInput, which names file and line, for what is missing or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error


def replacements(table: Table) -> tuple[Replace, ...]:
    return tuple(
        Replace(each.text("file"), each.text("find"), each.text("with"))
        for each in table.tables("replace", "file find with")
    )


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

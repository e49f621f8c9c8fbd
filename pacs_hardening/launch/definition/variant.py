"""Another age of an environment, or another care: an older generation of the server, or the server as it is shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...config.table import Table
from ...model import BadInput
from .patch import Replace, load_toml, merged, replacements

FILE = "environment.toml"
SHIPPED = "as-shipped.toml"
GENERATIONS = "generations"
WAIVERS = "waivers.toml"


@dataclass(frozen=True)
class Variant:
    """What is changed before any weakness is. ``waivers``: file -> its [[waiver]] tables."""

    generation: str = ""
    as_shipped: bool = False
    title: str = ""
    replace: tuple[Replace, ...] = ()
    merge: Mapping[str, Any] = field(default_factory=dict)
    waivers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        generation = f" of {self.generation}" if self.generation else ""
        return generation + (" as shipped" if self.as_shipped else "")

    @property
    def file(self) -> str:
        """What takes the place of environment.toml."""
        return SHIPPED if self.as_shipped else FILE


def generations(folder: Path) -> tuple[str, ...]:
    return tuple(path.stem for path in sorted((folder / GENERATIONS).glob("*.toml")))


def load(folder: Path, generation: str = "", as_shipped: bool = False) -> Variant:
    """Raises BadInput for a generation that is unknown or malformed, and where nothing says what is shipped.

    What is shipped is not configured by us: of a generation only its base applies then, and nothing is waived.
    """
    if as_shipped and not (folder / SHIPPED).is_file():
        raise BadInput(f"{folder / SHIPPED}: no such file: nothing says how this archive is shipped")
    if generation and generation not in generations(folder):
        known = ", ".join(generations(folder)) or "none"
        raise BadInput(f"{folder.name}: unknown generation {generation!r}; known: {known}")
    always = {str(folder / WAIVERS): load_toml(folder / WAIVERS)} if (folder / WAIVERS).is_file() else {}
    always = {} if as_shipped else always
    if not generation:
        return Variant(as_shipped=as_shipped, waivers=always)
    path = folder / GENERATIONS / f"{generation}.toml"
    table = Table(load_toml(path), str(path), "title base services replace merge waiver")
    base = {"services": {name: {"base": table.text("base", pattern=".+")} for name in table.texts("services")}}
    if as_shipped:
        return Variant(generation, True, table.text("title"), merge=base)
    return Variant(
        generation,
        title=table.text("title"),
        replace=replacements(table),
        merge=merged(base, table.free("merge")),
        waivers={**always, str(path): {"waiver": load_toml(path).get("waiver", [])}},
    )

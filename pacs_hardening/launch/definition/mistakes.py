"""The mistakes that administrators make, whatever the product: one id, one title, one list of what each refutes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...config.table import Table
from ...model import BadInput
from .patch import load_toml

FOLDER = "mistakes"
KEYS = "title refutes formerly"


@dataclass(frozen=True)
class Mistake:
    """``refutes`` names the controls, or cases of them (model/naming.py), that it makes fail wherever they apply;
    ``formerly`` are names that it had, which go on working."""

    title: str
    refutes: tuple[str, ...]
    formerly: tuple[str, ...] = ()


def read(folder: Path) -> dict[str, Mistake]:
    """Every mistake in ``mistakes/*.toml`` of a folder of environments, by id. Raises BadInput for a malformed one, and
    for two of one id."""
    found: dict[str, Mistake] = {}
    for path in sorted((folder / FOLDER).glob("*.toml")):
        raw = load_toml(path)
        for name, table in Table({"mistakes": raw}, str(path), "mistakes").named("mistakes", KEYS).items():
            if name in found:
                raise BadInput(f"{path}: there are two mistakes {name}")
            found[name] = mistake(table)
    return found


def mistake(table: Table) -> Mistake:
    """As ``table`` says it. Raises BadInput where it refutes nothing."""
    loaded = Mistake(table.text("title", pattern=r".*\S.*"), table.texts("refutes"), table.texts("formerly", ()))
    if not loaded.refutes:
        raise table.bad("refutes", "names no control")
    return loaded

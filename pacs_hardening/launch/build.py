"""An environment with one weakness in it, or none, checked to the end before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model import BadInput
from . import weakness
from .plan import Plan, read
from .weakness import Weakness

FILE = "environment.toml"


@dataclass(frozen=True)
class Build:
    """``sources`` holds the text of every configuration file, placeholders not yet filled; ``hardened`` is the plan
    without the weakness, whose doors come first; ``raw`` is the merged environment.toml."""

    name: str
    folder: Path
    plan: Plan
    hardened: Plan
    sources: Mapping[str, str]
    raw: Mapping[str, Any]


def build(name: str, folder: Path, raw: Mapping[str, Any], weak: tuple[str, Weakness] | None = None) -> Build:
    """``weak`` is a weakness and its name. Raises BadInput, naming file and key or text, for what does not fit."""
    hardened = final = read(raw, folder / FILE)
    replacing: tuple[weakness.Replace, ...] = ()
    if weak:
        name = f"{name}+{weak[0]}"
        raw = weakness.merged(raw, weak[1].merge)
        final = read(raw, folder / "weak" / f"{weak[0]}.toml")
        replacing = weak[1].replace
    sources = {
        file.source: _text(folder, file.source)
        for service in final.services.values()
        for file in service.files
        if file.source
    }
    for each in replacing:
        if each.file not in sources:
            raise BadInput(f"{folder / FILE}: {name} replaces in {each.file!r}, which no service is given")
        sources[each.file] = weakness.replaced(sources[each.file], each)
    for service in final.services.values():
        if service.dockerfile:
            _inside(folder, service.dockerfile)
    return Build(name, folder, final, hardened, sources, raw)


def _text(folder: Path, source: str) -> str:
    path = _inside(folder, source)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: {error}") from error


def _inside(folder: Path, relative: str) -> Path:
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise BadInput(f"{folder / FILE}: {relative!r} is not a file in the environment's folder")
    return path

"""A case as a small text file: what was said, what was expected, and what was found where. It replays on any target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..model import BadInput
from .conversation import (
    VERBS,
    Case,
    Expectation,
    Step,
)
from .recipe import Unreadable, compile_recipe

FIRST = "# pacs-hardening case 1"
_KEYS = ("malformation", "number", "clause", "expects")
_SLOTS = {"called": b"C" * 16, "calling": b"C" * 16, "identity": b""}


def render(case: Case, notes: Mapping[str, str] | None = None) -> str:
    """``notes`` (server, suite, what was found …) are kept as comments."""
    lines = [FIRST]
    lines += [f"# {key}: {' '.join(value.split())}" for key, value in (notes or {}).items()]
    lines += [f"malformation: {case.malformation}", f"number: {case.number}", f"clause: {case.clause}"]
    lines += [f"expects: {case.expects.value}", *map(str, case.steps)]
    return "\n".join(lines) + "\n"


def parse(text: str, source: str) -> Case:
    """Raises BadInput naming the line."""
    lines = text.splitlines()
    if lines[:1] != [FIRST]:
        raise BadInput(f"{source}:1: a case begins with the line {FIRST!r}")
    fields: dict[str, str] = {}
    steps: list[Step] = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, value = line.partition(": ")
        verb, _, recipe = line.partition(" ")
        if colon and key in _KEYS and not steps:
            fields[key] = value.strip()
        elif verb in VERBS:
            steps.append(_step(verb, recipe, f"{source}:{number}"))
        else:
            raise BadInput(f"{source}:{number}: {verb!r} is no step; known: {', '.join(VERBS)}")
    missing = [key for key in _KEYS if key not in fields]
    if missing or not steps:
        raise BadInput(f"{source}: lacks {missing[0] if missing else 'steps'}")
    try:
        expects, index = Expectation(fields["expects"]), int(fields["number"])
    except ValueError as error:
        raise BadInput(f"{source}: {error}") from error
    return Case(fields["malformation"], index, fields["clause"], expects, tuple(steps))


def _step(verb: str, recipe: str, where: str) -> Step:
    try:
        compile_recipe(recipe, _SLOTS)
    except Unreadable as error:
        raise BadInput(f"{where}: {error}") from error
    return Step(verb, recipe)


def read(path: Path) -> Case:
    try:
        return parse(path.read_text(encoding="ascii"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error


def read_all(folder: Path) -> list[Case]:
    return [read(path) for path in sorted(folder.glob("*.case"))]

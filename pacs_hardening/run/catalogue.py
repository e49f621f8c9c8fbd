"""All controls of the suite, read from where they are written, and what refutes each of them."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from ..launch.environment import Environment, discover, root
from ..model import Control, control_of, key_of
from ..profiles.overlays import supported


def suite() -> Path:
    """The folder that holds ``tests/controls``, ``fixtures`` and ``conftest.py``."""
    inside = Path(__file__).parents[1] / "_suite"
    return inside if inside.is_dir() else Path(__file__).parents[2]


def controls() -> list[Control]:
    """Every control of ``tests/controls``, by area and in the order of the file. Importing it runs none."""
    return [control for function in _functions() if (control := control_of(function))]


def keyed() -> dict[str, Control]:
    """Every control with each of its cases, ``area.name[case]``, as a run of all of them names its findings."""
    found: dict[str, Control] = {}
    for function in _functions():
        if control := control_of(function):
            names = [_case(value) for mark in getattr(function, "pytestmark", ()) for value in mark.args[1]]
            found |= {key_of(control.id, name): control for name in names or [""]}
    return found


def using(*fixtures: str) -> set[str]:
    """The ids of the controls that ask for one of ``fixtures``."""
    found = ((control_of(function), inspect.signature(function).parameters) for function in _functions())
    return {control.id for control, asked in found if control and not asked.keys().isdisjoint(fixtures)}


def cases() -> list[str]:
    return list(keyed())


def make_importable() -> None:
    """Controls, wherever they stand, import the suite's ``fixtures``, which nobody installs."""
    if (home := str(suite())) not in sys.path:
        sys.path.insert(0, home)


def _case(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r}: a case of a control is named by a string")
    return value


@cache
def _functions() -> tuple[Callable[..., Any], ...]:
    make_importable()
    found: list[Callable[..., Any]] = []
    for path in sorted((suite() / "tests" / "controls").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        marked = [function for _, function in inspect.getmembers(module, inspect.isfunction) if control_of(function)]
        found += sorted(marked, key=lambda function: function.__code__.co_firstlineno)
    return tuple(found)


def supports() -> dict[str, tuple[str, ...]]:
    """Control id -> the requirements of laws and standards that it supports evidence for."""
    return {control.id: supported(control.id) for control in controls()}


def found_mutants() -> dict[str, tuple[int, int]]:
    """Control id -> how many generated weaknesses it found, of how many that it was asked about; of the run that was
    last accepted, and of controls that are still there."""
    file = root() / "embedded" / "mutants.toml"
    measured = tomllib.loads(file.read_text(encoding="utf-8"))["found"] if file.is_file() else {}
    return {each.id: tuple(measured[each.id]) for each in controls() if each.id in measured}


def refutations() -> dict[str, dict[str, list[str]]]:
    """Control id -> the mistakes that refute it -> in which environments."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in discover():
        for weakness, details in Environment.load(name).weaknesses.items():
            for control in details.refutes:
                found.setdefault(control, {}).setdefault(weakness, []).append(name)
    return found

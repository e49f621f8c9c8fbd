"""All controls of the suite, read from where they are written, and what refutes each of them."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path

from .launch.environment import Environment, discover
from .model import Control, control_of
from .profiles.overlays import supported


def suite() -> Path:
    """The folder that holds ``tests/controls``, ``fixtures`` and ``conftest.py``."""
    inside = Path(__file__).parent / "_suite"
    return inside if inside.is_dir() else Path(__file__).parent.parent


def controls() -> list[Control]:
    """Every control of ``tests/controls``, by area and in the order of the file. Importing it runs none."""
    found = []
    for path in sorted((suite() / "tests" / "controls").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        functions = (member for _, member in inspect.getmembers(module, inspect.isfunction))
        marked = [(f.__code__.co_firstlineno, c) for f in functions if (c := control_of(f))]
        found += [control for _, control in sorted(marked, key=lambda pair: pair[0])]
    return found


def supports() -> dict[str, tuple[str, ...]]:
    """Control id -> the requirements of laws and standards that it supports evidence for."""
    return {control.id: supported(control.id) for control in controls()}


def refutations() -> dict[str, dict[str, list[str]]]:
    """Control id -> environment -> the weaknesses that say they refute it."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in discover():
        for weakness, details in Environment.load(name).weaknesses.items():
            for control in details.refutes:
                found.setdefault(control, {}).setdefault(name, []).append(weakness)
    return found

"""A plugin for the gate: ``--reworded WORD`` has the report say that word of everything that was observed."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest

from pacs_hardening.report import meaning, words


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reworded", metavar="WORD", default=None)


def pytest_configure(config: pytest.Config) -> None:
    word = config.getoption("--reworded")
    for module in (words, meaning) if word is not None else ():
        for name in spoken(module):
            setattr(module, name, lambda *_: word)


def spoken(module: ModuleType) -> list[str]:
    """Functions of the module that give text."""
    return [
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and function.__annotations__.get("return") == "str"
    ]

"""A plugin for the gate: ``--neutralise MODULE:NAME`` makes one function do nothing, wherever it was imported to."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--neutralise", metavar="MODULE:NAME", default="")


def pytest_configure(config: pytest.Config) -> None:
    module, _, name = config.getoption("--neutralise").partition(":")
    if module:
        judges = getattr(import_module(module), name)
        for each in list(sys.modules.values()):
            if vars(each).get(name) is judges:
                setattr(each, name, lambda *_, **__: None)

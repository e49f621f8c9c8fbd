"""The pytest plugin: ``pytest -p pacs_hardening.plugin``, in this suite and in projects of others.

It is no entry point: a test run that did not ask for it never sees it. Loaded without anything to judge, it brings
options and little else; what judges an archive is imported when there is one.
"""

from __future__ import annotations

from importlib import import_module

import pytest

from .run import options
from .wire.implementations import present

JUDGING = tuple(f"pacs_hardening.run.{name}" for name in ("plugin", "fixtures", "exploring", "bounding"))
UNAIMED = ("pacs_hardening.run.unaimed",)


def pytest_addoption(parser: pytest.Parser) -> None:
    options.register(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    present(seed=options.given(config, "seed"), identify=options.given(config, "identify"))
    for name in JUDGING if options.aimed(config) else UNAIMED:
        module = import_module(name)
        if not config.pluginmanager.is_registered(module):
            config.pluginmanager.register(module, name)

"""Loads the fixtures that controls and tests share."""

import pytest

pytest_plugins = ["fixtures.target", "fixtures.research", "fixtures.hostile", "fixtures.scripted"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite environments/*/expected from what is measured now")

"""Loads the plugin, and the fixtures that controls and tests share."""

import pytest

pytest_plugins = ["pacs_hardening.plugin", "fixtures.hostile", "fixtures.scripted"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept", action="store_true", help="rewrite environments/*/results.toml from what is measured now"
    )
    parser.addoption("--only", action="append", metavar="CONTROL", help="measure this one of what the matrix measures")

"""The plugin where nothing was named to judge: whatever needs an archive says so, and nothing is skipped."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..model import control_of

NEEDED = "something to judge: --pacs-environment NAME or --pacs-target URL_OR_FILE"
FIXTURES = (
    "gate",
    "running",
    "target",
    "authorised",
    "arrivals",
    "trail",
    "hosts",
    "listeners",
    "configured",
    "profile",
    "scan",
    "gathered",
)


def _needing(name: str) -> Callable[..., object]:
    @pytest.fixture(scope="session", name=name)
    def missing() -> None:
        pytest.fail(f"the fixture `{name}` needs {NEEDED}", pytrace=False)

    return missing


globals().update({name: _needing(name) for name in FIXTURES})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.option.collectonly and any(control_of(getattr(item, "function", None)) for item in items):
        raise pytest.UsageError(f"controls need {NEEDED}")

"""pytest's items as controls and cases."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path

import pytest

from ..model import BadInput, Control, control_of, key_of


def control(item: pytest.Item) -> Control | None:
    return control_of(getattr(item, "function", None))


def parameters(item: pytest.Item) -> set[str]:
    """Fixtures and cases that the function itself asks for."""
    return {*inspect.signature(getattr(item, "function", lambda: None)).parameters}


def case(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return callspec.id if callspec is not None else ""


def keys(items: Iterable[pytest.Item]) -> dict[str, Control]:
    """Key (``id[case]``) -> control, for those of ``items`` that are controls."""
    return {key_of(found.id, case(item)): found for item in items if (found := control(item))}


def demand_one_file_an_id(items: Iterable[pytest.Item]) -> None:
    """Raises BadInput where two files have a control of the same id: one result would be taken for the other's."""
    files: dict[str, Path] = {}
    for item in items:
        if (found := control(item)) and files.setdefault(found.id, item.path) != item.path:
            raise BadInput(f"{item.path}: {found.id} is the id of a control of {files[found.id]}; rename one of them")

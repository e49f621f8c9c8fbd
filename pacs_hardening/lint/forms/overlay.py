"""Compose files laid over each other, with names replaced, and each value knowing its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..node import Node, Text
from .interpolate import interpolated

_APPENDED = ("volumes", "secrets", "configs", "env_file", "ports")


def over(before: Node, after: Node, key: str = "") -> Node:
    """One Compose file over another: mappings are merged, some lists appended, everything else replaced."""
    if key == "environment":
        before, after = _mapping(before), _mapping(after)
    if isinstance(before.value, dict) and isinstance(after.value, dict):
        both = {k: over(before.value[k], v, k) if k in before.value else v for k, v in after.value.items()}
        return replace(after, value={**before.value, **both})
    if key in _APPENDED and isinstance(before.value, list) and isinstance(after.value, list):
        return replace(after, value=[*before.value, *after.value])
    return after


def _mapping(node: Node) -> Node:
    if not isinstance(node.value, list):
        return node
    pairs: dict[str, Node] = {}
    for each in node.value:
        name, has, value = str(each.value).partition("=")
        first = each.value.first if isinstance(each.value, Text) else 0
        pairs[name] = replace(each, value=Text(value, first) if has else None)
    return replace(node, value=pairs)


def replaced(node: Node, known: Mapping[str, str]) -> Node:
    if isinstance(node.value, dict):
        return replace(node, value={key: replaced(below, known) for key, below in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[replaced(each, known) for each in node.value])
    return replace(node, value=interpolated(node.value, known)) if isinstance(node.value, str) else node


def stamped(node: Node, file: str) -> Node:
    if isinstance(node.value, dict):
        return replace(node, file=file, value={key: stamped(below, file) for key, below in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, file=file, value=[stamped(each, file) for each in node.value])
    return replace(node, file=file)

"""How documents become one: the merge of the image, entries that are lists, and what Python's own JSON would refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from .node import Node
from .tree import Setting

_COMMENTS = re.compile(r'("(?:\\.|[^\\"])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


def strict(text: str) -> bool:
    """Does the image's own reader, Python's, take it? A placeholder is replaced before it looks."""
    bare = _COMMENTS.sub(lambda found: found[1] or " ", re.sub(r"\$\{[^{}]*\}", "0", text))
    try:
        json.loads(bare)
    except (ValueError, RecursionError):
        return False
    return True


def objects(node: Node, names: tuple[str, ...]) -> Node:
    """Entries that are lists, as the objects that they stand for."""
    if not isinstance(node.value, dict):
        return node
    entries = {
        key: replace(entry, value=dict(zip(names, entry.value, strict=False)))
        if isinstance(entry.value, list)
        else entry
        for key, entry in node.value.items()
    }
    return replace(node, value=entries)


def folders(node: Node) -> Node:
    """The folders that are served, whether they stand in the section itself or in its ``Folders``."""
    if not isinstance(node.value, dict) or "Folders" in node.value:
        return node
    folders = {key: below for key, below in node.value.items() if not key[:1].isupper()}
    rest = {key: below for key, below in node.value.items() if key[:1].isupper()}
    return replace(node, value={**rest, "Folders": Node(folders, node.line, node.file)}) if folders else node


def merged(before: Node, node: Node, home: str, file: str) -> tuple[Node, str]:
    """What both say is the later one's; the rest of an object stays, where it stands."""
    if not (isinstance(before.value, dict) and isinstance(node.value, dict)):
        return node, file
    value = dict(before.value)
    for key, below in node.value.items():
        if key in value:
            made, where = merged(value[key], below, value[key].file or home, below.file or file)
            value[key] = replace(made, file=where)
        else:
            value[key] = replace(below, file=below.file or file)
    return replace(before, value=value), home


def overwritten(path: tuple[str, ...], before: Node, node: Node, home: str, file: str) -> Iterator[Setting]:
    """Where two files, or two variables, say something else of one value."""
    if isinstance(before.value, dict) and isinstance(node.value, dict):
        for key, below in node.value.items():
            if key in before.value:
                yield from overwritten((*path, key), before.value[key], below, before.value[key].file or home, file)
    elif before.plain() != node.plain() and home.endswith(".json") == file.endswith(".json"):
        yield Setting(path, file, node.line, None)

"""Orthanc's configuration: one JSON file, a folder whose ``*.json`` are merged, or variables of the team's image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import variables
from .judge import Opening, opening
from .notices import ignored, known_keys, nearest, wrong_kind
from .reader import Node, Unparsable, parse
from .rules import Product
from .tree import Setting, Tree

MODALITY = ("AET", "Host", "Port", "Manufacturer")  # what stands in an entry that is a list, in this order
PEER = ("Url", "Username", "Password")


@dataclass
class Reading:
    """What was read so far. ``notices``: (name, setting)."""

    members: dict[str, tuple[Node, str]] = field(default_factory=dict)
    notices: list[tuple[str, Setting]] = field(default_factory=list)
    home: tuple[str, int] | None = None

    def json(self, text: str, file: Path) -> None:
        """Raises Unparsable for what Orthanc does not take as a configuration file either."""
        document = parse(text)
        if not isinstance(document.root.value, dict):
            raise Unparsable("a configuration is one object: {…}", document.root.line, 1)
        name = str(file)
        self.home = self.home or (name, document.root.line)
        for path, line, _ in document.repeated:
            self.notices.append(("repeated", Setting((path,), name, line, None)))
        if document.rest:
            self.notices.append(("rest", Setting(("(text after the end)",), name, document.rest, None)))
        for key, node in document.root.value.items():
            if key in self.members:
                self.notices.append(("two-files", Setting((key,), name, node.line, None)))
            self.members[key] = (node, name)

    def environment(self, text: str, file: Path, product: Product) -> None:
        read = variables.read(text, product)
        self.home = self.home or (str(file), 1)
        for key, node in read.members.items():
            self.members[key] = _merged(self.members.get(key), node, str(file))
        for key, value in variables.IMAGE_DEFAULTS.items():
            self.members.setdefault(key, (Node(value, 1), str(file)))
        for notice, name, line in read.notices:
            self.notices.append((notice, Setting((name,), str(file), line, None)))

    def tree(self) -> Tree:
        assert self.home is not None
        members = dict(self.members)
        for key, names in (("DicomModalities", MODALITY), ("OrthancPeers", PEER)):
            if key in members:
                node, file = members[key]
                members[key] = (_objects(node, names), file)
        if "DicomWeb" in members and isinstance(members["DicomWeb"][0].value, dict):
            section, file = members["DicomWeb"]
            servers = section.value.get("Servers")
            if servers is not None:
                value = {**section.value, "Servers": _objects(servers, PEER)}
                members["DicomWeb"] = (Node(value, section.line), file)
        return Tree(members, self.home)


def looks_like(members: dict[str, tuple[Node, str]], product: Product) -> bool:
    """Is there a key of Orthanc, or one that was meant to be; or no key at all, so that every default holds?"""
    known = known_keys(product, "")
    return not members or any(key in known or nearest(key, known) for key in members)


def notices(reading: Reading, tree: Tree, product: Product) -> Iterator[Opening]:
    for name, setting in reading.notices:
        yield opening(product.notices[name], setting, "")
    yield from ignored(tree, product)
    yield from wrong_kind(tree, product)


def _objects(node: Node, names: tuple[str, ...]) -> Node:
    """Entries that are lists, as the objects that they stand for."""
    if not isinstance(node.value, dict):
        return node
    entries = {
        key: Node(dict(zip(names, entry.value, strict=False)), entry.line, entry.file)
        if isinstance(entry.value, list)
        else entry
        for key, entry in node.value.items()
    }
    return Node(entries, node.line, node.file)


def _merged(before: tuple[Node, str] | None, node: Node, file: str) -> tuple[Node, str]:
    """A variable sets one key of a section; the rest of the section stays, where it stands."""
    if before is None or not isinstance(before[0].value, dict) or not isinstance(node.value, dict):
        return node, file
    section, home = before
    added = {key: Node(below.value, below.line, file) for key, below in node.value.items()}
    return Node({**section.value, **added}, section.line, section.file), home

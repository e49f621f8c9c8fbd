"""Orthanc's configuration: JSON documents that are merged, and what the public image makes of its variables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from . import derived, image
from .forms.setup import Fragment, Setup
from .judge import Opening, opening
from .merge import folders, merged, objects, overwritten, strict
from .node import Placeholder
from .notices import (
    known_keys,
    nearest,
    unknown_keys,
    wrong_kind,
)
from .reader import Node, Unparsable, parse
from .rules import Product
from .tree import Setting, Tree
from .versions import lacks

MODALITY = ("AET", "Host", "Port", "Manufacturer")  # what stands in an entry that is a list, in this order
PEER = ("Url", "Username", "Password")
_DASHED = re.compile(r"\$\{(\w+)-([^{}]*)\}", re.ASCII)
_NAMED = re.compile(r"\$\{(\w+)\}", re.ASCII)


@dataclass
class Reading:
    """What was read so far. ``notices``: (name, setting). ``lines``: file -> the line in which its root begins."""

    home: tuple[str, int]
    members: dict[str, tuple[Node, str]] = field(default_factory=dict)
    notices: list[tuple[str, Setting]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def notice(self, name: str, key: str, file: str, line: int) -> None:
        self.notices.append((name, Setting((key,), file, line, None)))

    def fragment(self, fragment: Fragment, known: Mapping[str, str], *, team: bool) -> None:
        """Raises Unparsable for what Orthanc does not take as a configuration file either."""
        root = fragment.root or self._parsed(fragment, known, team=team)
        self.lines.setdefault(fragment.file, root.line)
        for key, node in root.value.items():
            if key in self.members and self.members[key][1] != fragment.file and not team:
                self.notice("two-files", key, fragment.file, node.line)
            self.merge(key, node, fragment.file, team=team)

    def _parsed(self, fragment: Fragment, known: Mapping[str, str], *, team: bool) -> Node:
        first, name = fragment.text.first, fragment.file
        text = _NAMED.sub(lambda found: known.get(found[1], found.group()), fragment.text)
        if team:  # its envsubst knows ${NAME-default}, too
            text = _DASHED.sub(r"${\1:-\2}", text)
        try:
            document = parse(text, first or 1)
        except Unparsable as error:
            place = (error.line, error.column) if first else (fragment.line, 1)
            raise Unparsable(error.what, *place, name) from error
        root = document.root if first else image.on(fragment.line, document.root)
        if not isinstance(root.value, dict):
            raise Unparsable("a configuration is one object: {…}", root.line, 1, name)
        if team and not strict(text):
            self.notice("image-refuses", fragment.name or name, name, root.line)
        for path, line, _ in document.repeated:
            self.notice("repeated", path, name, line if first else fragment.line)
        if document.rest:
            self.notice("rest", "(text after the end)", name, document.rest if first else fragment.line)
        return root

    def merge(self, key: str, node: Node, file: str, *, team: bool) -> None:
        if key not in self.members:
            self.members[key] = (node, file)
            return
        before, home = self.members[key]
        if team:
            for setting in overwritten((key,), before, node, home, file):
                self.notices.append(("overwritten", setting))
        self.members[key] = merged(before, node, home, file)

    def tree(self, product: Product) -> Tree:
        members = dict(self.members)
        for key, names in (("DicomModalities", MODALITY), ("OrthancPeers", PEER)):
            if key in members:
                node, file = members[key]
                members[key] = (objects(node, names), file)
        if "DicomWeb" in members and isinstance(members["DicomWeb"][0].value, dict):
            section, file = members["DicomWeb"]
            servers = section.value.get("Servers")
            if servers is not None:
                members["DicomWeb"] = (
                    replace(section, value={**section.value, "Servers": objects(servers, PEER)}),
                    file,
                )
        if "ServeFolders" in members:
            node, file = members["ServeFolders"]
            members["ServeFolders"] = (folders(node), file)
        return Tree(members, self.home, self._homes(product))

    def _homes(self, product: Product) -> dict[str, tuple[str, int]]:
        """For each word with which names begin: the file that holds most of its family, else most of all."""
        files = [file for _, file in self.members.values()]
        homes: dict[str, tuple[str, int]] = {}
        for family in product.families:
            own = [file for key, (_, file) in self.members.items() if key.startswith(family)] or files
            if own and (best := max(dict.fromkeys(own), key=own.count)) in self.lines:
                homes |= dict.fromkeys(family, (best, self.lines[best]))
        return homes


def read(setup: Setup, product: Product, version: str = "") -> tuple[Reading, Tree]:
    """Raises Unparsable."""
    reading = Reading(setup.home)
    team = setup.team is True
    known = {each.name: str(each.value) for each in setup.variables if not isinstance(each.value, Placeholder)}
    for fragment in setup.fragments:
        reading.fragment(fragment, known, team=team)
    on, off = set[str](), set[str]()
    if team:
        made = image.read(setup)
        on, off = made.on, made.off
        for node, file in made.parts:
            for key, below in node.value.items():
                reading.merge(key, below, file, team=team)
        for name, key, file, line in made.notices:
            reading.notice(_weighed(name, key, product), key, file, line)
        for key, value in image.defaults():
            reading.members.setdefault(key, (Node(value, setup.home[1]), setup.home[0]))
    else:
        for variable in setup.variables:
            if image.speaks_to([variable.name]):
                name = _weighed("variable-not-read", variable.name, product)
                reading.notice(name, variable.name, variable.file, variable.line)
    for notice in setup.notices:
        reading.notice(*notice)
    tree = reading.tree(product)
    tree.members.update(derived.members(tree, setup, on, off, bind=not lacks("HttpBindAddresses", product, version)))
    return reading, tree


def _weighed(name: str, variable: str, product: Product) -> str:
    """A variable that is not read is grave where it would have closed something: a name or a port would not."""
    if name not in ("single-underscore", "variable-not-read"):
        return name
    said = variable.removeprefix("ORTHANC_").lstrip("_")
    path = image.path_of(f"ORTHANC__{said}")
    ruled = {rule.key.split(".")[0] for rule in product.rules} - {"DicomAet"}
    if variable.startswith("ORTHANC_JSON") or (path and path[0] in ruled):
        return name
    known = known_keys(product, "")
    return f"{name}-lightly" if path and (path[0] in known or nearest(path[0], known)) else "variable-unknown"


def looks_like(members: Collection[str], product: Product) -> bool:
    """Is there a key of Orthanc, or one that was meant to be; or no key at all, so that every default holds?"""
    known = known_keys(product, "")
    return not members or any(key in known or nearest(key, known) for key in members)


def notices(reading: Reading, tree: Tree, product: Product) -> Iterator[Opening]:
    for name, setting in reading.notices:
        if name in product.notices:
            yield opening(product.notices[name], setting, "")
    yield from unknown_keys(tree, product)
    yield from wrong_kind(tree, product)

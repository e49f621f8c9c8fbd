"""Parts as a tree that rules are put to: ``device.<name>.ae.<title>.<attribute>`` and the like (device.py)."""

from __future__ import annotations

from collections.abc import Iterable

from ..node import Node
from ..tree import Tree
from .device import Device, Part
from .effective import settle, settle_slapd


def tree(devices: Iterable[Device], users: Iterable[Part], slapd: list[Part], home: tuple[str, int]) -> Tree:
    tops: dict[str, dict[str, Node]] = {}
    for device in devices:
        settle(device)
        groups: dict[str, dict[str, Node]] = {}
        for part in device.parts:
            groups.setdefault(part.group, {})[part.name] = _node(part)
        below = {name: Node(parts, device.own.line, device.own.file) for name, parts in groups.items()}
        own = {**device.own.attributes, **below}
        kind = "device" if device.archive else "peer"
        tops.setdefault(kind, {})[device.own.name] = Node(own, device.own.line, device.own.file)
    for part in slapd:
        settle_slapd(part)
    for kind, parts in (("user", users), ("slapd", slapd)):
        for part in parts:
            tops.setdefault(kind, {})[part.name] = _node(part)
    return Tree({kind: (Node(named, home[1]), home[0]) for kind, named in tops.items()}, home)


def _node(part: Part) -> Node:
    return Node(dict(part.attributes), part.line, part.file)

"""Devices, users and slapd's own settings out of a directory."""

from __future__ import annotations

from collections.abc import Mapping

from ..node import Node
from .device import REFERENCE, Device, Part, group_of, node_of
from .directory import Directory, Entry
from .dn import DEVICE, key_of, path_of


def devices(directory: Directory, names: Mapping[str, str]) -> list[Device]:
    """``names``: attribute without regard to case -> as the schema spells it."""
    found = []
    for entry in directory.entries.values():
        if len(entry.path) == 1 and entry.path[0][0].casefold() == DEVICE:
            device = Device(_part("", entry, names), entry.is_a("dcmArchiveDevice"))
            for below in directory.below(entry.path):
                device.parts.append(_part(group_of(below), below, names))
                for each in directory.below(below.path):
                    if group_of(each) == "coercion":
                        part = _part("coercion", each, names)
                        part.name = f"{below.path[-1][1]}/{part.name}"
                        device.parts.append(part)
            found.append(device)
    return found


def users(directory: Directory, names: Mapping[str, str]) -> list[Part]:
    """Whoever has a password in the directory, but for slapd's own (cn=config)."""
    return [
        _part("user", each, names)
        for each in directory.entries.values()
        if "userpassword" in each.attributes and each.path[0][1].casefold() != "config"
    ]


def slapd(directory: Directory, names: Mapping[str, str]) -> list[Part]:
    """``cn=config`` of OpenLDAP and the databases below it (slapd-config(5))."""
    found = [each for each in directory.entries.values() if each.path[0] == ("cn", "config")]
    return [_part("slapd", each, names) for each in found if len(each.path) == 1 or "atabase" in each.path[-1][0]]


def dangling(directory: Directory) -> list[tuple[str, str, str, int]]:
    """References to a connection that no entry is, of devices that are here in full: (notice, key, file, line)."""
    found = []
    for entry in directory.entries.values():
        device = directory.entries.get(key_of(entry.path[:1]))
        if device is None or not device.whole:
            continue
        for held in entry.attributes.get(REFERENCE.casefold(), []):
            path = path_of(held.value.text)
            if key_of(path) not in directory.entries and key_of(path)[:1] == key_of(device.path):
                key = ".".join(name for _, name in entry.path)
                found.append(("dangling", f"{key}.{REFERENCE}", held.file, held.value.line))
    return found


def _part(group: str, entry: Entry, names: Mapping[str, str]) -> Part:
    attributes = {}
    for name, held in entry.attributes.items():
        spelt = names.get(name, held[0].value.name)
        attributes[spelt] = node_of(spelt, held)
    if REFERENCE in attributes:
        node = attributes[REFERENCE]
        shown = [Node(path_of(str(each.value))[-1][1], each.line, each.file) for each in node.value if each.value]
        attributes[REFERENCE] = Node(shown, node.line, node.file)
    return Part(group, entry.path[-1][1], attributes, entry.file, entry.line)

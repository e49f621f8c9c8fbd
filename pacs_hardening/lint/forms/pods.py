"""What a container of Kubernetes is given: variables, and what is laid in it out of ConfigMaps and Secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..node import Node, Text, Unparsable
from . import container
from .setup import Fragment, Setup, Variable

_NOWHERE = Node(None, 0)
Held = dict[tuple[str, str], dict[str, Node]]


def at(node: Node, *path: str) -> Node:
    for key in path:
        below = node.value.get(key) if isinstance(node.value, dict) else None
        node = below if below is not None else _NOWHERE
    return node


def each_of(node: Node, *path: str) -> list[Node]:
    found = at(node, *path).value
    return found if isinstance(found, list) else []


def variables(
    each: Node, file: str, held: Held, files: dict[tuple[str, str], str], used: set[tuple[str, str]]
) -> Iterator[Variable]:
    found: dict[str, Variable] = {}
    for source in each_of(each, "envFrom"):
        for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if (name := (kind, str(at(source, key, "name").value))) in held:
                used.add(name)
                for variable, value in held[name].items():
                    full = f"{at(source, 'prefix').value or ''}{variable}"
                    found[full] = variable_of(full, value, files[name])
            elif at(source, key).value is not None and at(source, key, "optional").value != "true":
                raise Unparsable(
                    f"the {kind} {name[1]} is not in what was handed over: hand it over, too", source.line, 1
                )
    for entry in each_of(each, "env"):
        variable = str(at(entry, "name").value)
        value = at(entry, "value")
        if at(entry, "valueFrom").value is None:
            found[variable] = variable_of(variable, Node(value.value or Text(""), value.line or entry.line), file)
            continue
        found[variable] = Variable(variable, container.undecided(variable), file, entry.line)
        for kind, key in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
            ref = at(entry, "valueFrom", key)
            name = (kind, str(at(ref, "name").value))
            if str(at(ref, "key").value) in held.get(name, {}):
                used.add(name)
                found[variable] = variable_of(variable, held[name][str(at(ref, "key").value)], files[name])
    yield from found.values()


def variable_of(name: str, node: Node, file: str) -> Variable:
    value = node.value if isinstance(node.value, str) else container.undecided(name)
    return Variable(name, value, file, node.line)


def mounted(
    setup: Setup, volume: Node, mount: Node, place: str, held: Held, files: dict[tuple[str, str], str],
    used: set[tuple[str, str]],
) -> None:  # fmt: skip
    target, part = str(at(mount, "mountPath").value).rstrip("/"), at(mount, "subPath").value
    if not (target == place or target.startswith(f"{place}/") or (setup.team and target == container.SECRETS)):
        return
    sources: list[Any] = [volume, *each_of(volume, "projected", "sources")]
    read = 0
    for source in sources:
        for kind, key, named in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
            below = at(source, key)
            name = (kind, str(at(below, named).value or at(below, "name").value))
            if below.value is None:
                continue
            if name not in held:
                raise Unparsable(
                    f"the {kind} {name[1]} is not in what was handed over: hand it over, too", mount.line, 1
                )
            used.add(name)
            read += 1
            renamed = {str(at(i, "key").value): str(at(i, "path").value) for i in each_of(below, "items")}
            for entry, node in held[name].items():
                seen = renamed.get(entry, entry)
                if (part is not None and seen != part) or (renamed and entry not in renamed):
                    continue
                seen = target.rpartition("/")[2] if part is not None else seen
                if seen.endswith(".json") and isinstance(node.value, str):
                    setup.fragments.append(fragment(node, files[name], seen))
    if not read and (target == place or target.endswith(".json")):
        raise Unparsable(f"what lies in the volume at {target} is not here: hand over its files", mount.line, 1)


def fragment(node: Node, file: str, name: str) -> Fragment:
    text = node.value if isinstance(node.value, Text) else Text(node.value)
    return Fragment(text, file, node.line, name)

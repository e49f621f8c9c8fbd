"""Manifests of Kubernetes: each container that is an Orthanc, and ConfigMaps that hold a configuration of one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path

from ..node import Node, Text, Unparsable
from . import container
from .pods import Held, at, each_of, fragment, mounted, variable_of, variables
from .setup import Setup

_NOWHERE = Node(None, 0)


def recognises(root: Node) -> bool:
    return isinstance(root.value, dict) and "kind" in root.value and "apiVersion" in root.value


def setups(documents: list[tuple[Path, Node]]) -> list[Setup]:
    objects = [(str(path), each) for path, document in documents for each in _objects(document)]
    held: Held = {}
    files: dict[tuple[str, str], str] = {}
    for file, node in objects:
        kind = str(at(node, "kind").value)
        if kind in ("ConfigMap", "Secret"):
            name = (kind, str(at(node, "metadata", "name").value))
            held[name], files[name] = _data(node), file
    found, used = list[Setup](), set[tuple[str, str]]()
    for file, node in objects:
        for pod in _pods(node):
            found += _containers(pod, file, held, files, used, str(at(node, "metadata", "name").value or ""))
    for name in held.keys() - used:
        found += _alone(name, held[name], files[name])
    return sorted(found, key=lambda setup: setup.home)


def _objects(root: Node) -> Iterator[Node]:
    items = at(root, "items").value
    if str(at(root, "kind").value).endswith("List") and isinstance(items, list):
        for each in items:
            yield from _objects(each)
    else:
        yield root


def _pods(node: Node) -> Iterator[Node]:
    """Whatever has containers: a Pod, or the template of a Deployment, StatefulSet, CronJob …"""
    if isinstance(node.value, dict):
        if isinstance(at(node, "containers").value, list):
            yield node
        for key in ("spec", "template", "jobTemplate"):
            if key in node.value:
                yield from _pods(node.value[key])


def _data(node: Node) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for key in ("data", "stringData"):
        below = at(node, key).value
        for name, each in below.items() if isinstance(below, dict) else ():
            encoded = key == "data" and at(node, "kind").value == "Secret"
            found[name] = Node(_decoded(each.value), each.line) if encoded else each
    return found


def _decoded(value: object) -> Text | None:
    try:
        return Text(base64.b64decode(str(value), validate=False).decode("utf-8"))
    except (ValueError, binascii.Error):
        return None


def _containers(
    pod: Node, file: str, held: Held, files: dict[tuple[str, str], str], used: set[tuple[str, str]], owner: str
) -> Iterator[Setup]:
    volumes = {str(at(v, "name").value): v for v in each_of(pod, "volumes")}
    for each in at(pod, "containers").value:
        image = str(at(each, "image").value or "")
        setup = Setup(str(at(each, "name").value or owner), (file, each.line), image)
        try:
            setup.variables = list(variables(each, file, held, files, used))
            laid = [(volumes.get(str(at(m, "name").value), _NOWHERE), m) for m in each_of(each, "volumeMounts")]
            targets = [str(at(mount, "mountPath").value) for _, mount in laid]
            if not container.is_archive(image, [v.name for v in setup.variables], targets):
                continue
            container.decide(setup)
            command = " ".join(str(word.value) for key in ("command", "args") for word in each_of(each, key))
            place = container.root_of(command, setup.team)
            for volume, mount in laid:
                mounted(setup, volume, mount, place, held, files, used)
            container.bring_own(setup, targets, "" if place == container.ROOT else place)
        except Unparsable as error:
            setup.error = error if error.file else Unparsable(error.what, error.line, error.column, file)
        yield setup


def _alone(name: tuple[str, str], data: dict[str, Node], file: str) -> Iterator[Setup]:
    """A ConfigMap that no container here names: taken for what an Orthanc is given."""
    setup = Setup(name[1], (file, min((node.line for node in data.values()), default=1)))
    for entry, node in data.items():
        if entry.endswith(".json") and isinstance(node.value, str):
            setup.fragments.append(fragment(node, file, entry))
        elif isinstance(node.value, str):
            setup.variables.append(variable_of(entry, node, file))
    container.decide(setup)
    if setup.fragments or setup.team:
        yield setup

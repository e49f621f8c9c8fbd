"""The parts of a Compose service that an archive reads: variables, what is laid in it, and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..node import Node, Placeholder, Text, Unparsable
from ..source import text_of
from . import dotenv
from .container import SECRETS, undecided
from .setup import Fragment, Setup, Variable

_SHORT = re.compile(r"(?P<source>[A-Za-z]:[\\/][^:]*|[^:]+):(?P<target>/[^:]*)(?::[\w,]+)?")
_NOWHERE = Node(None, 0)


def environment(
    service: Mapping[str, Node], folder: Path, known: Mapping[str, str], file: str, setup: Setup
) -> Iterator[Variable]:
    """``env_file`` first: what ``environment`` says counts more."""
    found: dict[str, Variable] = {}
    for path, required, line in _env_files(service.get("env_file", _NOWHERE)):
        place = folder / path
        if place.is_file():
            read, _ = dotenv.read(text_of(place), str(place), known)
            found |= {each.name: each for each in read}
        elif required:
            raise Unparsable(f"the variables of {path} are not here: hand over the folder with it", line, 1, file)
    node = service.get("environment", _NOWHERE)
    for name, value, each in _pairs(node):
        if value is None:
            value = Text(known[name]) if name in known else undecided(name)
        found[name] = Variable(name, value, each.file or file, each.line)
    yield from found.values()


def _env_files(node: Node) -> Iterator[tuple[str, bool, int]]:
    for each in node.value if isinstance(node.value, list) else [node] if node.value is not None else []:
        if isinstance(each.value, dict):
            path, required = each.value.get("path", _NOWHERE).value, each.value.get("required", _NOWHERE).value
            yield str(path), required != "false", each.line
        else:
            yield str(each.value), True, each.line


def _pairs(node: Node) -> Iterator[tuple[str, str | None, Node]]:
    if isinstance(node.value, dict):
        for name, each in node.value.items():
            if isinstance(each.value, dict | list):
                raise Unparsable(f"{name} is no text: put it in quotation marks", each.line, 1)
            yield name, _as_is(each.value), each
    elif isinstance(node.value, list):
        for each in node.value:
            if not isinstance(each.value, str):
                raise Unparsable("an entry of environment is NAME=VALUE", each.line, 1)
            name, has, value = each.value.partition("=")
            first = each.value.first if isinstance(each.value, Text) else 0
            yield name.strip(), Text(value, first) if has else None, each
    elif node.value is not None:
        raise Unparsable("environment is a mapping, or a list of NAME=VALUE", node.line, 1)


def _as_is(value: str | None) -> str | None:
    """YAML's own words for switches arrive as true and false, in small letters."""
    if isinstance(value, Text) and not value.quoted and value.casefold() in ("true", "false"):
        return Text(value.casefold())
    return value


def mounts(service: Mapping[str, Node]) -> Iterator[tuple[str | None, str, int]]:
    """(source on this machine, or None for a volume; place in the container; line)."""
    volumes = service.get("volumes", _NOWHERE)
    for each in volumes.value if isinstance(volumes.value, list) else []:
        if isinstance(each.value, dict):
            source, target = (each.value.get(key, _NOWHERE).value for key in ("source", "target"))
            bind = each.value.get("type", _NOWHERE).value == "bind"
            yield (str(source) if bind and source else None), str(target or ""), each.line
        elif found := _SHORT.fullmatch(str(each.value)):
            named = not re.match(r"[./~\\$]|[A-Za-z]:", found["source"])
            yield None if named else found["source"], found["target"], each.line


def configs(service: Mapping[str, Node], root: Node) -> Iterator[tuple[str | Node | None, str, int]]:
    for name, target, line in _named(service.get("configs", _NOWHERE), "/"):
        declared = _declared(root, "configs", name)
        if "content" in declared:
            yield declared["content"], target, line
        else:
            yield str(declared["file"].value) if "file" in declared else None, target, line


def secrets(service: Mapping[str, Node], root: Node, folder: Path, setup: Setup, place: str) -> None:
    """A secret that is not here stays undecided; one that is a JSON document has to be."""
    for name, target, line in _named(service.get("secrets", _NOWHERE), f"{SECRETS}/"):
        declared = _declared(root, "secrets", name)
        path = folder / str(declared["file"].value) if "file" in declared else None
        here = path if path is not None and path.is_file() else None
        folder_of, _, base = target.rpartition("/")
        if base.endswith(".json") and folder_of in (place, SECRETS if setup.team else place):
            if here is None:
                raise Unparsable(f"the secret {name} is a configuration, and not here: hand over its file", line, 1)
            setup.fragments.append(Fragment(text_of(here), str(here), 1, base))
        elif folder_of == SECRETS:
            value = Text(text_of(here).rstrip("\n"), 1) if here else Placeholder(f"${{{name}}}")
            setup.secrets[base] = Variable(base, value, str(here or setup.home[0]), 1 if here else line, secret=True)


def _named(node: Node, where: str) -> Iterator[tuple[str, str, int]]:
    for each in node.value if isinstance(node.value, list) else []:
        if isinstance(each.value, dict):
            name = str(each.value.get("source", _NOWHERE).value)
            target = str(each.value.get("target", _NOWHERE).value or name)
        else:
            name = target = str(each.value)
        yield name, target if target.startswith("/") else where + target, each.line


def _declared(root: Node, kind: str, name: str) -> dict[str, Node]:
    below = root.value.get(kind, _NOWHERE).value
    declared = below.get(name, _NOWHERE).value if isinstance(below, dict) else None
    return declared if isinstance(declared, dict) else {}

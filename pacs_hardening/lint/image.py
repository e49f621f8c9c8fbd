"""What the public image of the Orthanc team makes of its variables and secrets; rules/image.toml holds the names.

``ORTHANC__DICOM_WEB__ENABLE=true`` is ``DicomWeb.Enable``. Everything is merged into everything, deeply; where two set
one value, files count least, then variables, then secrets. Values are JSON where they are, else text.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .forms.setup import Setup, Variable
from .node import Node, Placeholder, Text, Unparsable
from .reader import parse
from .versions import numbers

NO_SETTING = ("ORTHANC_PASSWORD", "ORTHANC_JSON")
_TELLING = ("AC_", "AUTHZ_", "DICOM_A", "DICOM_C", "DW_")  # the other old names are also those of other programs


@dataclass
class Made:
    """``parts``: (what a variable adds, its file), in the order in which they count. ``notices``: (name of the notice,
    key, file, line). ``on``, ``off``: sections of plugins that a variable switches."""

    parts: list[tuple[Node, str]] = field(default_factory=list)
    notices: list[tuple[str, str, str, int]] = field(default_factory=list)
    on: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)


@cache
def table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "rules" / "image.toml").read_text(encoding="utf-8"))


def speaks_to(names: Iterable[str]) -> bool:
    """Is one of these variables one that only an Orthanc is given?"""
    legacy = table()["legacy"]
    return any(
        name.startswith("ORTHANC__") or name == "ORTHANC_JSON" or (name in legacy and name.startswith(_TELLING))
        for name in names
    )


def read(setup: Setup) -> Made:
    """Raises Unparsable for what is begun as JSON and is none."""
    made, files = Made(), dict[str, str]()
    for variable in setup.variables:
        _variable(made, variable, files)
    for target, secret in setup.secrets.items():
        name = files.get(target, target)
        if path := path_of(name):
            _add(made, path, secret)
    for variable in setup.variables:  # after everything else, and only where it says something
        if variable.name == "ORTHANC_PASSWORD" and variable.value:
            _add(made, ["RegisteredUsers", "orthanc"], variable, text=True)
            made.notices.append(("secret-in-environment", variable.name, variable.file, variable.line))
    return made


def path_of(name: str) -> list[str]:
    """The keys that a variable stands for; [] where it is none of a setting."""
    names, legacy = table()["names"], table()["legacy"]
    if found := names.get(name) or legacy.get(name):
        return str(found).split(".")
    if not name.startswith("ORTHANC__"):
        return []
    first, *rest = name.removeprefix("ORTHANC__").split("__")
    return [names.get(f"ORTHANC__{first}_") or _spelt(first), *map(_spelt, rest)]


def _spelt(part: str) -> str:
    return "".join(f"{word[:1]}{word[1:].lower()}" for word in part.split("_"))


def _variable(made: Made, variable: Variable, files: dict[str, str]) -> None:
    name, value = variable.name, str(variable.value)
    here = (name, variable.file, variable.line)
    if name == "ORTHANC_JSON":
        made.parts.append((_document(variable), variable.file))
    elif name.endswith("_SECRET") and name.startswith("ORTHANC_"):
        files[value] = name.removesuffix("_SECRET")
        if path := path_of(files[value]):
            made.parts.append((_nested(path, Node(Placeholder("${…}"), variable.line)), variable.file))
        else:
            made.notices.append(("ignored-variable", *here))
    elif path := path_of(name):
        if name in table()["legacy"]:
            made.notices.append(("legacy-variable", *here))
        _add(made, path, variable)
        if path[0] == "RegisteredUsers":
            made.notices.append(("secret-in-environment", *here))
    elif name in ("VERBOSE_STARTUP", "BUNDLE_DEBUG") and value.casefold() in ("", "true"):
        made.notices.append(("verbose-startup", *here))
    elif section := table()["switches"].get(name):
        (made.off if value == "false" else made.on).add(section)
    elif name.startswith("ORTHANC_") and name not in NO_SETTING:
        made.notices.append(("single-underscore", *here))


def _document(variable: Variable) -> Node:
    if isinstance(variable.value, Placeholder) or str(variable.value).strip().startswith("${"):
        raise Unparsable(
            "ORTHANC_JSON comes from a variable that no file here sets: hand over what `docker compose config` prints",
            variable.line, 1, variable.file,
        )  # fmt: skip
    root = _parsed(variable)
    if not isinstance(root.value, dict):
        raise Unparsable("ORTHANC_JSON is one object: {…}", variable.line, 1, variable.file)
    return root


def _add(made: Made, path: list[str], variable: Variable, *, text: bool = False) -> None:
    node = Node(variable.value, variable.line) if text else value_of(variable)
    made.parts.append((_nested(path, node), variable.file))


def value_of(variable: Variable) -> Node:
    """As Python's own JSON reads it, which is what the image asks; else it is text, unless it was begun as JSON."""
    value = str(variable.value).strip()
    if isinstance(variable.value, Placeholder) or re.fullmatch(r"\$\{[^{}]*\}", value):
        return Node(Placeholder(value), variable.line)
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        begun = re.match(r"[{\[]\s*([\"{\[\]}/]|$)", value)
        return _parsed(variable) if begun else Node(str(variable.value), variable.line)
    return _parsed(variable) if isinstance(read, dict | list) else Node(read, variable.line)


def _parsed(variable: Variable) -> Node:
    first = variable.value.first if isinstance(variable.value, Text) else 0
    try:
        root = parse(str(variable.value), first or 1).root
    except Unparsable as error:
        line = error.line if first else variable.line
        raise Unparsable(f"{variable.name}: {error.what}", line, error.column if first else 1, variable.file) from error
    return root if first else on(variable.line, root)


def on(line: int, node: Node) -> Node:
    """Everything of ``node`` stands in this line."""
    if isinstance(node.value, dict):
        return Node({key: on(line, below) for key, below in node.value.items()}, line)
    return Node([on(line, each) for each in node.value] if isinstance(node.value, list) else node.value, line)


def _nested(path: list[str], node: Node) -> Node:
    for key in reversed(path):
        node = Node({key: node}, node.line)
    return node


def release_of(tag: str) -> str:
    """The version of Orthanc in a release of the image; "" where the tag does not say."""
    wanted = numbers(tag)
    fitting = [(numbers(release), version) for release, version in table()["releases"].items()]
    older = [each for each in fitting if wanted and each[0] <= wanted]
    return max(older)[1] if older else ""


def defaults() -> Iterator[tuple[str, Any]]:
    yield from table()["defaults"].items()

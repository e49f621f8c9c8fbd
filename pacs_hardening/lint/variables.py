"""Variables of the orthancteam/orthanc image: ``ORTHANC__DICOM_WEB__ENABLE=true`` is ``DicomWeb.Enable``.

The image ignores what begins with a single underscore. Values are JSON where they can be read as such, else text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .notices import known_keys
from .reader import Node, Placeholder, Unparsable, parse
from .rules import Product

IMAGE_DEFAULTS = {"RemoteAccessAllowed": True, "AuthenticationEnabled": True}
OF_THE_IMAGE = ("ORTHANC_PASSWORD", "ORTHANC_JSON", "ORTHANC_PASSWORD_SECRET", "ORTHANC_JSON_SECRET")
_START = r"^[ \t]*(?:export[ \t]+|-[ \t]+)?(?P<quote>[\"']?)"
_LINE = re.compile(_START + r"(?P<name>[A-Z][A-Z0-9_]*)\s*[=:]\s*(?P<value>.*?)(?P=quote)\s*$")
_OURS = re.compile(_START + r"ORTHANC_[A-Z0-9_]+[ \t]*[=:]", re.MULTILINE)


@dataclass
class Variables:
    members: dict[str, Node] = field(default_factory=dict)
    notices: list[tuple[str, str, int]] = field(default_factory=list)


def recognises(text: str) -> bool:
    return _OURS.search(text) is not None


def read(text: str, product: Product) -> Variables:
    """Raises Unparsable where ORTHANC_JSON is not JSON."""
    found = Variables()
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#") or not (match := _LINE.match(line)):
            continue
        _variable(found, match["name"], _unquoted(match["value"]), number, product)
    return found


def _variable(found: Variables, name: str, value: str, line: int, product: Product) -> None:
    secret = name.endswith("_SECRET")
    if name == "VERBOSE_STARTUP" and value.casefold() == "true":
        found.notices.append(("verbose-startup", name, line))
    elif name.startswith("ORTHANC_PASSWORD"):
        _set(found, ["RegisteredUsers", "orthanc"], Node(Placeholder("${…}") if secret else value, line))
        if not secret:
            found.notices.append(("secret-in-environment", name, line))
    elif name == "ORTHANC_JSON":
        _document(found, value, line)
    elif name.startswith("ORTHANC__"):
        keys = _keys(name.removeprefix("ORTHANC__").removesuffix("_SECRET"), product)
        _set(found, keys, Node(Placeholder("${…}") if secret else _value(value, line), line))
        if keys[0] == "RegisteredUsers" and not secret:
            found.notices.append(("secret-in-environment", name, line))
    elif name.startswith("ORTHANC_") and name not in OF_THE_IMAGE:
        found.notices.append(("single-underscore", name, line))


def _document(found: Variables, value: str, line: int) -> None:
    try:
        root = _on(line, parse(value).root)
    except Unparsable as error:
        raise Unparsable(f"ORTHANC_JSON: {error.what}", line, 1) from error
    if isinstance(root.value, dict):
        found.members.update(root.value)


def _keys(name: str, product: Product) -> list[str]:
    """``DICOM_WEB__ENABLE`` -> ``DicomWeb``, ``Enable``; what is no key of the product is spelt by the rule."""
    keys: list[str] = []
    for part in name.split("__"):
        within = [*keys[:1], *("*" for _ in keys[1:])] if f"{keys[0] if keys else ''}.*" in product.known else keys
        known = {each.upper(): each for each in known_keys(product, ".".join(within))}
        spelt = "".join(word.capitalize() for word in part.split("_"))
        keys.append(known.get(part.replace("_", ""), spelt))
    return keys


def _set(found: Variables, keys: list[str], node: Node) -> None:
    for key in reversed(keys[1:]):
        node = Node({key: node}, node.line)
    before = found.members.get(keys[0])
    if before is not None and isinstance(before.value, dict) and isinstance(node.value, dict):
        node = Node(before.value | node.value, node.line)
    found.members[keys[0]] = node


def _value(text: str, line: int) -> Any:
    try:
        document = parse(text)
    except Unparsable:
        return text
    return text if document.rest else _on(line, document.root).value


def _on(line: int, node: Node) -> Node:
    """Everything in a variable stands in its line."""
    if isinstance(node.value, dict):
        return Node({key: _on(line, below) for key, below in node.value.items()}, line)
    return Node([_on(line, item) for item in node.value] if isinstance(node.value, list) else node.value, line)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text

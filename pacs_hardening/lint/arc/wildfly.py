"""``standalone.xml`` of WildFly, in which the archive runs: ``element.<name of the element>.<name>.<attribute>``.

An element without a name has that of what surrounds it, a subsystem that of its schema (``urn:wildfly:metrics:1.0`` is
``metrics``). ``text`` is what stands in it, ``there`` says that it is there. ``${NAME:default}`` is the default, but
for a password, which its variable decides.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.parsers import expat

from ..node import Node, Unparsable
from ..rules import load
from ..tree import Tree
from .reading import Reading

PRODUCT = "wildfly"
_SERVER = re.compile(r"<server\b[^>]*xmlns\s*=\s*[\"']urn:jboss:domain:")
_SECRET = ("password", "clear-text")
_DEFAULTED = re.compile(r"\$\{[^{}:]+:([^{}]*)\}")


def recognises(text: str) -> bool:
    return _SERVER.search(text) is not None


def reading(text: str, file: Path) -> Reading:
    """Raises Unparsable, also for XML that defines entities, which no configuration needs."""
    reader = _Reader()
    try:
        reader.parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        words = f"no XML: {expat.ErrorString(error.code)}"
        raise Unparsable(words, error.lineno, error.offset + 1, str(file)) from error
    except Unparsable as error:
        raise Unparsable(error.what, error.line, error.column, str(file)) from error
    kinds = {kind: Node(named, 1) for kind, named in reader.kinds.items()}
    return Reading(load(PRODUCT), (str(file),), Tree({"element": (Node(kinds, 1), str(file))}, (str(file), 1)), ())


class _Reader:
    def __init__(self) -> None:
        self.kinds: dict[str, dict[str, Node]] = {}
        self.open: list[tuple[str, dict[str, Node], int, list[str]]] = []
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self.begun
        self.parser.EndElementHandler = self.ended
        self.parser.CharacterDataHandler = self.said
        self.parser.EntityDeclHandler = self.entity

    def begun(self, kind: str, attributes: dict[str, str]) -> None:
        line, above = self.parser.CurrentLineNumber, self.open[-1][0] if self.open else ""
        schema = re.match(r"urn:[\w.-]+:([\w-]+):", attributes.get("xmlns", ""))
        name = (
            attributes.get("name")
            or attributes.get("pool-name")
            or (schema[1] if schema and kind == "subsystem" else above)
        )
        node = {key: Node(value if key in _SECRET else _typed(value), line) for key, value in attributes.items()}
        node["there"] = Node(True, line)
        named = self.kinds.setdefault(kind, {})
        key = name if name not in named else f"{name}#{line}"
        named[key] = Node(node, line)
        self.open.append((name, node, line, []))

    def ended(self, _: str) -> None:
        _, node, line, words = self.open.pop()
        if text := "".join(words).strip():
            node["text"] = Node(_typed(text), line)

    def said(self, text: str) -> None:
        if self.open:
            self.open[-1][3].append(text)

    def entity(self, *_: object) -> None:
        raise Unparsable("XML with entities of its own", self.parser.CurrentLineNumber, 1)


def _typed(text: str) -> object:
    value = _DEFAULTED.sub(lambda found: found[1], text)
    return value == "true" if value in ("true", "false") else value

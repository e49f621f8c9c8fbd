"""YAML as nodes with lines: anchors, merge keys and block scalars are resolved, nothing is guessed.

Text stays text as it stands there: which word is a switch or a number is for whoever reads it (YAML 1.1 takes ``no``
for false, Compose and Kubernetes do not).
"""

from __future__ import annotations

from pathlib import Path

import yaml  # type: ignore[import-untyped]

from ..node import Node, Text, Unparsable

MOST = 20_000  # nodes, each alias counted again; no file that people write has a tenth of this
_NULL = ("", "~", "null", "Null", "NULL")


def documents(text: str, file: Path) -> list[Node]:
    """Every document that is not empty. Raises Unparsable, without a file name."""
    try:
        roots = list(yaml.compose_all(text.lstrip("\ufeff"), Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        templated = " (a Helm template: hand over what `helm template` prints)" if "{{" in text else ""
        raise Unparsable(
            f"no YAML: {getattr(error, 'problem', None) or 'unreadable'}{templated}", line, column
        ) from error
    except RecursionError as error:
        raise Unparsable("nested too deeply", 1, 1) from error
    made = _Maker()
    return [made.node(root, root.start_mark.line + 1, ()) for root in roots if root is not None]


class _Maker:
    def __init__(self) -> None:
        self.count = 0

    def node(self, found: yaml.Node, line: int, within: tuple[int, ...]) -> Node:
        self.count += 1
        if self.count > MOST or id(found) in within or len(within) > 100:
            raise Unparsable("anchors that name themselves, or too much of them", found.start_mark.line + 1, 1)
        within = (*within, id(found))
        if found.tag == "!reset":  # Compose: what the file before said is taken away
            return Node(None, line)
        if isinstance(found, yaml.ScalarNode):
            return Node(_scalar(found), line)
        if isinstance(found, yaml.SequenceNode):
            return Node([self.node(each, each.start_mark.line + 1, within) for each in found.value], line)
        return Node(self.mapping(found, within), line)

    def mapping(self, found: yaml.MappingNode, within: tuple[int, ...]) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in found.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise Unparsable("a key that is no text", line, key.start_mark.column + 1)
            node = self.node(value, line, within)
            if key.tag == "tag:yaml.org,2002:merge":
                for each in node.value if isinstance(node.value, list) else [node]:  # the first of several counts
                    if not isinstance(each.value, dict):
                        raise Unparsable("<< takes a mapping, or a list of them", line, key.start_mark.column + 1)
                    merged = {**each.value, **merged}
            elif key.value in own:
                raise Unparsable(f"{key.value} stands twice in one mapping", line, key.start_mark.column + 1)
            else:
                own[key.value] = node
        return {**merged, **own}


def _scalar(found: yaml.ScalarNode) -> Text | None:
    plain = found.style is None
    if plain and found.value in _NULL and found.tag.endswith(":null"):
        return None
    literal = found.style == "|"
    return Text(found.value, found.start_mark.line + 2 if literal else 0, quoted=not plain)

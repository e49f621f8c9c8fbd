"""Helm values, and any other YAML in which a configuration of Orthanc lies: what a chart makes of it is not known, so
only what is an Orthanc's beyond doubt is taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import image
from ..node import Node, Text
from . import container
from .setup import Fragment, Setup, Variable

Looks = Callable[[Collection[str]], bool]


@dataclass(frozen=True)
class _Piece:
    path: tuple[str, ...]
    found: Fragment | Variable


def setups(root: Node, file: Path, looks: Looks) -> list[Setup]:
    """``looks``: are these keys those of an Orthanc? One setup below each image of an Orthanc, else one for each
    document, with the variables beside it."""
    images = dict(_images(root, ()))
    pieces = list(_pieces(root, (), str(file), looks))
    groups: dict[tuple[str, ...], list[_Piece]] = {home: [] for home in images}
    for piece in pieces:
        around = [home for home in images if piece.path[: len(home)] == home]
        groups.setdefault(max(around, key=len) if around else _alone(piece, pieces), []).append(piece)
    return [_setup(home, parts, images.get(home, ""), root, str(file)) for home, parts in groups.items() if parts]


def _alone(piece: _Piece, pieces: list[_Piece]) -> tuple[str, ...]:
    documents = [each for each in pieces if isinstance(each.found, Fragment)]
    tops = {each.path[:1] for each in documents}
    return piece.path[:1] if len(tops) > 1 and piece.path[:1] in tops else ()


def _setup(home: tuple[str, ...], parts: list[_Piece], image_name: str, root: Node, file: str) -> Setup:
    line = min(piece.found.line for piece in parts)
    setup = Setup(".".join(home), (file, line), image_name)
    setup.fragments = [piece.found for piece in parts if isinstance(piece.found, Fragment)]
    setup.variables = [piece.found for piece in parts if isinstance(piece.found, Variable)]
    container.decide(setup)
    return setup


def _images(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(node.value, dict):
        return
    for key, below in node.value.items():
        name = ""
        if key == "image" and isinstance(below.value, str):
            name = below.value
        elif key == "image" and isinstance(below.value, dict):
            plain = below.plain()
            parts = [str(plain[k]) for k in ("registry", "repository", "name") if plain.get(k)]
            name = "/".join(parts) + (f":{plain['tag']}" if plain.get("tag") else "")
        if name and container.is_archive(name, (), ()):
            yield path, name
        yield from _images(below, (*path, key))


def _pieces(node: Node, path: tuple[str, ...], file: str, looks: Looks) -> Iterator[_Piece]:
    value = node.value
    if isinstance(value, str):
        if value.lstrip().startswith(("{", "/")) and looks(_keys(value)):
            text = value if isinstance(value, Text) else Text(value)
            yield _Piece(path, Fragment(text, file, node.line, path[-1] if path else ""))
        elif path and image.speaks_to([path[-1]]):
            yield _Piece(path[:-1], Variable(path[-1], value, file, node.line))
    elif isinstance(value, list):
        for each in value:
            yield from _entry(each, path, file, looks)
    elif isinstance(value, dict):
        if "name" in value and "value" in value and image.speaks_to([str(value["name"].value)]):
            text = value["value"].value
            yield _Piece(path, Variable(str(value["name"].value), str(text or ""), file, node.line))
        elif sum(key[:1].isupper() for key in value) > len(value) / 2 and looks([k for k in value if k[:1].isupper()]):
            yield _Piece(path, Fragment(Text(""), file, node.line, path[-1] if path else "", _typed(node)))
        else:
            for key, below in value.items():
                yield from _pieces(below, (*path, key), file, looks)


def _entry(node: Node, path: tuple[str, ...], file: str, looks: Looks) -> Iterator[_Piece]:
    if isinstance(node.value, str) and image.speaks_to([node.value.partition("=")[0]]):
        name, _, text = node.value.partition("=")
        yield _Piece(path, Variable(name, text, file, node.line))
    else:
        yield from _pieces(node, path, file, looks)


def _keys(text: str) -> list[str]:
    from ..reader import Unparsable, parse

    try:
        root = parse(text).root.value
    except Unparsable:
        return ["RemoteAccessAllowed"] if "AccessAllowed" in text or '"Dicom' in text else []
    return list(root) if isinstance(root, dict) else []


def _typed(node: Node) -> Node:
    """A mapping that a chart prints as JSON: plain words are switches and numbers there."""
    if isinstance(node.value, dict):
        return Node({key: _typed(below) for key, below in node.value.items()}, node.line)
    if isinstance(node.value, list):
        return Node([_typed(each) for each in node.value], node.line)
    if isinstance(node.value, Text) and not node.value.quoted:
        return Node(
            image.value_of(
                Variable(
                    "",
                    Text(str(node.value).casefold()) if node.value.casefold() in ("true", "false") else node.value,
                    "",
                    0,
                )
            ).value,
            node.line,
        )
    return node

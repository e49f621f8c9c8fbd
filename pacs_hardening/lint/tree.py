"""What was read, whatever it was written in: settings by dotted path, each with the file and line it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .reader import Node, Placeholder

_WORD = re.compile(r"[A-Z][a-z]+")
_DEFAULTED = re.compile(r"\$\{[^{}:]*:-(?P<quote>['\"]?)(?P<value>[^{}]*?)(?P=quote)\}")


@dataclass(frozen=True, slots=True)
class Setting:
    """``parts``: the keys from the root on. ``node`` is None where the key is absent; ``line`` is then that of what it
    is absent from."""

    parts: tuple[str, ...]
    file: str
    line: int
    node: Node | None

    @property
    def value(self) -> Any:
        """Plain data; a placeholder with a default value is that value."""
        return None if self.node is None else settled(self.node.plain())

    @property
    def key(self) -> str:
        """The path for people: parts that begin with "_" are ours, not the file's."""
        return ".".join(part for part in self.parts if not part.startswith("_"))

    @property
    def name(self) -> str:
        return self.parts[-1]


@dataclass(frozen=True, slots=True)
class Tree:
    """``members``: top-level key -> (node, file). ``home``: file and line that stand for the whole; ``homes``: those
    that hold the options whose names begin with a word, where one that is absent would stand, too."""

    members: dict[str, tuple[Node, str]]
    home: tuple[str, int]
    homes: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def home_of(self, key: str) -> tuple[str, int]:
        word = _WORD.match(key)
        return self.homes.get(word.group(), self.home) if word else self.home

    def find(self, pattern: Sequence[str]) -> Iterator[Setting]:
        """Every setting at ``pattern`` (keys from the root on), in which ``*`` stands for any one key. A last key that
        is missing from an existing object is found as absent; what is below something missing is not found."""
        first, *rest = pattern
        if first not in self.members:
            if not rest:
                yield Setting((first,), *self.home_of(first), None)
            return
        node, file = self.members[first]
        yield from _descend(Setting((first,), file, node.line, node), rest)

    def value(self, path: Sequence[str]) -> Any:
        return next((setting.value for setting in self.find(path)), None)


def _descend(setting: Setting, rest: Sequence[str]) -> Iterator[Setting]:
    if not rest:
        yield setting
        return
    assert setting.node is not None
    below = setting.node.value
    if not isinstance(below, dict):
        return
    names = list(below) if rest[0] == "*" else [rest[0]]
    for name in names:
        path = (*setting.parts, name)
        if name in below:
            file = below[name].file or setting.file
            yield from _descend(Setting(path, file, below[name].line, below[name]), rest[1:])
        elif len(rest) == 1:
            yield Setting(path, setting.file, setting.line, None)


def settled(value: Any) -> Any:
    """``value`` with ``${NAME:-default}`` replaced by the default, at any depth."""
    if isinstance(value, dict):
        return {key: settled(below) for key, below in value.items()}
    if isinstance(value, list):
        return [settled(item) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    text = _DEFAULTED.sub(lambda found: found["value"], value)
    if isinstance(value, Placeholder) and text != value:
        return scalar(text)
    return text


def scalar(text: str) -> Any:
    """What JSON says that an unquoted ``text`` is; itself where that is nothing."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else text


def undecided(value: Any) -> bool:
    """A value that only the environment of the running archive decides."""
    return isinstance(value, str) and "${" in value

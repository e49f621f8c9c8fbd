"""What a reader makes of a file: values with the line they stand in, or the place where it gave up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Unparsable(Exception):
    """``what`` is wrong at ``line`` and ``column`` of ``file``, counted from 1. Never quotes the text itself, which
    may be a password."""

    def __init__(self, what: str, line: int, column: int, file: str = "") -> None:
        self.what, self.line, self.column, self.file = what, line, column, file
        super().__init__(f"{file}:{line}:{column}: {what}")


class NoArchive(Unparsable):
    """A file that can be read, and is of another program."""


class Placeholder(str):
    """``${NAME}`` where a value is expected: the value is not known before the archive starts."""


class Text(str):
    """Text out of a file that says more than its characters. ``first`` is the line in which the text itself begins,
    where each of its lines is one of the file; 0 where that is not so. ``quoted``: never a number or a switch."""

    first: int
    quoted: bool

    def __new__(cls, text: str, first: int = 0, *, quoted: bool = False) -> Text:
        made = super().__new__(cls, text)
        made.first, made.quoted = first, quoted
        return made


@dataclass(frozen=True, slots=True)
class Node:
    """A value: text, number, bool, None, Placeholder, or a dict or list of nodes. ``line`` is that of its key, where
    it has one; ``file`` is said only where it is not that of what surrounds it."""

    value: Any
    line: int
    file: str = ""

    def plain(self) -> Any:
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value


@dataclass(frozen=True, slots=True)
class Document:
    """``repeated``: keys that an object holds twice, as (path, line, line of the earlier one); the last one counts.
    ``rest``: the line of text after the root, 0 where there is none."""

    root: Node
    repeated: tuple[tuple[str, int, int], ...]
    rest: int

"""JSON as Orthanc's JsonCpp takes it, with the place of every key and value.

Beyond JSON: ``//`` and ``/* */`` comments, a comma before a closing bracket, control characters inside strings, a byte
order mark, leading zeros, text after the last bracket (which is ignored there: ``Document.rest`` says where it begins;
a comment there need not end), and ``${NAME}`` for a whole value, since Orthanc replaces such names before it parses.
Only ``Unparsable`` is ever raised. tests/meta/test_lint_oracle.py asks a real Orthanc.
"""

from __future__ import annotations

import re
from typing import Any

from .node import (
    Document,
    Node,
    Placeholder,
    Unparsable,
)

__all__ = ["Document", "Node", "Placeholder", "Unparsable", "parse"]

DEEPEST = 100  # JsonCpp gives up at 1000; no configuration has a tenth of this
_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\n\r]*|/\*.*?\*/)+", re.DOTALL)
_NUMBER = re.compile(r"(?:-\d{0,300}|\+?\d{1,300})(\.\d{0,300})?([eE][+-]?\d{1,9})?", re.ASCII)
_PLACEHOLDER = re.compile(r"\$\{[^{}\r\n]*\}")
_CHUNK = re.compile(r'[^"\\]*')
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}


def parse(text: str, first_line: int = 1) -> Document:
    """Raises Unparsable, without a file name, for what JsonCpp would not take either."""
    reader = _Reader(text, first_line)
    root = reader.value("", 0)
    reader.skip(at_end=True)
    return Document(root, tuple(reader.repeated), reader.line() if reader.at < len(text) else 0)


class _Reader:
    def __init__(self, text: str, first_line: int) -> None:
        self.text, self.first = text, first_line
        self.at = 1 if text.startswith("\ufeff") else 0
        self.counted, self.lines = 0, 0
        self.repeated: list[tuple[str, int, int]] = []

    def line(self) -> int:
        self.lines += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.first + self.lines

    def fail(self, what: str, at: int | None = None) -> Unparsable:
        at = self.at if at is None else at
        before = self.text[:at]
        return Unparsable(what, self.first + before.count("\n"), at - before.rfind("\n"))

    def skip(self, *, at_end: bool = False) -> None:
        if found := _BLANK.match(self.text, self.at):
            self.at = found.end()
        if self.text.startswith("/*", self.at):
            if not at_end:
                raise self.fail("a comment that does not end")
            self.at = len(self.text)

    def next(self) -> str:
        self.skip()
        return self.text[self.at : self.at + 1]

    def value(self, path: str, depth: int) -> Node:
        first = self.next()
        line = self.line()
        if depth > DEEPEST:
            raise self.fail(f"nested more than {DEEPEST} levels deep")
        if first == "{":
            return Node(self.object(path, depth), line)
        if first == "[":
            return Node(self.array(path, depth), line)
        if first == '"':
            return Node(self.string(), line)
        return Node(self.scalar(first), line)

    def scalar(self, first: str) -> Any:
        if not first:
            raise self.fail("the text ends where a value is expected")
        for word, meaning in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        if found := _PLACEHOLDER.match(self.text, self.at):
            self.at = found.end()
            return Placeholder(found.group())
        if found := _NUMBER.match(self.text, self.at):
            self.at = found.end()
            digits = found.group()
            if not re.search(r"\d", digits):
                return 0 if digits == "-" else digits
            return float(digits) if found[1] or found[2] or digits.startswith("+") else int(digits)
        raise self.fail("no value that JSON knows (text needs quotation marks)")

    def object(self, path: str, depth: int) -> dict[str, Node]:
        self.at += 1
        members: dict[str, Node] = {}
        while self.next() != "}":
            if self.next() != '"':
                raise self.fail('expected a key in quotation marks, or "}"')
            line = self.line()
            key = self.string()
            if self.next() != ":":
                raise self.fail('expected ":" after a key')
            self.at += 1
            full = f"{path}.{key}" if path else key
            if key in members:
                self.repeated.append((full, line, members[key].line))
            members[key] = Node(self.value(full, depth + 1).value, line)
            self.comma("}")
        self.at += 1
        return members

    def array(self, path: str, depth: int) -> list[Node]:
        self.at += 1
        items: list[Node] = []
        while self.next() != "]":
            items.append(self.value(path, depth + 1))
            self.comma("]")
        self.at += 1
        return items

    def comma(self, closing: str) -> None:
        after = self.next()
        if after == ",":
            self.at += 1
        elif after != closing:
            raise self.fail(f'expected "," or "{closing}"')

    def string(self) -> str:
        start = self.at
        self.at += 1
        parts = []
        while True:
            found = _CHUNK.match(self.text, self.at)
            assert found is not None
            parts.append(found.group())
            self.at = found.end()
            if self.at >= len(self.text):
                raise self.fail("text in quotation marks that does not end", start)
            if self.text[self.at] == '"':
                self.at += 1
                return "".join(parts)
            parts.append(self.escape())

    def escape(self) -> str:
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in _ESCAPES:
            self.at += 2
            return _ESCAPES[letter]
        code = self.unit(self.at)
        if code is None:
            raise self.fail("an escape that JSON does not know")
        self.at += 6
        low = self.unit(self.at) if 0xD800 <= code < 0xDC00 else None
        if low is not None and 0xDC00 <= low < 0xE000:  # RFC 8259 section 7: a pair is one character
            self.at += 6
            return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00))
        return chr(code)

    def unit(self, at: int) -> int | None:
        found = re.compile(r"\\u([0-9a-fA-F]{4})").match(self.text, at)
        return int(found[1], 16) if found else None

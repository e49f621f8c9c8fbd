"""LDIF as RFC 2849 defines it, with the line of every value: folded lines, comments, base64, change records.

As lenient as OpenLDAP's tools: no ``version:``, content and change records side by side, and a record that begins with
``add:``, ``delete:`` or ``replace:`` is a modification. A value that a URL names (``:<``) is not here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..node import Placeholder, Unparsable

_LINE = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9.;-]*):(?P<kind>[:<]?)[ ]*(?P<value>.*)", re.DOTALL)
_KINDS = ("add", "delete", "modify", "modrdn", "moddn")
_CHANGES = ("add", "delete", "replace", "increment")


@dataclass(frozen=True)
class Value:
    """One line ``name: text``. ``name`` is without options such as ``;binary``."""

    name: str
    text: str
    line: int


@dataclass(frozen=True)
class Change:
    """One part of a modification: ``kind`` is add, delete, replace or increment."""

    kind: str
    name: str
    line: int
    values: tuple[Value, ...]


@dataclass
class Record:
    """``kind``: what is done with the entry ``dn``. ``values``: the attributes of an added one, or what moves it."""

    dn: str
    line: int
    kind: str = "add"
    values: list[Value] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def recognises(text: str) -> bool:
    """Is the first line that says anything ``version: 1`` or ``dn: …``?"""
    for line in text.removeprefix("\ufeff").splitlines():
        if line.strip() and not line.startswith("#"):
            return re.match(r"(?:version:\s*\d+\s*$|dn::?\s)", line, re.IGNORECASE) is not None
    return False


def records(text: str) -> list[Record]:
    """Raises Unparsable, without a file name."""
    found = [_record(lines) for lines in _split(text)]
    return [each for each in found if each is not None]


def _split(text: str) -> Iterator[list[tuple[str, int]]]:
    """The unfolded lines of each record, with their numbers, without comments."""
    lines: list[tuple[str, int]] = []
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.removesuffix("\r")
        if line.startswith(" ") and lines:
            lines[-1] = (lines[-1][0] + line[1:], lines[-1][1])
        elif line.startswith(" ") and line.strip():
            raise Unparsable("a line that is continued, and none before it", number, 1)
        elif line.strip():
            lines.append((line, number))
        else:
            yield [each for each in lines if not each[0].startswith("#")]
            lines = []
    yield [each for each in lines if not each[0].startswith("#")]


def _record(lines: list[tuple[str, int]]) -> Record | None:
    if lines and re.match(r"version:\s*\d", lines[0][0], re.IGNORECASE):
        lines = lines[1:]
    if not lines:
        return None
    first, *rest = (_value(text, line) if text != "-" else Value("-", "", line) for text, line in lines)
    if first.name.lower() != "dn":
        raise Unparsable('a record of LDIF begins with "dn:"', first.line, 1)
    record = Record(first.text, first.line)
    rest = [each for each in rest if each.name.lower() != "control"]
    if rest and rest[0].name.lower() == "changetype":
        record.kind = rest.pop(0).text.strip().lower()
        if record.kind not in _KINDS:
            raise Unparsable(f"a changetype is one of {', '.join(_KINDS)}", record.line + 1, 1)
    elif rest and rest[0].name.lower() in _CHANGES:
        record.kind = "modify"
    if record.kind == "modify":
        record.changes = list(_changes(rest))
    elif any(each.name == "-" for each in rest):
        raise Unparsable('"-" stands between the parts of a modification only', rest[0].line, 1)
    else:
        record.values = rest
    return record


def _changes(values: list[Value]) -> Iterator[Change]:
    while values:
        head = values.pop(0)
        if head.name.lower() not in _CHANGES:
            raise Unparsable('expected "add:", "delete:" or "replace:" and the name of an attribute', head.line, 1)
        name, said = _bare(head.text), list[Value]()
        while values and (value := values.pop(0)).name != "-":
            if value.name.lower() != name.lower():
                raise Unparsable(f"a value of {name}, or a line with - alone, is expected", value.line, 1)
            said.append(value)
        yield Change(head.name.lower(), name, head.line, tuple(said))


def _value(text: str, line: int) -> Value:
    found = _LINE.fullmatch(text)
    if found is None:
        raise Unparsable('no "name: value" of LDIF', line, 1)
    name, kind, value = _bare(found["name"]), found["kind"], found["value"]
    if kind == "<":
        return Value(name, Placeholder("${" + value.strip("{}$") + "}"), line)
    if kind == ":":
        try:
            raw = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Unparsable("a value that is no base64", line, 1) from error
        return Value(name, raw.decode("utf-8", "replace"), line)
    return Value(name, value.rstrip(), line)


def _bare(name: str) -> str:
    return name.strip().partition(";")[0]

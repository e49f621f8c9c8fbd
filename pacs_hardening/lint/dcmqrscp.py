"""DCMTK's ``dcmqrscp.cfg`` as a tree: ``AETable.<AE title>`` with StorageArea, Access, Quota (absent where it is not
valid) and Peers; ``HostTable.<name>`` with peers numbered from 1, each with AET, Host and Port.

What is ours begins with "_": ``_used`` (an AE title or a vendor names this row), ``_names`` (rows that this one names),
``_peers`` (those written out in the AETable) and ``_privileged`` (the port needs root; "unsaid" where the command line
may say it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .reader import Node, Unparsable
from .tree import Tree, scalar

TABLES = ("HostTable", "VendorTable", "AETable")
_WORD = re.compile(r"""["'()](?P<quoted>[^"'()\n]*)["'()]|(?P<plain>[^\s=,]+)""")  # any mark ends what any began
_QUOTA = re.compile(r"\s*([1-9]\d*)\s*,\s*([1-9]\d*)\s*([kmgKMG]?[bB])\s*", re.ASCII)
_MARK = re.compile(rf"(?:{'|'.join(TABLES)})\s+(?:BEGIN|END)\b|NetworkTCPPort\b|MaxPDUSize\b|MaxAssociations\b")


@dataclass
class _Reading:
    members: dict[str, Node] = field(default_factory=dict)
    tables: dict[str, dict[str, Node]] = field(default_factory=lambda: {name: {} for name in TABLES})
    repeated: list[tuple[str, int]] = field(default_factory=list)
    undefined: list[tuple[str, int]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    refers: dict[str, list[str]] = field(default_factory=dict)


def recognises(text: str) -> bool:
    return any(_MARK.match(line.strip()) for line in text.split("\n"))


def read(text: str, file: Path) -> tuple[Tree, list[tuple[str, str, int]]]:
    """The tree, and what is wrong with the file itself, as (name of the notice, key, line). Raises Unparsable."""
    reading, table, begun = _Reading(), "", 0
    for number, line in enumerate(text.split("\n"), 1):
        words = _words(line)
        if not words or line.startswith("#"):
            continue
        first, second = words[0][0], words[1][0] if len(words) > 1 else ""
        if first in TABLES:
            if (second, bool(table)) not in (("BEGIN", False), ("END", True)) or (table and first != table):
                raise Unparsable(f"{first} must be followed by BEGIN, and later by END", number, 1)
            table, begun = (first, number) if second == "BEGIN" else ("", 0)
        elif table:
            _row(reading, table, words, number)
        else:
            _setting(reading, first, [word for word, _ in words[1:]], number)
    if table:
        raise Unparsable(f"{table} BEGIN without {table} END", begun, 1)
    return _tree(reading, file)


def _words(line: str) -> list[tuple[str, bool]]:
    """The words of a line, each with whether it stood in quotation marks or parentheses."""
    found = _WORD.finditer(line.strip())
    return [(m["plain"], False) if m["quoted"] is None else (m["quoted"], True) for m in found]


def _setting(reading: _Reading, key: str, values: list[str], line: int) -> None:
    if key in reading.members:
        reading.repeated.append((key, line))
    reading.members[key] = Node(scalar(values[0]) if values else "", line)


def _row(reading: _Reading, table: str, words: list[tuple[str, bool]], line: int) -> None:
    name, rest = words[0][0], words[1:]
    row: dict[str, Node] = {}
    if table == "AETable":
        for key, (word, _) in zip(("StorageArea", "Access"), rest, strict=False):
            row[key] = Node(word, line)
        rest = rest[2:]
        if rest and _QUOTA.fullmatch(rest[0][0]):
            row["Quota"] = Node(rest[0][0], line)
            rest = rest[1:]
        elif rest and rest[0][1] and rest[0][0].count(",") == 1:
            rest = rest[1:]  # meant as a quota, and none
    peers = [word for word, _ in rest if "," in word]
    names = [word for word, _ in rest if "," not in word]
    written_out = {str(n): _peer(peer, line) for n, peer in enumerate(peers, 1)}
    if table == "AETable":
        row["Peers"] = Node([Node(word, line) for word, _ in rest], line)
        row["_peers"] = Node(written_out, line)
    elif table == "HostTable":
        row.update(written_out)
        row["_names"] = Node([Node(word, line) for word in names], line)
        reading.refers[name] = names
    if table != "HostTable":
        reading.used |= set(names)
    known = reading.tables["HostTable"]
    reading.undefined += [(f"{table}.{name}.{each}", line) for each in names if each not in known and each != "ANY"]
    rows = reading.tables[table]
    if name in rows:
        reading.repeated.append((f"{table}.{name}", line))
        name = f"{name}#{line}"  # every row counts
    rows[name] = Node(row, line)


def _peer(text: str, line: int) -> Node:
    parts = [part.strip() for part in text.split(",")]
    return Node({key: Node(part, line) for key, part in zip(("AET", "Host", "Port"), parts, strict=False)}, line)


def _tree(reading: _Reading, file: Path) -> tuple[Tree, list[tuple[str, str, int]]]:
    used = _closure(reading.used, reading.refers)
    for name, row in reading.tables["HostTable"].items():
        row.value["_used"] = Node(name in used, row.line)
    members = dict(reading.members)
    for table, rows in reading.tables.items():
        if rows:
            members[table] = Node(rows, next(iter(rows.values())).line)
    port = members["NetworkTCPPort"].value if "NetworkTCPPort" in members else None
    members["_privileged"] = Node("unsaid" if port is None else not isinstance(port, int) or port < 1024, 1)
    notices = [("repeated", key, line) for key, line in reading.repeated]
    notices += [("undefined", key, line) for key, line in reading.undefined]
    return Tree({key: (node, str(file)) for key, node in members.items()}, (str(file), 1)), notices


def _closure(names: Iterable[str], refers: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += refers.get(name, [])
    return found

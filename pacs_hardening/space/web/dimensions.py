"""The table of what can be varied in an HTTP request (values.toml) as dimensions of the space."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from ...model import Impact, WebRequest
from ..dimension import Dimension, Layer, Value
from .draft import Asked, Atom, Kind

_TABLE = Path(__file__).with_name("values.toml")
# Of these a request has one, and an archive has reasons to refuse it to anybody: another method, a strange spelling.
_SPOILING = frozenset({
    Kind.METHOD, Kind.SPELLING, Kind.VERSION, Kind.BEFORE, Kind.REPEAT, Kind.TLS, Kind.BODY,
    Kind.LINES, Kind.LEADING, Kind.FRAMING,
})  # fmt: skip
_TOGETHER = 10  # fields of one value in a request that holds others, too
# For the values of one request. Servers take about a hundred fields; Orthanc's (civetweb) takes 64, and forgets what is
# beyond. Some are there in any case.
ROOM = 54
_HALF = 12  # the value at this place of a list weighs half of the first


def dimensions(found: Sequence[WebRequest], maybe: Sequence[WebRequest]) -> tuple[Dimension[Asked], ...]:
    """The routes that the user is served at (``found``), those of objects that do not exist (``maybe``), and then every
    dimension of the table: what a route is comes first, since values speak of it."""
    others = [*((route, True) for route in found[1:]), *((route, False) for route in maybe)]
    routes = tuple(
        Value(f"{route.method} {route.path}", partial(_at, route), 5.0, mixes=mixes) for route, mixes in others
    )
    first = [Dimension("route", routes)] if routes else []
    return (*first, *_of_table())


def _at(route: WebRequest, asked: Asked) -> Asked:
    return asked.at(route)


@cache
def _of_table() -> tuple[Dimension[Asked], ...]:
    tables = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["dimension"]
    return tuple(_dimension(table) for table in tables)


def _dimension(table: dict[str, Any]) -> Dimension[Asked]:
    weight, impact = float(table["weight"]), Impact[table.get("impact", "passive").upper()]
    reaches = Layer.TLS if Kind.TLS.value in table else Layer.ASSOCIATION  # seen by whoever takes the connection
    make = partial(Value[Asked], impact=impact)
    if "groups" in table:
        return Dimension(table["name"], tuple(_grouped(make, weight, table["groups"])), reaches)
    if "names" in table:
        return Dimension(table["name"], tuple(_named(make, weight, table)), reaches)
    atoms = list(_atoms(table))
    mixes = not (table.get("alone") or atoms[0].kind in _SPOILING)
    if not table.get("together"):
        values = [
            make(str(atom), partial(_with, (atom,)), weight / (1 + place / _HALF), mixes=mixes)
            for place, atom in enumerate(atoms)
        ]
        often = float(table.get("often", 0.75))
        return Dimension(table["name"], (*_joined(make, table, atoms), *values), reaches, often)
    single = [make(str(atom), partial(_with, (atom,)), mixes=mixes) for atom in atoms]
    bundles = [
        bundle
        for place, value in enumerate(table["values"])
        for bundle in _bundles(partial(make, mixes=mixes), weight / (1 + place / 4), value, atoms, table.get("at_once"))
    ]
    return Dimension(table["name"], (*bundles, *single), reaches)


def _grouped(make: Callable[..., Value[Asked]], weight: float, groups: Sequence[str]) -> Iterator[Value[Asked]]:
    """Fields that say something together only, a line each."""
    for place, group in enumerate(groups):
        lines = [line.partition(": ") for line in group.splitlines()]
        atoms = tuple(Atom(Kind.HEADER, value, field) for field, _, value in lines)
        yield make(group.replace("\n", ", "), partial(_with, atoms), weight / (1 + place / _HALF), mixes=False)


def _named(make: Callable[..., Value[Asked]], weight: float, table: dict[str, Any]) -> Iterator[Value[Asked]]:
    """Each name with each value, by itself and all names of one value in one request: who looks for any of them by
    what it holds finds it there."""
    start = Atom(Kind.QUERY, "") if table["where"] == "query" else Atom(Kind.HEADER, "", table["where"])
    singles = list[Value[Asked]]()
    for place, value in enumerate(table["values"]):
        pairs = [replace(start, value=f"{name}={value}") for name in table["names"]]
        whole = replace(start, value=table["joined"].join(pair.value for pair in pairs))
        parts = tuple(map(str, pairs))
        yield make(f"any name: {value}", partial(_with, (whole,)), max(weight / (1 + place / _HALF), 3.0), parts=parts)
        singles += (make(str(pair), partial(_with, (pair,))) for pair in pairs)
    yield from singles


def _joined(make: Callable[..., Value[Asked]], table: dict[str, Any], atoms: Sequence[Atom]) -> list[Value[Asked]]:
    """All values in one: enough for whoever looks for any of them in it."""
    if "joined" not in table:
        return []
    whole = table["joined"].join(dict.fromkeys(atom.value for atom in atoms if atom.value))
    return [make("all of them", partial(_with, (replace(atoms[0], value=whole),)), 1.5 * float(table["weight"]))]


def _bundles(
    make: Callable[..., Value[Asked]], weight: float, value: str, atoms: Sequence[Atom], at_once: int | None
) -> Iterator[Value[Asked]]:
    """Fields of one meaning with one value, some in one request: one of them is enough for whoever believes it."""
    members, most = [atom for atom in atoms if atom.value == value], at_once or _TOGETHER
    for start in range(0, len(members), most):
        some = tuple(members[start : start + most])
        name = f"any field: {value}" + (f" ({start // most + 1})" if start else "")
        yield make(name, partial(_with, some), max(weight, 3.0), parts=tuple(map(str, some)), takes=len(some))


def _with(atoms: tuple[Atom, ...], asked: Asked) -> Asked:
    return asked.having(*atoms)


def _atoms(table: dict[str, Any]) -> Iterator[Atom]:
    if "lines" in table:
        for line in table["lines"]:
            field, _, value = line.partition(": ")
            yield Atom(Kind.HEADER, value, field)
        return
    kind = next(kind for kind in Kind if kind.value in table)
    for first in table[kind.value]:
        if kind is Kind.HEADER:
            yield from (Atom(kind, value, first) for value in table["values"])
        else:
            yield Atom(kind, str(first))

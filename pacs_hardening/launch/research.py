"""The table [research] of an environment or a target file: a second archive behind the same doors."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Folder, Research
from .table import Table

_AET = r"[ -\[\]-~]{1,16}"


def read(target: Table, nodes: Mapping[str, Table], users: Mapping[str, Table]) -> Research:
    """``nodes`` and ``users`` are those that it may name. Raises BadInput, naming the key."""
    table = target.table("research", "called_aet sender reader user routes lists storage arrivals move_destination")
    lists = table.free("lists")
    below = Table(lists, f"{table.where}: lists", " ".join(lists))
    known = {"sender": nodes, "reader": nodes, "user": users}
    for key, among in known.items():
        if table.text(key) not in among:
            raise table.bad(key, f"{table.text(key)!r} is not one of {', '.join(among)}")
    return Research(
        called_aet=table.text("called_aet", pattern=_AET),
        sender=table.text("sender"),
        reader=table.text("reader"),
        user=table.text("user"),
        routes=table.pairs("routes"),
        lists={path: below.texts(path) for path in lists},
        storage=_folder(table, "storage"),
        arrivals=_folder(table, "arrivals"),
        move_destination=table.text("move_destination", "", pattern=f"|{_AET}") or None,
    )


def _folder(table: Table, key: str) -> Folder | None:
    if key not in table:
        return None
    found = table.table(key, "host path")
    return Folder(found.text("host"), found.text("path", pattern=r"/[A-Za-z0-9/._-]+"))

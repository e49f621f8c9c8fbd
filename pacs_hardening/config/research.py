"""The table [research] of an environment or a target file names nodes and users, which must be there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..model import Research
from .table import Table


def check(research: Research, table: Table, nodes: Mapping[str, object], users: Collection[str]) -> None:
    """``table`` is the one in which [research] stands. Raises BadInput, naming the key."""
    named = {"sender": nodes, "reader": nodes, "user": users}
    for key, among in named.items():
        if getattr(research, key) not in among:
            said = f"{getattr(research, key)!r} is not one of {', '.join(among)}"
            raise table.bad("research", said, key)

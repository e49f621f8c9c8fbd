"""The table [hl7] of an environment or a target file says where messages are received, and names a node."""

from __future__ import annotations

from collections.abc import Collection

from ..model import Hl7
from .table import Table


def check(hl7: Hl7, table: Table, nodes: Collection[str]) -> None:
    """``table`` is the one in which [hl7] stands. Raises BadInput, naming the key."""
    if hl7.node not in nodes:
        raise table.bad("hl7", f"{hl7.node!r} is not one of {', '.join(nodes)}", "node")
    if not hl7.endpoints:
        raise table.bad("hl7", 'is missing; accepted: a list such as ["mllps://pacs.example:2575"]', "endpoints")

"""A mutant: the embedded archive with one way in, declared as data, so that it can be started, proven and gated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

AREAS = {  # of a mutant -> areas of the gate whose controls may see it
    "identity": ("association", "authorisation"),
    "operation": ("association", "authorisation"),
    "web": ("web",),
    "limits": ("authorisation", "web"),
    "duties": ("audit",),
    "redaction": ("redaction",),
}
NAMED, UNNAMED = "named", "unnamed"


@dataclass(frozen=True)
class Row:
    """One value of one dimension: the test that an opening makes of ``fact``, and what a client plays to pass it.

    ``goals``: where it can matter, empty for anywhere. ``negotiates``: an SOP class that has to be negotiated besides.
    """

    fact: str
    relation: str
    value: str
    play: Mapping[str, str]
    goals: tuple[str, ...] = ()
    negotiates: str = ""

    @property
    def said(self) -> str:
        return f"{self.fact} {self.relation} {self.value}".strip()

    def test(self) -> dict[str, str]:
        return {"fact": self.fact, "relation": self.relation, "value": self.value}


def exactly(fact: str, values: Iterable[str], goals: tuple[str, ...] = ()) -> list[Row]:
    """``fact`` is each of ``values`` in turn."""
    return [Row(fact, "is", value, {fact: value}, goals) for value in values]


@dataclass(frozen=True)
class Mutant:
    """``base`` says who comes, ``goal`` what for; ``play`` is what the client shows, ``times`` how often it may have to
    come. ``openings`` are the tables of environment.toml. ``table``: the dimensions come from the first or the second
    one."""

    area: str
    table: str
    kind: str
    base: str
    goal: str
    title: str
    openings: tuple[Mapping[str, Any], ...]
    play: Mapping[str, str] = field(default_factory=dict)
    times: int = 1

    @property
    def areas(self) -> tuple[str, ...]:
        """Of the gate."""
        certificates = any(each["condition"] == "certificate" for each in self.openings)
        return (*AREAS[self.area], "transport") if certificates else AREAS[self.area]

    @property
    def name(self) -> str:
        """The same in every run."""
        made = json.dumps([self.base, self.goal, self.openings, self.play], sort_keys=True, default=dict)
        return f"m-{hashlib.sha256(made.encode()).hexdigest()[:8]}"

    def weakness(self) -> str:
        """As a file of ``weak/``."""
        lines = [
            f"title = {json.dumps(self.title)}",
            f"refutes = {json.dumps([f'{self.areas[0]}.any'])}",
            'fix = "environment.toml: remove [[openings]]"',
        ]
        for each in self.openings:
            lines += ["[[merge.openings]]", *(f"{key} = {_value(value)}" for key, value in each.items())]
        return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


def opening(
    condition: str, rows: tuple[Row, ...] = (), how: str = "waived", grants: tuple[str, ...] = ()
) -> dict[str, Any]:
    made: dict[str, Any] = {"condition": condition, "how": how, "when": [row.test() for row in rows]}
    return {**made, "grants": list(grants)}

"""Mutants out of a seed: conditions dropped or compared loosely, and ways in that depend on one dimension or on two."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from . import duties, loose, named, redaction, unnamed
from .bases import BASES, Base
from .mutant import NAMED, UNNAMED, Mutant, Row, opening

SHARES = {"identity": 32, "operation": 18, "web": 30, "limits": 12, "duties": 8, "redaction": 12}  # of as many mutants
UNNAMED_SHARE, PAIRS, PLAIN = 0.2, 0.3, 0.12  # a fifth of the second table; pairs; dropped and weakened conditions
DRAWS = 100_000


def mutants(number: int, seed: int) -> list[Mutant]:
    """``number`` different ones, or all there are."""
    return list(islice(_distinct(Random(seed)), number))  # noqa: S311 - chosen to be repeated, not to be secret


def every(table: str) -> Iterator[Mutant]:
    """All of one dimension or none, in the order of the tables."""
    for base in BASES:
        for goal in BASES[base].goals:
            if table == NAMED and BASES[base].rows != ("titles",):
                yield _mutant(base, goal, (), NAMED)
            yield from (_mutant(base, goal, (row,), table) for row in _rows(BASES[base], goal, table))
    if table == NAMED:
        yield from (*loose.mutants(), *duties.mutants())
    yield from redaction.mutants(table)


def _distinct(random: Random) -> Iterator[Mutant]:
    singles = {table: _by_area(table) for table in (NAMED, UNNAMED)}
    seen: set[str] = set()
    for _ in range(DRAWS):
        table = UNNAMED if random.random() < UNNAMED_SHARE else NAMED
        area = random.choices([*SHARES], [*SHARES.values()])[0]
        drawn = _draw(random, singles[table].get(area, {}), table)
        if drawn is not None and drawn.name not in seen:
            seen.add(drawn.name)
            yield drawn


def _by_area(table: str) -> dict[str, dict[str, list[Mutant]]]:
    """Area -> kind -> mutants."""
    found: dict[str, dict[str, list[Mutant]]] = {}
    for each in every(table):
        kind = each.kind if each.kind in ("way in", "pair") else "plain"
        found.setdefault(each.area, {}).setdefault(kind, []).append(each)
    return found


def _draw(random: Random, kinds: dict[str, list[Mutant]], table: str) -> Mutant | None:
    chance = random.random()
    kind = "plain" if chance < PLAIN else "pair" if chance < PLAIN + PAIRS else "way in"
    if kind == "pair" and "way in" in kinds and "pair" not in kinds:
        return _paired(random, random.choice(kinds["way in"]), table)
    return random.choice(kinds[kind]) if kinds.get(kind) else None


def _paired(random: Random, single: Mutant, table: str) -> Mutant | None:
    """With one more dimension, of the same table; None where the two cannot be played together."""
    base, goal = BASES[single.base], single.goal
    rows = _rows(base, goal, table)
    first, second = random.choice(rows), random.choice(rows)
    together = first.play.keys() & second.play.keys()
    repeats = {row.relation for row in (first, second)} >= {"every"}
    if first.fact == second.fact or "titles" in base.rows or together or (repeats and not (first.play or second.play)):
        return None
    if {first.fact, second.fact} == {"request", "http"} or (first.negotiates and second.negotiates):
        return None
    return _mutant(single.base, goal, (first, second), table)


def _rows(base: Base, goal: str, table: str) -> list[Row]:
    places = named.PLACES if table == NAMED else unnamed.PLACES
    rows = [row for place in base.rows if place in places for row in places[place]()]
    taken = ("header:authorization", "header:origin", "identity", "identity-type", "identity-asks-response", "passcode")
    rows = [row for row in rows if not (base.identity and row.fact in taken)]  # he is somebody already
    return [row for row in rows if not row.goals or goal in row.goals]


def _mutant(base_name: str, goal: str, rows: tuple[Row, ...], table: str) -> Mutant:
    base = BASES[base_name]
    play = {**base.play, **{name: value for row in rows for name, value in row.play.items()}}
    where = tuple(_route(base, goal))
    grants = (goal,) if goal in base.goals and "node-known" in base.waived else ()
    openings = [opening(condition, (*rows, *where), grants=grants) for condition in base.waived]
    openings += [opening("sop-class", (Row("sop-class", "is", row.negotiates, {}),)) for row in rows if row.negotiates]
    if "header:origin" in play and base_name == "anonymous":
        openings.append(opening("origin", rows))
    if "request" in play:  # otherwise nobody gets as far as a second request
        openings.append(opening("closed"))
    times = max((int(row.value) for row in rows if row.fact in ("connection", "requests")), default=1)
    kind = {0: "dropped", 1: "way in", 2: "pair"}[len(rows)]
    when = " and ".join(row.said for row in rows)
    title = f"{base_name} gets {goal}" + (f" where {when}" if when else "")
    return Mutant(base.area, table, kind, base_name, goal, title, tuple(openings), play, times)


def _route(base: Base, goal: str) -> list[Row]:
    """A web opening is at one route."""
    tests = {
        "qido": ("qido", "STUDY"), "qido-series": ("qido", "SERIES"), "qido-instances": ("qido", "IMAGE"),
        "study": ("wado-rs", "STUDY"), "series": ("wado-rs", "SERIES"), "instance": ("wado-rs", "IMAGE"),
        "study-metadata": ("wado-rs", "STUDY metadata"), "instance-metadata": ("wado-rs", "IMAGE metadata"),
        "wado-uri": ("wado-uri", ""), "stow": ("stow", ""), "ui": ("ui", ""), "metrics": ("metrics", ""),
        "webdav": ("webdav", ""), "delete": ("delete", ""), "system": ("rest", ""), "patients": ("rest", ""),
        "find": ("rest", ""), "admin-delete": ("admin", ""), "admin-limit": ("admin", ""),
    }  # fmt: skip
    if base.rows != ("web",):
        return []
    endpoint, level = tests[goal]
    rows = [Row("endpoint", "is", endpoint, {})]
    path = {"system": "/system", "patients": "/patients", "find": "/find"}.get(goal, "")
    rows += [Row("level", "is", level, {})] if level else []
    return rows + ([Row("path", "is", path, {})] if path else [])

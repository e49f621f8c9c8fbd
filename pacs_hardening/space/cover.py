"""Which ways are taken, in which order, and how much of a space they cover.

First the base and every single departure from it, those most likely to matter first; then pairs. A row of the second
part departs in many dimensions at once, so that one conversation covers a hundred pairs; at most one of its values is
of the kind that an honest archive may refuse to everybody, because that would hide the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from random import Random
from typing import Generic, TypeVar

from .dimension import Base, Dimension, Layer, Way

T = TypeVar("T")
Single = tuple[str, str]
ROWS = 8  # ways of many dimensions for one of two
DRAWN = 6  # values of a dimension, of which a row takes one
SPOILED = 0.15  # of those hold a value that an honest archive may refuse to everybody


def singles(base: Base[T], layer: Layer = Layer.MESSAGE) -> Iterator[tuple[float, Way]]:
    """Each departure from the base in one value, with its weight. ``layer``: how far it comes; what is refused there is
    never looked at by anything behind it."""
    for dimension in base.dimensions:
        if dimension.reaches <= layer:
            for value in dimension.values:
                yield value.weight, Way.of(base.name, [(dimension.name, value.name)])


def by_itself(base: Base[T], way: Way) -> bool:
    """Whether a single value has to be tried alone: one that weighs much, or that may hide others, unless it is tried
    with its like."""
    ((name, wanted),) = way.values
    values = base.dimension(name).values
    value = next(each for each in values if each.name == wanted)
    return value.weight >= base.alone or not (value.mixes or any(wanted in each.parts for each in values))


@dataclass
class Covered(Generic[T]):
    """What was tried from ``base``: values, and pairs of values."""

    base: Base[T]
    layer: Layer = Layer.MESSAGE
    values: set[Single] = field(default_factory=set)
    pairs: set[tuple[Single, Single]] = field(default_factory=set)
    ways: int = 0

    def add(self, way: Way) -> None:
        self.ways += 1
        self.values |= set(way.values)
        self.pairs |= set(combinations(way.values, 2))
        for part in self.parts_of(way):
            self.values.add(part)
            self.pairs |= {_pair(part, other) for other in way.values if other[0] != part[0]}

    def parts_of(self, way: Way) -> Iterator[Single]:
        """What the values of ``way`` try together, by the names of their own."""
        for dimension, value in way.values:
            yield from ((dimension, part) for part in self._parts.get((dimension, value), ()))

    @cached_property
    def _parts(self) -> dict[Single, tuple[str, ...]]:
        return {(d.name, v.name): v.parts for d in self.base.dimensions for v in d.values if v.parts}

    def of_values(self) -> int:
        return sum(len(d.values) for d in self.dimensions())

    def of_pairs(self) -> int:
        return sum(len(a.values) * len(b.values) for a, b in combinations(self.dimensions(), 2))

    def dimensions(self) -> Sequence[Dimension[T]]:
        return [d for d in self.base.dimensions if d.reaches <= self.layer]

    def missing(self) -> list[Single]:
        """Values that were not tried, alone or beside others."""
        every = [way for _, way in singles(self.base, self.layer)]
        return [w.values[0] for w in every if w.values[0] not in self.values and not self.base.allows(w)]


def together(base: Base[T], covered: Covered[T], random: Random) -> Iterator[Way]:
    """Ways that hold a value that was not tried in as many dimensions as there is one, until each was, by itself or as
    a part."""
    takes = {(d.name, v.name): v.takes for d in base.dimensions for v in d.values if v.mixes}
    missing = [single for single in covered.missing() if single in takes]
    rows = _Rows(covered.dimensions(), random)
    while missing:
        row, room = dict[str, str](), base.room
        for dimension, value in missing:
            if dimension not in row and (takes[dimension, value] <= room or not row):
                row[dimension] = value
                room -= takes[dimension, value]
        way = Way.of(base.name, {**rows.row(room, besides=row), **row})
        if base.allows(way):
            way = Way.of(base.name, row)
        tried = {*way.values, *covered.parts_of(way)}
        missing = [single for single in missing if single not in tried]
        yield way


def mixed(base: Base[T], covered: Covered[T], random: Random) -> Iterator[Way]:
    """Ways that cover pairs that were not, without end until all are: in turn a pair of most weight, a value that was
    tried beside others only, and one of many dimensions."""
    alone = iter([way for _, way in singles(base, covered.layer) if not by_itself(base, way)])
    spoiling = [(d.name, v) for d in covered.dimensions() for v in d.values if not v.mixes]
    weights = [value.weight for _, value in spoiling]
    heavy = _by_weight(covered.dimensions())
    rows = _Rows(covered.dimensions(), random)
    seen = set(covered.pairs)
    idle = 0
    while idle < 400:
        for _ in range(ROWS):
            spoilt = random.choices(spoiling, weights) if spoiling and random.random() < SPOILED else []
            row = rows.row(base.room - sum(value.takes for _, value in spoilt), seen)
            row |= {dimension: value.name for dimension, value in spoilt}
            way = Way.of(base.name, row)
            fresh = set(combinations(way.values, 2)) - seen
            idle = 0 if fresh else idle + 1
            if fresh:
                seen |= fresh
                rows.use(way)
                yield way
        pair = next((each for each in heavy if each not in seen), None)
        if pair is not None:
            seen.add(pair)
            yield Way.of(base.name, pair)
        if (single := next(alone, None)) is not None:
            yield single


class _Rows(Generic[T]):
    """Makes ways with a value for most dimensions: of a few that are drawn, the more likely to matter and the less used
    the likelier, that which makes most pairs that were not seen."""

    def __init__(self, dimensions: Sequence[Dimension[T]], random: Random) -> None:
        mixing = [(d, [value for value in d.values if value.mixes]) for d in dimensions]
        self._values = [(d, values) for d, values in mixing if values]
        self._weights = {d.name: [value.weight for value in values] for d, values in self._values}
        self._places = {(d.name, v.name): place for d, values in self._values for place, v in enumerate(values)}
        self._random = random
        self._used: Counter[Single] = Counter()

    def use(self, way: Way) -> None:
        """What it holds is less likely from now on."""
        for single in way.values:
            place = self._places.get(single)
            if place is not None:
                weights, used = self._weights[single[0]], self._used[single]
                weights[place] *= (1 + used) / (2 + used)
                self._used[single] += 1

    def row(
        self, room: int, seen: Container[tuple[Single, Single]] | None = None, besides: Container[str] = ()
    ) -> dict[str, str]:
        """One that takes no more than ``room``, without dimensions ``besides``; ``seen`` None: any value will do."""
        row: dict[str, str] = {}
        order = [each for each in self._values if each[0].name not in besides]
        order = [each for each in order if self._random.random() < each[0].often]
        self._random.shuffle(order)
        for dimension, values in order:
            name = dimension.name
            drawn = self._random.choices(values, self._weights[name], k=1 if seen is None or not row else DRAWN)
            best = drawn[0] if seen is None else max(drawn, key=lambda value: _fresh((name, value.name), row, seen))
            if best.takes <= room:
                row[name] = best.name
                room -= best.takes
        return row


def _fresh(single: Single, row: Mapping[str, str], seen: Container[tuple[Single, Single]]) -> int:
    """How many pairs it makes with those of ``row`` that were not ``seen``."""
    return sum(_pair(single, each) not in seen for each in row.items())


def _pair(one: Single, other: Single) -> tuple[Single, Single]:
    return (one, other) if one < other else (other, one)


def _by_weight(dimensions: Sequence[Dimension[T]], most: int = 400) -> Iterator[tuple[Single, Single]]:
    """The pairs of most weight, in the order of their product."""
    top = sorted(
        ((v.weight, (d.name, v.name)) for d in dimensions for v in d.values if not v.parts and v.weight >= 3),
        reverse=True,
    )
    pairs = [(a * b, min(x, y), max(x, y)) for (a, x), (b, y) in combinations(top, 2) if x[0] != y[0]]
    yield from ((x, y) for _, x, y in sorted(pairs, reverse=True)[:most])

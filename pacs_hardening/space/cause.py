"""From a way that was served to the smallest departure that is, and from many of those to few causes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..model.response import Said
from ..model.space import Cause
from . import notation
from .dimension import Base, Way

T = TypeVar("T")
Served = Callable[[Way], bool]
CONFIRM = 3  # a way is asked so often again before it is taken for one that is not always served
OFTEN = 60  # and then its base is asked so often, to say how often it is


def smallest(way: Way, served: Served) -> Way:
    """No part of it can be left out: without any one of its values it is refused. The order of what is tried is that
    of the way, so that the same archive leads to the same cause."""
    if way.values and served(Way(way.base)):
        return Way(way.base)
    for dimension, _ in way.values:
        if len(way.values) > 1 and served(shorter := way.without(dimension)):
            way = shorter
    return way


def of_one_part(way: Way, base: Base[T], served: Served) -> Way:
    """Where a value tries several others together, the first of them that is served by itself; else the way."""
    for dimension, name in way.values:
        parts = next(v.parts for v in base.dimension(dimension).values if v.name == name)
        way = next((one for part in parts if served(one := way.but(dimension, part))), way)
    return way


def how_often(way: Way, served: Served) -> tuple[int, int]:
    """Served, and asked."""
    return sum(served(way) for _ in range(CONFIRM)), CONFIRM


@dataclass
class _Found:
    ways: list[Way]
    bases: list[str]
    request: str
    transcript: tuple[Said, ...]
    cases: int
    often: tuple[int, int]


@dataclass
class Causes(Generic[T]):
    """Collects what was served from ``bases``. ``most``: after so many causes no more are looked for, and what is
    served besides is counted as unexplained."""

    bases: dict[str, Base[T]]
    most: int = 12
    found: list[_Found] = field(default_factory=list)
    unexplained: int = 0
    told: Callable[[Way], str] | None = None  # what of a way is served, asked once more when it has been made small
    _drawn: dict[str, Way] = field(default_factory=dict)  # base -> what of it, drawn by chance, makes it served

    def add(self, way: Way, request: str, transcript: Sequence[Said], served: Served) -> None:
        """Count ``way`` with a cause that is known, or find its own. ``served`` asks the archive again."""
        way = self._told(way)
        known = next((f for f in self.found if any(way.holds(each) for each in f.ways)), None)
        if known is not None:
            known.cases += 1
            return
        if len(self.found) >= self.most:
            self.unexplained += 1
            return
        often = how_often(way, served)
        if often[0] < often[1] or self._repeats(way):
            self._now_and_then(way, request, transcript, served)
            return
        way = of_one_part(smallest(way, served), self.bases[way.base], served)
        way = way if way.values else self._of_what_was_drawn(way, served)
        request = self.told(way) if self.told is not None else request
        elsewhere = [name for name in self.bases if name != way.base and self._known_at(way, name)]
        everywhere = [way.base, *(name for name in elsewhere if served(way.at(name)))]
        self._merge(_Found([way.at(b) for b in everywhere], everywhere, request, tuple(transcript), 1, often))

    def _repeats(self, way: Way) -> bool:
        return any(self.bases[way.base].dimension(dimension).repeats for dimension, _ in way.values)

    def _now_and_then(self, way: Way, request: str, transcript: Sequence[Said], served: Served) -> None:
        """What is not served each time is served by chance, or by count: one cause for the base, with its rate."""
        known = next(
            (found for found in self.found if found.often[0] < found.often[1] and way.base in found.bases), None
        )
        if known is not None:
            known.cases += 1
            return
        bare = Way(way.base)
        often = sum(served(bare) for _ in range(OFTEN)), OFTEN
        self.found.append(_Found([bare], [way.base], request, tuple(transcript), 1, often))

    def _told(self, way: Way) -> Way:
        """With what was drawn for its base, where that matters and the way does not say otherwise."""
        drawn = self._drawn.get(way.base, way)
        return Way.of(way.base, {**dict(drawn.values), **dict(way.values)})

    def _of_what_was_drawn(self, way: Way, served: Served) -> Way:
        """The base is served as it is: because of a value that it has by chance, or whatever that value is."""
        base = self.bases[way.base]
        for dimension in base.dimensions:
            own = [v for v in dimension.values if v.change(base.start) == base.start]
            others = [v for v in dimension.values if v.mixes and v not in own][:: max(1, len(dimension.values) // 4)]
            if dimension.drawn and own and not any(served(way.but(dimension.name, v.name)) for v in others):
                way = self._drawn[base.name] = way.but(dimension.name, own[0].name)
        return way

    def _known_at(self, way: Way, base: str) -> bool:
        try:
            self.bases[base].resolve(way.at(base))
        except KeyError:
            return False
        return not self.bases[base].allows(way.at(base))

    def _merge(self, new: _Found) -> None:
        """With a cause that needs the same dimensions, in other values, for the same peers."""
        for old in self.found:
            # from several bases, which ask for different things, what was served first is one of many
            same = old.request == new.request or (len(new.bases) > 1 and set(old.bases) == set(new.bases))
            alike = _dimensions(old.ways[0]) == _dimensions(new.ways[0]) and same
            if alike and _differ_in_one(old.ways, new.ways[0]) and old.often[0] == old.often[1]:
                old.ways += [way for way in new.ways if way not in old.ways]
                old.bases += [base for base in new.bases if base not in old.bases]
                old.cases += new.cases
                return
        self.found.append(new)

    def result(self) -> tuple[tuple[Cause, tuple[Said, ...]], ...]:
        """Each cause with the transcript of one conversation."""
        return tuple((self._cause(found), found.transcript) for found in self.found)

    def _cause(self, found: _Found) -> Cause:
        needs = []
        every = []
        for dimension in _dimensions(found.ways[0]):
            values = tuple(dict.fromkeys(dict(way.values)[dimension] for way in found.ways))
            needs.append((dimension, values))
            plain = {
                v.name for v in self.bases[found.ways[0].base].dimension(dimension).values if not v.parts and v.mixes
            }
            if len(plain) > 1 and plain <= set(values):
                every.append(dimension)
        return Cause(
            tuple(found.bases),
            tuple(needs),
            found.request,
            notation.write(found.ways[0]),
            found.cases,
            tuple(every),
            *found.often,
        )


def _dimensions(way: Way) -> tuple[str, ...]:
    return tuple(dimension for dimension, _ in way.values)


def _differ_in_one(ways: Iterable[Way], new: Way) -> bool:
    """``new`` is one of ``ways`` but for one value, its base aside."""
    return any(len(set(way.values) - set(new.values)) <= 1 for way in ways)

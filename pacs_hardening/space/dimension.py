"""A space as data: bases, the dimensions in which one can depart from them, and ways, which are points of it.

Nothing here knows a protocol. What is asked is any frozen value (``T``); a base holds the one that it starts from, and
a value of a dimension turns one into another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum, auto
from functools import cached_property
from typing import Generic, TypeVar

from ..model import Impact

T = TypeVar("T")


class Layer(IntEnum):
    """Where a peer is looked at, in this order; for the web all is a message once TLS is there."""

    TLS = 1
    ASSOCIATION = 2
    MESSAGE = 3


class Kind(Enum):
    """Who asks: somebody who may do nothing here, or a node that asks for more than it may."""

    STRANGER = auto()
    OVERREACHING = auto()


@dataclass(frozen=True)
class Value(Generic[T]):
    """``weight``: how likely it is to matter, 1 for a value among many. ``mixes``: an archive has no reason to refuse
    it to an authorised node, so that it may stand beside other values without hiding what they do. ``parts``: the names
    of other values that it tries all together, in one conversation. ``takes``: of the room that a way has."""

    name: str
    change: Callable[[T], T]
    weight: float = 1.0
    impact: Impact = Impact.PASSIVE
    mixes: bool = True
    parts: tuple[str, ...] = ()
    takes: int = 1


@dataclass(frozen=True)
class Dimension(Generic[T]):
    """What can vary, and in which values; that of the base is none of them. ``reaches``: the first layer that sees it
    (what is refused in an earlier one was not refused for it). ``often``: in which share of the ways of many dimensions
    it departs from the base. ``drawn``: the base has one of the values, by chance.
    ``repeats``: its values are the base itself, several times."""

    name: str
    values: tuple[Value[T], ...]
    reaches: Layer = Layer.MESSAGE
    often: float = 0.75
    drawn: bool = False
    repeats: bool = False

    def __post_init__(self) -> None:
        names = {value.name for value in self.values}
        if len(names) != len(self.values):
            raise ValueError(f"dimension {self.name}: a value twice")
        for value in self.values:
            if missing := set(value.parts) - names:
                raise ValueError(f"dimension {self.name}: {value.name} has parts that it does not know: {missing}")

    @cached_property
    def changes(self) -> Mapping[str, Callable[[T], T]]:
        """By the names of the values."""
        return {value.name: value.change for value in self.values}

    def up_to(self, ceiling: Impact) -> Dimension[T]:
        """Without what would do more to the target than ``ceiling``."""
        kept = tuple(value for value in self.values if value.impact <= ceiling)
        names = {value.name for value in kept}
        return replace(self, values=tuple(v for v in kept if names >= set(v.parts)))

    def likeliest(self, most: int) -> Dimension[T]:
        """With so many values at most, those that weigh most; but with all that are tried together, or try others."""
        parts = {part for value in self.values for part in value.parts}
        light = [value for value in self.values if not value.parts and value.name not in parts]
        left_out = {value.name for value in sorted(light, key=lambda value: -value.weight)[most:]}
        return replace(self, values=tuple(value for value in self.values if value.name not in left_out))

    def other_than(self, start: T) -> Dimension[T]:
        """Without the values that change nothing of ``start``, but for parts of others, and what was drawn."""
        if self.drawn:
            return self
        parts = {part for value in self.values for part in value.parts}
        kept = (v for v in self.values if v.parts or v.name in parts or v.change(start) != start)
        return replace(self, values=tuple(kept))


@dataclass(frozen=True)
class Way:
    """A base and at most one value for each dimension, by name: what can be written down and had again."""

    base: str
    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, base: str, values: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> Way:
        return cls(base, tuple(sorted(dict(values).items())))

    def without(self, dimension: str) -> Way:
        return Way(self.base, tuple(each for each in self.values if each[0] != dimension))

    def but(self, dimension: str, value: str) -> Way:
        return Way.of(self.base, {**dict(self.values), dimension: value})

    def halves(self) -> tuple[Way, Way]:
        """Every second value each: neighbours are often of one kind."""
        return Way(self.base, self.values[::2]), Way(self.base, self.values[1::2])

    def at(self, base: str) -> Way:
        return Way(base, self.values)

    def holds(self, other: Way) -> bool:
        """It is ``other``, or departs from the same base in more."""
        return self.base == other.base and set(self.values) >= set(other.values)


def nothing(asked: object) -> bool:
    """The way of an archive that may serve none of them."""
    return False


@dataclass(frozen=True)
class Base(Generic[T]):
    """Somebody who must be refused, as they are without any particular. ``allowed``: which of the ways from here an
    archive may serve after all, because they are an authorised node doing what it may. ``alone``: values of that weight
    are tried by themselves first, lighter ones beside others. ``nobody``: somebody as unknown as can be: where an
    archive lets him in as far as the base is not let in, letting in is no news. ``pairs``: whether two values at once
    are tried from here. ``room``: what the values of one way may take together."""

    name: str
    kind: Kind
    start: T
    dimensions: tuple[Dimension[T], ...]
    allowed: Callable[[T], bool] = nothing
    alone: float = 5.0
    nobody: T | None = None
    pairs: bool = True
    room: int = 1000

    def dimension(self, name: str) -> Dimension[T]:
        """Raises KeyError."""
        return {each.name: each for each in self.dimensions}[name]

    def allows(self, way: Way) -> bool:
        """An archive may serve ``way``."""
        return self.allowed is not nothing and self.allowed(self.resolve(way))

    def resolve(self, way: Way) -> T:
        """What ``way`` asks. The order is that of the dimensions. Raises KeyError for what is not known here."""
        chosen = dict(way.values)
        asked = self.start
        for dimension in self.dimensions:
            if dimension.name in chosen:
                asked = dimension.changes[chosen.pop(dimension.name)](asked)
        if chosen:
            raise KeyError(next(iter(chosen)))
        return asked

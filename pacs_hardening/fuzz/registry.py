"""Every malformation by name: what it violates, what the standard asks of its receiver, and how one is made.

To add one, write one function in a module that `families` names. Its docstring is published: what is wrong with the
bytes, and what has gone wrong in receivers that believed them.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .conversation import Case, Expectation, Step

_T = TypeVar("_T")


class Pick(Protocol):
    """Where choices come from: from a number (quick, the same each time), or from Hypothesis (which shrinks them)."""

    def of(self, values: Sequence[_T]) -> _T: ...
    def number(self, low: int, high: int) -> int: ...
    def data(self, most: int) -> bytes: ...


class Seeded:
    """Choices from a seed. The first cases of a malformation walk through the first list it picks from."""

    def __init__(self, name: str, number: int, seed: int = 0) -> None:
        self._random = random.Random(f"{seed}/{name}/{number}")  # noqa: S311 - not for secrets
        self._walk: int | None = number if seed == 0 else None

    def of(self, values: Sequence[_T]) -> _T:
        if self._walk is not None:
            chosen = values[self._walk % len(values)]
            self._walk = None
            return chosen
        return self._random.choice(values)

    def number(self, low: int, high: int) -> int:
        return self._random.choice((low, high, self._random.randint(low, high)))

    def data(self, most: int) -> bytes:
        return self._random.randbytes(self._random.randint(0, most))


Steps = list[Step]
Maker = Callable[[Pick], Steps]


@dataclass(frozen=True)
class Malformation:
    """``name`` is ``<family>.<function>``; ``state`` where it is sent (Sta2: before, Sta6: on an association, any:
    it goes through them; PS3.8 9.2)."""

    name: str
    state: str
    clause: str
    expects: Expectation
    description: str
    make: Maker
    share: int = 1  # cases in one turn: of what has more to show than the others

    @property
    def family(self) -> str:
        return self.name.partition(".")[0]

    def case(self, number: int, seed: int = 0) -> Case:
        """The same for the same numbers, always."""
        return self.case_from(Seeded(self.name, number, seed), number)

    def case_from(self, pick: Pick, number: int = 0) -> Case:
        return Case(self.name, number, self.clause, self.expects, tuple(self.make(pick)))


REGISTRY: dict[str, Malformation] = {}


def malformation(
    clause: str,
    expects: Expectation = Expectation.REFUSAL,
    *,
    state: str = "Sta2",
    kind: type[Malformation] = Malformation,
) -> Callable[[Maker], Maker]:
    """Register a function that makes the steps. Raises TypeError without a docstring, or for a name that is taken."""

    def attach(make: Maker) -> Maker:
        family = make.__module__.rpartition(".")[2].replace("_", "-")
        name = f"{family}.{make.__name__.replace('_', '-')}"
        if not make.__doc__ or name in REGISTRY:
            raise TypeError(f"malformation {name}: without a docstring, or there already")
        REGISTRY[name] = kind(name, state, clause, expects, inspect.getdoc(make) or "", make)
        return make

    return attach

"""The smallest case of a malformation that still does it: Hypothesis chooses, and the server decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from . import walk
from .conversation import Case
from .malformations.sequence import Walks
from .registry import Malformation

_T = TypeVar("_T")


class _Drawn:
    """Choices that Hypothesis makes, and shrinks: values towards the first, numbers and bytes towards the smallest."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self._draw = draw

    def of(self, values: Sequence[_T]) -> _T:
        chosen: _T = self._draw(st.sampled_from(values))
        return chosen

    def number(self, low: int, high: int) -> int:
        return int(self._draw(st.integers(low, high)))

    def data(self, most: int) -> bytes:
        return bytes(self._draw(st.binary(max_size=most)))


def strategy(malformation: Malformation) -> st.SearchStrategy[Case]:
    """Its cases, as Hypothesis makes them."""

    @st.composite
    def made(draw: Any) -> Case:
        return malformation.case_from(_Drawn(draw))

    return made()


def smallest(malformation: Malformation, found: Case, fails: Callable[[Case], bool], tries: int) -> Case:
    """``found``, or a smaller case that fails too, after at most ``tries`` trials."""
    if isinstance(malformation, Walks):
        return walk.smallest(found, fails, tries)
    left = [tries]

    def still(case: Case) -> bool:
        left[0] -= 1
        return left[0] >= 0 and fails(case)

    bounded = settings(
        max_examples=tries,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    try:
        return find(strategy(malformation), still, settings=bounded)
    except NoSuchExample:
        return found

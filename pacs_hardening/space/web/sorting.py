"""Which values may stand beside others, by what the user gets with each of them at the same route."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ...wire.http import Answer
from ..dimension import Base, Dimension, Value, Way
from .alike import is_alike
from .ask import LANES, Asker
from .draft import Asked

# What an archive has reasons to refuse to anybody, but where it serves the user all the same it hides nothing.
_MAY_MIX = frozenset({"spelling", "prefix", "protocol", "origin"})


def sorted_out(base: Base[Asked], user: Asker) -> Iterator[Dimension[Asked]]:
    """What the user is not served with would hide what stands beside it (a type that the route cannot give, a foreign
    origin): it is tried by itself. What he is served with beside others of its kind hides nothing by itself; another
    spelling of a path hides nothing where he gets the same by it."""
    plain = user.ask(base.start)
    for dimension in base.dimensions:
        if dimension.name in _MAY_MIX and plain is not None:
            same = _found(base, dimension.name, dimension.values, user, lambda answer: is_alike(answer, plain))
            yield replace(dimension, values=tuple(replace(v, mixes=v.name in same) for v in dimension.values))
            continue
        mixing = [value for value in dimension.values if value.mixes and dimension.name != "route"]
        whole = {part: value.name for value in mixing for part in value.parts}
        hiding = _hiding(base, dimension.name, [value for value in mixing if value.name not in whole], user)
        hiding |= _hiding(base, dimension.name, [value for value in mixing if whole.get(value.name) in hiding], user)
        values = (replace(value, mixes=False) if value.name in hiding else value for value in dimension.values)
        yield replace(dimension, values=tuple(values))


def _hiding(base: Base[Asked], dimension: str, values: Sequence[Value[Asked]], user: Asker) -> set[str]:
    """The names of those that the user is not served with."""
    served = _found(base, dimension, values, user, lambda answer: 200 <= answer.status < 300)
    return {value.name for value in values} - served


def _found(
    base: Base[Asked],
    dimension: str,
    values: Sequence[Value[Asked]],
    user: Asker,
    is_so: Callable[[Answer], bool],
) -> set[str]:
    """The names of those with which the user's answer ``is_so``."""
    asked = [base.resolve(Way.of(base.name, [(dimension, value.name)])) for value in values]
    with ThreadPoolExecutor(LANES) as pool:
        lanes = list(pool.map(user.in_lane, [asked[lane::LANES] for lane in range(LANES)]))
    return {
        value.name
        for lane, answers in enumerate(lanes)
        for value, answer in zip(values[lane::LANES], answers, strict=True)
        if answer is not None and is_so(answer)
    }

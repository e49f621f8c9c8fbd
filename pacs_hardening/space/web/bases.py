"""Somebody without a login at every route: the whole table at the first, what is likeliest at the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import inf

from ...model import Endpoint, Target, Unmeasurable, WebRequest
from ..dimension import Base, Dimension, Kind, Value, Way
from .ask import LANES, Asker
from .dimensions import dimensions
from .draft import Asked
from .routes import routes

ASKING = " asking "  # between who it is and what they ask for, in the name of a base
_LIKELIEST = 30  # values of each dimension at siblings: the table has the likeliest first
_BEFORE = "before it on the connection"  # elsewhere only after itself: what a later request alone is served is said so
# What is tried by itself at other routes than the first, beside all that can stand in one request with other values.
# How many of its values: None for all.
_AT_NAMED: dict[str, int | None] = dict.fromkeys(
    ("method", "protocol", "host", "accept", "origin", "fetch metadata", "registered field", _BEFORE)
)
_AT_SIBLINGS: dict[str, int | None] = {"method": _LIKELIEST, "registered field": 10}


@dataclass(frozen=True)
class Present:
    """Routes that the user is served at, and those of objects that do not exist."""

    found: tuple[WebRequest, ...]
    maybe: tuple[WebRequest, ...]


def present(target: Target, endpoint: Endpoint, user: Asker) -> Present:
    """Raises Unmeasurable where the user is served nowhere: what nobody is served at shows nothing."""
    named = list(routes(target))
    found, maybe = list[WebRequest](), list[WebRequest]()
    with ThreadPoolExecutor(LANES) as pool:
        answers = pool.map(user.ask, [Asked(endpoint, request) for request in named])
        for request, answer in zip(named, answers, strict=True):
            status = answer.status if answer else 0
            if 200 <= status < 300:
                found.append(request)
            elif status == 404 and request.absent:
                maybe.append(request)
    if not found:
        raise Unmeasurable(f"{endpoint}: the user is served at none of {len(named)} routes")
    return Present(tuple(found), tuple(maybe))


def bases(name: str, target: Target, endpoint: Endpoint, user: Asker) -> list[Base[Asked]]:
    """The first is called ``name``. Raises as `present` does."""
    there = present(target, endpoint, user)
    first = Base(name, Kind.STRANGER, Asked(endpoint, there.found[0]), dimensions(there.found, there.maybe))
    first = replace(first, dimensions=tuple(_sorted_out(first, user)))
    own = {*target.routes.values(), *(each.path for each in target.protected_requests)}
    rest = tuple(map(_light, (each for each in first.dimensions if each.name != "route")))
    named, few = tuple(_only(rest, _AT_NAMED)), tuple(_only(rest, _AT_SIBLINGS, _LIKELIEST))
    return [first, *_others(first, [*there.found[1:], *there.maybe], own, named, few)]


def _others(
    first: Base[Asked],
    requests: Sequence[WebRequest],
    own: set[str],
    named: tuple[Dimension[Asked], ...],
    few: tuple[Dimension[Asked], ...],
) -> Iterator[Base[Asked]]:
    for request in requests:
        whole = request.path in own or request.path.partition("?")[0] in own
        called = f"{first.name}{ASKING}{request.method} {request.path}"
        yield Base(called, Kind.STRANGER, first.start.at(request), named if whole else few, alone=inf, pairs=False)


def _light(dimension: Dimension[Asked]) -> Dimension[Asked]:
    """Without the fields that a value tries together: those were tried one by one at the first route."""
    parts = {part for value in dimension.values for part in value.parts}
    kept = (replace(value, parts=()) for value in dimension.values if value.name not in parts)
    return replace(dimension, values=tuple(kept))


def _only(
    dimensions: Iterable[Dimension[Asked]], whole: Mapping[str, int | None], most: int | None = None
) -> Iterator[Dimension[Asked]]:
    """Of those that are not ``whole`` what can stand beside other values, ``most`` of each; of these so many as it
    says."""
    for each in dimensions:
        values = each.values if each.name in whole else tuple(value for value in each.values if value.mixes)
        values = each.values[:1] if each.name == _BEFORE and each.name not in whole else values
        if values:
            yield replace(each, values=values[: whole.get(each.name, most)])


def _sorted_out(base: Base[Asked], user: Asker) -> Iterator[Dimension[Asked]]:
    """What the user is not served with would hide what stands beside it (a type that the route cannot give, a foreign
    origin): it is tried by itself. What he is served with beside others of its kind hides nothing by itself."""
    for dimension in base.dimensions:
        mixing = [value for value in dimension.values if value.mixes and dimension.name != "route"]
        whole = {part: value.name for value in mixing for part in value.parts}
        hiding = _hiding(base, dimension.name, [value for value in mixing if value.name not in whole], user)
        hiding |= _hiding(base, dimension.name, [value for value in mixing if whole.get(value.name) in hiding], user)
        values = (replace(value, mixes=False) if value.name in hiding else value for value in dimension.values)
        yield replace(dimension, values=tuple(values))


def _hiding(base: Base[Asked], dimension: str, values: Sequence[Value[Asked]], user: Asker) -> set[str]:
    """The names of those that the user is not served with."""
    asked = [base.resolve(Way.of(base.name, [(dimension, value.name)])) for value in values]
    with ThreadPoolExecutor(LANES) as pool:
        lanes = list(pool.map(user.in_turn, [asked[lane::LANES] for lane in range(LANES)]))
    return {
        value.name
        for lane, answers in enumerate(lanes)
        for value, answer in zip(values[lane::LANES], answers, strict=True)
        if answer is None or not 200 <= answer.status < 300
    }

"""Somebody without a login at every route: the whole table at the first, what is likeliest at the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import inf

from ...model import Endpoint, Target, Unmeasurable, WebRequest
from ..dimension import Base, Dimension, Kind
from .ask import LANES, Asker
from .dimensions import ROOM, dimensions
from .draft import Asked
from .routes import looked_for, routes
from .sorting import sorted_out

ASKING = " asking "  # between who it is and what they ask for, in the name of a base
_BEFORE = "before it on the connection"  # elsewhere only after itself: what a later request alone is served is said so
# What is tried by itself at other routes than the first, beside what can stand in one request with other values. How
# many of its values, the likeliest first: None for all. Of what is not named, so many as `_OTHERS_AT…` says.
_AT_NAMED: dict[str, int | None] = {
    "method": None,
    "spelling": 40,
    "prefix": 8,
    "protocol": None,
    "host": None,
    "accept": None,
    "origin": None,
    "fetch metadata": None,
    "registered field": None,
    _BEFORE: None,
}
_OTHERS_AT_NAMED, _OTHERS_AT_SIBLINGS = 40, 16
_AT_SIBLINGS: dict[str, int | None] = {
    "method": 6,
    "spelling": 10,
    "registered field": 5,
    "other preferences": 10,
}


@dataclass(frozen=True)
class Present:
    """Routes that the user is served at, and those of objects that do not exist."""

    found: tuple[WebRequest, ...]
    maybe: tuple[WebRequest, ...]


def present(target: Target, endpoint: Endpoint, user: Asker) -> Present:
    """Raises Unmeasurable where the user is served nowhere: what nobody is served at shows nothing. Of an object that
    is stored (the sample study) a resource that the user is not given is none that the archive has."""
    named = list(routes(target))
    found, maybe = list[WebRequest](), list[WebRequest]()
    with ThreadPoolExecutor(LANES) as pool:
        answers = pool.map(user.ask, [Asked(endpoint, request) for request in named])
        for request, answer in zip(named, answers, strict=True):
            status = answer.status if answer else 0
            stored = request.method == "GET" and "/studies/" in request.path and target.sample_study is not None
            if 200 <= status < 300:
                found.append(request)
            elif request.absent and status in looked_for(request) and not stored:
                maybe.append(request)
    if not found:
        raise Unmeasurable(f"{endpoint}: the user is served at none of {len(named)} routes")
    return Present(tuple(found), tuple(maybe))


def bases(name: str, target: Target, endpoint: Endpoint, user: Asker, stranger: Asker) -> list[Base[Asked]]:
    """The first is called ``name``. Raises as `present` does. Where the ``stranger`` is told the same of what he sends,
    it was looked at before anybody asked who he is: that shows nothing."""
    there = present(target, endpoint, user)
    first = Base(name, Kind.STRANGER, Asked(endpoint, there.found[0]), dimensions(there.found, there.maybe), room=ROOM)
    first = replace(first, dimensions=tuple(sorted_out(first, user)))
    own = {*target.routes.values(), *(each.path for each in target.protected_requests)}
    rest = tuple(map(_light, (each for each in first.dimensions if each.name != "route")))
    named = tuple(_only(rest, _AT_NAMED, _OTHERS_AT_NAMED))
    few = tuple(_only(rest, _AT_SIBLINGS, _OTHERS_AT_SIBLINGS))
    return [first, *_others(first, [*there.found[1:], *_asked_who(there.maybe, endpoint, stranger)], own, named, few)]


def _asked_who(maybe: Iterable[WebRequest], endpoint: Endpoint, stranger: Asker) -> Iterator[WebRequest]:
    for request in maybe:
        answer = stranger.ask(Asked(endpoint, request)) if request.body else None
        if answer is None or answer.status not in looked_for(request):
            yield request


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
        yield Base(
            called, Kind.STRANGER, first.start.at(request), named if whole else few, alone=inf, pairs=False, room=ROOM
        )


def _light(dimension: Dimension[Asked]) -> Dimension[Asked]:
    """Without the fields that a value tries together: those were tried one by one at the first route."""
    parts = {part for value in dimension.values for part in value.parts}
    kept = (replace(value, parts=()) for value in dimension.values if value.name not in parts)
    return replace(dimension, values=tuple(kept))


def _only(
    dimensions: Iterable[Dimension[Asked]], whole: Mapping[str, int | None], others: int
) -> Iterator[Dimension[Asked]]:
    """Of those that are not ``whole`` what can stand beside other values, ``others`` at most; of these so many as it
    says."""
    for each in dimensions:
        values = each.values if each.name in whole else tuple(value for value in each.values if value.mixes)
        values = each.values[:1] if each.name == _BEFORE and each.name not in whole else values
        if values:
            yield replace(each, values=values[: whole.get(each.name, others)])

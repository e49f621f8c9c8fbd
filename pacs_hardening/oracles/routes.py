"""A route of the web endpoints: refused to strangers, served to a user, where it is named and where it usually is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from ..model import Inapplicable, Missing, Target, WebRequest
from ..probes.authorised import Authorised
from ..probes.web import elsewhere
from ..probes.web.elsewhere import at_no_such_path
from ..probes.web.request import MANNERS, WebAttempt, route, send, side_by_side
from .access import must_hold
from .web import NO_CONTENT, Reply, failure, is_empty, must_refuse_alike


@dataclass(frozen=True)
class Route:
    """``name`` as the target names it; ``conventional``: paths at which products have such a route."""

    name: str
    target: Target
    authorised: Authorised
    conventional: Sequence[str]

    def refuses_anonymous(self, query: str = "") -> None:
        """The named route, and what else the target names beside it, first without a login, then with one; and where
        such routes are by convention, whatever the target names."""
        target = self.target
        besides = [each for each in target.protected_requests if each.route == self.name]
        self.serves_no_stranger_elsewhere(query)
        if not target.routes.get(self.name):
            refuses_strangers(target, self.authorised, besides, MANNERS)
            self._demand_absence(query)
            if besides:
                return
            raise Inapplicable(f"the target has no {self.name} route, for a user neither")
        path = route(target, self.name) + query
        nothing_stored = target.sample_study is None and "{instance}" in target.routes[self.name]
        refuses_strangers(target, self.authorised, [WebRequest(path, absent=nothing_stored), *besides], MANNERS)
        self.authorised.web(path, absent=nothing_stored)

    def serves_no_stranger_elsewhere(self, query: str = "", **request: Any) -> None:
        """What a target does not name is asked for all the same."""
        paths = [f"{path}{query}" for path in self.conventional if path != self.target.routes.get(self.name)]
        manners = ({"headers": each} for each in MANNERS) if not request else (request,)
        found = [each for manner in manners for each in elsewhere.served(self.target, paths, **manner)]
        unnamed = f", which the target does not name as its {self.name} route"
        must_hold(NO_CONTENT, [failure(each, unnamed) for each in found])

    def existing_path(self, **request: Any) -> str:
        """Raises Missing where the target says nothing of the route, or says that there is none and a user is served at
        a conventional place by such a ``request``; Inapplicable where a user is not served either."""
        if path := route(self.target, self.name):
            return path
        self._demand_absence(**request)
        raise Inapplicable(f"the target has no {self.name} route, for a user neither")

    def _demand_absence(self, query: str = "", **request: Any) -> None:
        """Raises Missing as ``existing_path`` does."""
        target = self.target
        route(target, self.name)
        every = (*target.routes.values(), *(r.path for r in target.protected_requests))
        named = {path.partition("?")[0] for path in every}
        paths = [f"{path}{query}" for path in self.conventional if path.partition("?")[0] not in named]
        found = elsewhere.served(target, paths, user=self.authorised.user(), **request)
        self.authorised.page()
        if found:
            raise Missing(f"the target says that it has no {self.name} route, but serves a user: {found[0].asked}")


def refuses_strangers(
    target: Target, authorised: Authorised, requests: list[WebRequest], manners: tuple[dict[str, str], ...]
) -> None:
    """Each request at every web endpoint: of strangers in several manners, then of a user."""
    asked = [(each, endpoint) for each in requests for endpoint in target.endpoints_of("web")]

    def as_stranger(manner: dict[str, str]) -> list[WebAttempt]:
        return side_by_side(lambda one: send(target, one[0], endpoint=one[1], headers=manner), asked)

    strangers = [as_stranger(manner) for manner in manners]
    served = [each for told in strangers for each in told if Reply.of(each.response) is Reply.SERVED]
    must_hold(NO_CONTENT, [failure(each) for each in served if not is_empty(each)])
    user = authorised.user()
    users = side_by_side(lambda one: send(target, one[0], endpoint=one[1], user=user, headers=manners[0]), asked)
    told = zip(asked, zip(*strangers, strict=True), users, strict=True)
    must_refuse_alike([(each, of, own) for (each, _), of, own in told], target, cache(partial(at_no_such_path, target)))

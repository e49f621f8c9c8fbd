"""Probe: an endpoint without TLS that does nothing but send everybody on to https."""

from __future__ import annotations

import secrets

from ...model import Endpoint, Target, Unmeasurable
from ...model.response import HttpStatus
from .request import ask, filled, side_by_side

METHODS = ("GET", "HEAD", "POST", "OPTIONS")


def only_sends_on(target: Target, endpoint: Endpoint) -> bool:
    """Whether each route, and a path that nobody has, is answered so by each method, with a login and without."""
    paths = {"/", f"/{secrets.token_hex(8)}", *(filled(path, target) for path in target.routes.values() if path)}
    users = (None, *[*target.users.values()][:1])
    try:
        if not _goes_on(ask(target, "/", endpoint=endpoint).response):
            return False
    except Unmeasurable:
        return False
    asked = [(path, method, user) for path in sorted(paths) for method in METHODS for user in users]
    told = side_by_side(lambda one: ask(target, one[0], endpoint=endpoint, method=one[1], user=one[2]), asked)
    return all(_goes_on(each.response) for each in told)


def _goes_on(response: object) -> bool:
    return isinstance(response, HttpStatus) and 300 <= response.code < 400 and response.to_https

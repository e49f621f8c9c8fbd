"""Probe: what a web endpoint lets another site's page do through the browser of a user who is logged in."""

from __future__ import annotations

from functools import partial

from ...model import (
    Endpoint,
    Target,
    User,
    WebRequest,
)
from .request import (
    WebAttempt,
    ask,
    send,
    side_by_side,
)

ELSEWHERE = "https://elsewhere.invalid"
SIMPLE = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
)  # sent without preflight


def own(target: Target, endpoint: Endpoint) -> dict[str, str]:
    """What a browser says of a request that the archive's own page makes (Fetch, Fetch Metadata)."""
    scheme = "https" if endpoint.tls else "http"
    return {
        "Origin": f"{scheme}://{target.server_name or endpoint.host}:{endpoint.port}",
        "Sec-Fetch-Site": "same-origin",
    }


def reads(target: Target, endpoint: Endpoint, path: str, user: User) -> list[WebAttempt]:
    """The answers that give another site leave to read them (Access-Control-Allow-Origin), preflights included."""
    preflight = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    asked = [
        (
            origin,
            partial(ask, target, path, endpoint=endpoint, method=method, user=who, headers={"Origin": origin, **more}),
        )
        for origin in (ELSEWHERE, "null")
        for method, who, more in [("GET", user, {}), ("GET", None, {}), ("OPTIONS", None, preflight)]
    ]
    told = side_by_side(lambda one: (one[0], one[1]()), asked)
    given = [(origin, a, a.answer.headers.get("access-control-allow-origin")) for origin, a in told if a.answer]
    return [attempt for origin, attempt, allowed in given if allowed in ("*", origin)]


def posts(target: Target, endpoint: Endpoint, asked: WebRequest, user: User) -> list[WebAttempt]:
    """The request as pages of other sites send it: a foreign one, a sandboxed one, one of the same host."""
    sites = (
        {"Origin": ELSEWHERE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Origin": ELSEWHERE},  # a browser from before Sec-Fetch-Site
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": own(target, endpoint)["Origin"][:-1], "Sec-Fetch-Site": "same-site"},  # another port
    )
    manners = [{**site, "Content-Type": kind} for site in sites for kind in SIMPLE]
    return side_by_side(lambda manner: send(target, asked, endpoint=endpoint, user=user, headers=manner), manners)

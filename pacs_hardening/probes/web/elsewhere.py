"""Probe: is something served at paths that the target does not name, where such things are by convention?"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping

from ...model import Endpoint, Target, User
from ...model.response import Served
from ...wire.http import Answer
from .crawl import listing
from .request import DICOM_TYPES, NOBODY, WebAttempt, ask, filled, leaks, side_by_side

EMPTY = (b"", b"[]", b"{}", b"null")


def served(
    target: Target,
    paths: Iterable[str],
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    user: User | None = None,
    endpoints: Iterable[Endpoint] | None = None,
) -> list[WebAttempt]:
    """Where at the web endpoints a success (2xx) answers one of ``paths`` that does not answer a made-up path beside it
    or at the root as well: a page that stands for whatever is asked says nothing, but for a list of patients or an
    object. Raises as ``ask`` does."""

    def asked(one: tuple[Endpoint, str]) -> WebAttempt:
        return ask(target, one[1], endpoint=one[0], method=method, headers=headers, body=body, user=user)

    found = []
    for endpoint in target.endpoints_of("web") if endpoints is None else endpoints:
        wanted = [filled(path, target) for path in paths]
        attempts = side_by_side(asked, [(endpoint, path) for path in wanted])
        for path, attempt in zip(wanted, attempts, strict=True):
            if attempt.answer is None or not isinstance(attempt.response, Served):
                continue
            beside = path.partition("?")[0].rstrip("/").rpartition("/")[0]
            made_up = [f"{folder}/{secrets.token_hex(8)}" for folder in dict.fromkeys((beside, ""))]
            lost = side_by_side(asked, [(endpoint, each) for each in made_up])
            kind = attempt.answer.headers.get("content-type", "")
            data = attempt.answer.body.strip() not in EMPTY and (
                bool(listing(attempt.answer)) or kind.startswith(DICOM_TYPES)
            )
            page = _plain(attempt, path)
            if data or page not in [_plain(each, at) for each, at in zip(lost, made_up, strict=True) if each.answer]:
                found.append(attempt)
    return found


def at_no_such_path(target: Target, endpoint: Endpoint) -> WebAttempt:
    """What somebody without a login is told at a path that nobody has."""
    return ask(target, f"/{secrets.token_hex(8)}", endpoint=endpoint)


def is_alike(one: WebAttempt, other: WebAttempt) -> bool:
    """The same answer, but for the paths, and for numbers and tokens that change with each."""
    paths = [each.asked.partition(" ")[2] for each in (one, other)]
    return _plain(one, paths[0]) == _plain(other, paths[1])


def is_for_all(target: Target, attempt: WebAttempt, method: str) -> bool:
    """Whether a stranger is told the same by the same method at a path that nobody has."""
    answer, nothing = attempt.answer, Answer(0, {}, b"")
    if method == "GET" and answer and (listing(answer) or leaks(answer, nothing, target)):
        return False
    return is_alike(attempt, ask(target, f"/{NOBODY}", endpoint=attempt.endpoint, method=method))


def _plain(attempt: WebAttempt, path: str) -> tuple[int, bytes]:
    """Status and body, but for the path itself, which many pages repeat, and for numbers and tokens that change with
    each answer."""
    name = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    text = (attempt.answer.body if attempt.answer else b"").replace(path.encode(), b"")
    return attempt.status, re.sub(rb"[0-9a-fA-F-]{8,}|\d+", b"", text.replace(name.encode(), b"") if name else text)

"""Probe: request bodies that are larger than a web endpoint should take, announced, endless, or packed small."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial

from ...model import Endpoint, Target, User
from ...wire import tls
from ...wire.http import send_body
from .request import (
    Hangs,
    WebAttempt,
    ask,
    attempted,
    filled,
    multipart_object,
    send,
    side_by_side,
)

MOST = 256 << 20
MARGIN = 16 << 20  # what may be under way in buffers when the endpoint has had enough
WAITS_S = 4.0
REFUSALS = (0, 400, 411, 413, 415, 417)  # 0: the connection was closed
DEPTH = 500


def oversized(
    target: Target, endpoint: Endpoint, stow: str, user: User, limit: int
) -> list[tuple[str, WebAttempt | None]]:
    """What each kind of body is called, and what the endpoint answered; None where it waited for more of it. Beyond a
    limit of 256 MiB lengths are only announced."""
    headers, body = multipart_object(b"")
    start = body.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + bytes(128) + b"DICM"
    announce = partial(ask, target, stow, endpoint=endpoint, method="POST", user=user, headers=headers, seconds=WAITS_S)
    kinds: dict[str, Callable[[], WebAttempt]] = {
        "one byte more than the limit, announced": lambda: announce(announced=limit + 1),
        "64 GiB, announced": lambda: announce(announced=1 << 36),
    }
    if limit > MOST:
        return _asked(kinds)
    kinds["a chunked body without end"] = partial(_pour, target, endpoint, stow, user, headers, start, limit + MARGIN)
    search = next((each for each in target.protected_requests if each.method == "POST" and each.body), None)
    if search is not None:
        packed = gzip.compress(b" " * limit + filled(search.body, target).encode(), compresslevel=1)
        more = {"Content-Encoding": "gzip"}
        bomb = partial(send, target, search, endpoint=endpoint, user=user, headers=more, body=packed)
        kinds[f"{len(packed) >> 10} KiB of gzip that unpack beyond the limit"] = bomb
    return _asked(kinds)


def _asked(kinds: dict[str, Callable[[], WebAttempt]]) -> list[tuple[str, WebAttempt | None]]:
    return list(zip(kinds, side_by_side(_or_waiting, kinds.values()), strict=True))


def nested(target: Target, endpoint: Endpoint, stow: str, user: User) -> WebAttempt | None:
    """What the endpoint says to multipart within multipart; None where it does not come to an end with it."""
    body = b""
    for level in range(DEPTH):
        head = b"Content-Type: multipart/related; boundary=%d" % (level - 1)
        body = b"--%d\r\n%b\r\n\r\n%b\r\n--%d--" % (level, head, body, level)
    headers = {"Content-Type": f'multipart/related; type="application/dicom"; boundary={DEPTH - 1}'}
    return _or_waiting(
        partial(ask, target, stow, endpoint=endpoint, method="POST", user=user, headers=headers, body=body)
    )


def _or_waiting(send: Callable[[], WebAttempt]) -> WebAttempt | None:
    try:
        return send()
    except Hangs:
        return None


def _pour(
    target: Target, endpoint: Endpoint, stow: str, user: User, headers: dict[str, str], start: bytes, count: int
) -> WebAttempt:
    context, name = tls.client(user.keys) if endpoint.tls else None, target.server_name
    return attempted(
        endpoint,
        f"POST {stow}, chunked",
        lambda: send_body(endpoint, stow, context, user=user, headers=headers, start=start, count=count, name=name),
        logged_in=True,
    )

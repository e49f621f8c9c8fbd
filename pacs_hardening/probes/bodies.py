"""Probe: request bodies that are larger than a web door should take, announced, endless, or packed small."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial

from ..model import Door, Target, User
from ..wire import tls
from ..wire.http import pour
from .web import Hangs, WebAttempt, ask, attempted, filled, multipart_object, send, side_by_side

MOST = 256 << 20
MARGIN = 16 << 20  # what may be under way in buffers when the door has had enough
WAITS_S = 4.0
REFUSALS = (0, 400, 411, 413, 415, 417)  # 0: the connection was closed
DEPTH = 500


def oversized(target: Target, door: Door, stow: str, user: User, limit: int) -> list[tuple[str, WebAttempt | None]]:
    """What each kind of body is called, and what the door answered; None where it waited for more of it. Beyond a limit
    of 256 MiB lengths are only announced."""
    headers, body = multipart_object(b"")
    start = body.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + bytes(128) + b"DICM"
    announce = partial(ask, target, stow, door=door, method="POST", user=user, headers=headers, seconds=WAITS_S)
    kinds: dict[str, Callable[[], WebAttempt]] = {
        "one byte more than the limit, announced": lambda: announce(announced=limit + 1),
        "64 GiB, announced": lambda: announce(announced=1 << 36),
    }
    if limit > MOST:
        return _asked(kinds)
    kinds["a chunked body without end"] = partial(_pour, target, door, stow, user, headers, start, limit + MARGIN)
    search = next((each for each in target.further if each.method == "POST" and each.body), None)
    if search is not None:
        packed = gzip.compress(b" " * limit + filled(search.body, target).encode(), compresslevel=1)
        more = {"Content-Encoding": "gzip"}
        bomb = partial(send, target, search, door=door, user=user, headers=more, body=packed)
        kinds[f"{len(packed) >> 10} KiB of gzip that unpack beyond the limit"] = bomb
    return _asked(kinds)


def _asked(kinds: dict[str, Callable[[], WebAttempt]]) -> list[tuple[str, WebAttempt | None]]:
    return list(zip(kinds, side_by_side(_or_waiting, kinds.values()), strict=True))


def nested(target: Target, door: Door, stow: str, user: User) -> WebAttempt | None:
    """What the door says to multipart within multipart; None where it does not come to an end with it."""
    body = b""
    for level in range(DEPTH):
        head = b"Content-Type: multipart/related; boundary=%d" % (level - 1)
        body = b"--%d\r\n%b\r\n\r\n%b\r\n--%d--" % (level, head, body, level)
    headers = {"Content-Type": f'multipart/related; type="application/dicom"; boundary={DEPTH - 1}'}
    return _or_waiting(partial(ask, target, stow, door=door, method="POST", user=user, headers=headers, body=body))


def _or_waiting(send: Callable[[], WebAttempt]) -> WebAttempt | None:
    try:
        return send()
    except Hangs:
        return None


def _pour(
    target: Target, door: Door, stow: str, user: User, headers: dict[str, str], start: bytes, count: int
) -> WebAttempt:
    context, name = tls.client(None) if door.tls else None, target.server_name
    return attempted(
        door,
        f"POST {stow}, chunked",
        lambda: pour(door, stow, context, user=user, headers=headers, start=start, count=count, name=name),
        "with a login",
    )

"""Probe: what a web endpoint says to wrong passwords, and how long it takes to say it."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from statistics import median

from ...model import (
    Endpoint,
    Secret,
    Target,
    Unmeasurable,
    User,
)
from ...model.response import Served
from ...wire.pages import is_login
from .request import WebAttempt, ask

SAMPLES = 4  # few: each is a failed login of a real user, and five of them commonly lock him out
MOST = 100  # NIST SP 800-63B 5.2.2: no more than 100 failed attempts in a row
APART_S = 0.1
_ALWAYS_DIFFERENT = ("date", "age", "x-request-id", "content-length")


@dataclass(frozen=True)
class WrongLogin:
    """Answers to wrong passwords of one user: what is the same in all of them, and the seconds that each took."""

    attempts: tuple[WebAttempt, ...]
    same: tuple[object, ...]
    seconds: tuple[float, ...]


def nobody() -> User:
    return User(f"nobody-{secrets.token_hex(4)}", Secret(secrets.token_hex(16)))


def guess(target: Target, endpoint: Endpoint, path: str, user: User) -> tuple[WrongLogin, WrongLogin]:
    """Wrong passwords of ``user`` and of nobody, in turns. Raises Unmeasurable where answers to one and the same
    guess differ or are no judgement of it, so that nothing can be compared."""
    stranger = nobody().username
    samples: tuple[list[tuple[WebAttempt, float]], ...] = ([], [])
    for password in _wrong_passwords(user):
        for name, into in zip((user.username, stranger), samples, strict=True):
            began = time.perf_counter()
            into.append((ask(target, path, endpoint=endpoint, user=User(name, password)), time.perf_counter() - began))
    known, unknown = (_wrong(each, name) for name, each in zip((user.username, stranger), samples, strict=True))
    return known, unknown


def _wrong_passwords(user: User) -> tuple[Secret, ...]:
    """As many as there are samples: none, the name again, the beginning of the right one; some that are nothing like
    it."""
    likely = ("", user.username, user.password.reveal()[:8])
    return (
        *(Secret(text) for text in likely if text != user.password.reveal()),
        *(nobody().password for _ in range(9)),
    )[:SAMPLES]


def _wrong(samples: list[tuple[WebAttempt, float]], username: str) -> WrongLogin:
    same = {_comparable(attempt, username) for attempt, _ in samples}
    served = [attempt for attempt, _ in samples if isinstance(attempt.response, Served)]
    if len(same) != 1 and not served:
        raise Unmeasurable(samples[0][0].observed, " at first, and something else to the same guess later")
    first = samples[0][0]
    turned_away = first.status in (401, 403) or 300 <= first.status < 400 or (first.answer and is_login(first.answer))
    if not turned_away and not served:
        raise Unmeasurable(samples[0][0].observed, " to a wrong password: throttled, redirected or broken")
    return WrongLogin(tuple(a for a, _ in samples), same.pop(), tuple(seconds for _, seconds in samples))


def _comparable(attempt: WebAttempt, username: str) -> tuple[object, ...]:
    """Status, headers and body, without what is different every time and without the user name itself."""
    if attempt.answer is None:
        return ()
    headers = {
        name: re.sub(r'nonce="[^"]*"|=[0-9A-Za-z+/._-]{16,}', "", value)
        for name, value in attempt.answer.headers.items()
        if name not in _ALWAYS_DIFFERENT
    }
    return attempt.status, tuple(sorted(headers.items())), attempt.answer.body.replace(username.encode(), b"")


def differ(known: WrongLogin, unknown: WrongLogin) -> bool:
    """Every refusal of one took longer than every one of the other, which were asked for in turns; and typically three
    times as long, and a tenth of a second longer. Load of the machine does that once in thousands of runs, and not
    twice."""
    fast, slow = sorted((known.seconds, unknown.seconds), key=median)
    return min(slow) > max(fast) and median(slow) > max(3 * median(fast), median(fast) + APART_S)


@dataclass(frozen=True)
class Throttled:
    """What came of the last guess at a made-up ``user``; ``first``: the status of the first."""

    attempt: WebAttempt
    user: User
    first: int


def guess_until_throttled(target: Target, endpoint: Endpoint, path: str) -> Throttled | None:
    """Wrong passwords of one made-up user until the endpoint serves him, or answers otherwise than at first; None
    where it never does."""
    user, first = nobody().username, 0
    for _ in range(MOST):
        guessed = User(user, nobody().password)
        attempt = ask(target, path, endpoint=endpoint, user=guessed)
        first = first or attempt.status
        served = isinstance(attempt.response, Served)
        if attempt.answer is None or served or attempt.status != first or "retry-after" in attempt.answer.headers:
            return Throttled(attempt, guessed, first)
    return None

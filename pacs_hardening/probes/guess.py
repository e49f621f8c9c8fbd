"""Probe: what a web door says to wrong passwords, and how long it takes to say it."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from statistics import median

from ..model import Door, Secret, Target, Unmeasurable, User
from .web import WebAttempt, ask

SAMPLES = 5  # few: each is a failed login of a real user, and may not lock him out
MOST = 100  # NIST SP 800-63B 5.2.2: no more than 100 failed attempts in a row
APART_S = 0.1
_ALWAYS_DIFFERENT = ("date", "age", "x-request-id", "content-length")


@dataclass(frozen=True)
class Wrong:
    """Answers to wrong passwords of one user: what is the same in all of them, and the seconds that each took."""

    attempts: tuple[WebAttempt, ...]
    told: tuple[object, ...]
    seconds: tuple[float, ...]


def nobody() -> User:
    return User(f"nobody-{secrets.token_hex(4)}", Secret(secrets.token_hex(16)))


def guess(target: Target, door: Door, path: str, user: User) -> tuple[Wrong, Wrong]:
    """Wrong passwords of ``user`` and of nobody, in turns. Raises Unmeasurable where answers to one and the same
    guess differ or are no judgement of it, so that nothing can be compared."""
    users = (User(user.username, nobody().password), nobody())
    samples: tuple[list[tuple[WebAttempt, float]], ...] = ([], [])
    for _ in range(SAMPLES):
        for each, into in zip(users, samples, strict=True):
            began = time.perf_counter()
            into.append((ask(target, path, door=door, user=each), time.perf_counter() - began))
    known, unknown = (_wrong(each, user.username) for user, each in zip(users, samples, strict=True))
    return known, unknown


def _wrong(samples: list[tuple[WebAttempt, float]], username: str) -> Wrong:
    told = {_told(attempt, username) for attempt, _ in samples}
    if len(told) != 1:
        raise Unmeasurable(f"{samples[0][0].said} at first, and something else to the same guess later")
    if samples[0][0].status not in (401, 403) and not 200 <= samples[0][0].status < 300:
        raise Unmeasurable(f"{samples[0][0].said} to a wrong password: throttled, redirected or broken")
    return Wrong(tuple(a for a, _ in samples), told.pop(), tuple(seconds for _, seconds in samples))


def _told(attempt: WebAttempt, username: str) -> tuple[object, ...]:
    """Status, headers and body, without what is different every time and without the user name itself."""
    if attempt.answer is None:
        return ()
    headers = {
        name: re.sub(r'nonce="[^"]*"|=[0-9A-Za-z+/._-]{16,}', "", value)
        for name, value in attempt.answer.headers.items()
        if name not in _ALWAYS_DIFFERENT
    }
    return attempt.status, tuple(sorted(headers.items())), attempt.answer.body.replace(username.encode(), b"")


def differ(known: Wrong, unknown: Wrong) -> bool:
    """Every refusal of one took longer than every one of the other, which were asked for in turns; and typically three
    times as long, and a tenth of a second longer. Load of the machine does that once in thousands of runs, and not
    twice."""
    fast, slow = sorted((known.seconds, unknown.seconds), key=median)
    return min(slow) > max(fast) and median(slow) > max(3 * median(fast), median(fast) + APART_S)


def guess_until_throttled(target: Target, door: Door, path: str) -> WebAttempt | None:
    """Wrong passwords of one made-up user until the door serves him, or answers otherwise than at first; None where
    it never does."""
    user, first = nobody().username, 0
    for _ in range(MOST):
        attempt = ask(target, path, door=door, user=User(user, nobody().password))
        first = first or attempt.status
        served = 200 <= attempt.status < 300
        if attempt.answer is None or served or attempt.status != first or "retry-after" in attempt.answer.headers:
            return attempt
    return None

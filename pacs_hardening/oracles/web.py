"""What counts as refused on a web endpoint: 401, 403 or 405, a page to log in, or the connection's end, and nothing
of what a user gets in it. What everybody is told is no refusal, and no leak either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum, auto
from typing import assert_never

from ..model import Endpoint, Target, Unmeasurable, Violation, WebRequest
from ..model import response as came
from ..model.response import Response, Said
from ..probes.authorised import Authorised
from ..probes.web.elsewhere import EMPTY, is_alike
from ..probes.web.request import WebAttempt, leaks
from ..wire.http import Answer
from ..wire.pages import holds_nothing
from .access import Failure, must_hold

NO_CONTENT = "401 or 403, or no answer at all"
NOTHING = Answer(0, {}, b"")
UNCLEAR = ": neither what was asked for nor a refusal"


class Reply(Enum):
    """What an answer is to somebody who must be refused."""

    SERVED = auto()  # 2xx, with something in it
    REFUSED = auto()  # 401, 403, 405, a page that holds nothing, on to https, or the end of the connection
    NEITHER = auto()  # throttled, redirected, broken, or no such object

    @classmethod
    def of(cls, response: Response) -> Reply:
        match response:
            case came.Served():
                return cls.SERVED
            case came.HttpStatus(code, _, to_https):
                return cls.REFUSED if code in (401, 403, 405) or response.is_success or to_https else cls.NEITHER
            case came.TlsAlert() | came.TlsFailed() | came.Closed():
                return cls.REFUSED
            case came.Silent() | came.Nonsense() | came.Endless() | came.NotConnected() | came.NotTrusted():
                return cls.NEITHER
            case came.Rejected() | came.Aborted() | came.ContextRefused() | came.Unexpected() | came.DimseStatus():
                return cls.NEITHER
            case came.Acknowledged():
                return cls.NEITHER
            case _:
                assert_never(response)


def failure(attempt: WebAttempt, *more: Said) -> Failure:
    """The attempt as what was seen, with ``more`` to say about it, and as its evidence."""
    return (attempt.observed, *more), (attempt.observed,)


def must_refuse_web(
    attempts: Iterable[WebAttempt],
    authorised: Authorised,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> None:
    """Raises Violation where somebody was answered 2xx, or got in any other answer what the authorised user gets;
    Unmeasurable where an answer is neither that nor a refusal, or the user is not served by the same request."""
    seen = list(attempts)
    must_hold(NO_CONTENT, [failure(each) for each in seen if Reply.of(each.response) is Reply.SERVED])
    page = authorised.web(path, method=method, headers=headers, body=body)
    for attempt in seen:
        if attempt.answer is None:
            continue
        if leaks(attempt.answer, page, authorised.target):
            said, evidence = failure(attempt, ", with what a user gets in it")
            raise Violation("no content without login", said, evidence)
        if not refuses(attempt, served=True):
            raise Unmeasurable(attempt.observed, UNCLEAR)


def refuses(attempt: WebAttempt, *, served: bool) -> bool:
    """Whether a stranger's answer is a refusal. Where the user was ``served`` by the same request, one that sends the
    stranger elsewhere, or hides from him that there is such a thing, is a refusal as well."""
    elsewhere = 300 <= attempt.status < 400 or attempt.status in (404, 410)
    return Reply.of(attempt.response) is Reply.REFUSED or (served and elsewhere)


def is_empty(attempt: WebAttempt) -> bool:
    """204, or JSON with nothing in it."""
    answer = attempt.answer
    if answer is None or not 200 <= answer.status < 300:
        return False
    return answer.status == 204 or (bool(answer.body) and answer.body.strip() in EMPTY)


def got_nothing(asked: WebRequest, attempt: WebAttempt, user: WebAttempt) -> bool:
    """What holds nothing is a refusal to read in the manner of some archives, where the user is told something else."""
    own, other = attempt.answer, user.answer
    if asked.method != "GET" or not is_empty(attempt) or own is None or other is None:
        return False
    is_told = Reply.of(user.response) is Reply.SERVED or (asked.absent and user.status == 404)
    return is_told and (own.status, own.body) != (other.status, other.body)


def must_refuse_alike(
    seen: Sequence[tuple[WebRequest, Sequence[WebAttempt], WebAttempt]],
    target: Target,
    lost: Callable[[Endpoint], WebAttempt],
) -> None:
    """For requests that may be refused to everybody: what strangers and what a user were told; ``lost``: what strangers
    are told at a path that nobody has. Raises Violation for strangers who were answered 2xx, or who were told as the
    user was that there is no such object, or what he got in another answer; Unmeasurable where an answer is neither
    that nor a refusal, or the user's one is no sign that there is such a route: what everybody is told says nothing."""
    failures, unclear = list[Failure](), list[Said]()
    for asked, strangers, user in seen:
        told = Reply.of(user.response)
        looked = asked.absent and user.status == 404
        if (told is Reply.NEITHER and not looked) or (user.status in (401, 405) and not asked.absent):
            unclear.append((user.observed, ": is there such a route, and may the user ask there?"))
        page = user.answer if told is Reply.SERVED and user.answer and not holds_nothing(user.answer) else NOTHING
        for attempt in strangers:
            leaking = attempt.answer is not None and leaks(attempt.answer, page, target)
            alike = looked and attempt.status == 404 and is_alike(attempt, user)
            nothing = got_nothing(asked, attempt, user)
            if alike and is_alike(attempt, lost(attempt.endpoint)):
                unclear.append((attempt.observed, ", as for whatever path, and as to a user"))
            elif (Reply.of(attempt.response) is Reply.SERVED and not nothing) or leaking or alike:
                failures.append(failure(attempt))
            elif not nothing and not refuses(attempt, served=told is Reply.SERVED or looked):
                unclear.append((attempt.observed, UNCLEAR))
    must_hold(NO_CONTENT, failures)
    if unclear:
        raise Unmeasurable(unclear[0])


def must_not_reach(seen: Sequence[tuple[WebRequest, WebAttempt]]) -> None:
    """Nothing but a refusal says that a request was not dealt with: 400 and 500 complain about what was in it, and 404
    about an object that does not exist (where the request says that it does not). Raises Violation, or Unmeasurable
    for answers of a busy or redirecting server."""
    failures, unclear = list[Failure](), list[Said]()
    for asked, attempt in seen:
        refused = Reply.of(attempt.response) is Reply.REFUSED or attempt.status == 501
        if refused or (attempt.status == 404 and not asked.absent):
            continue
        if attempt.status in (429, 502, 503, 504) or 300 <= attempt.status < 400:
            unclear.append((attempt.observed, ": neither dealt with nor refused"))
        else:
            failures.append(failure(attempt, f", and so {asked.does}"))
    must_hold("401, 403 or 405", failures)
    if unclear:
        raise Unmeasurable(unclear[0])

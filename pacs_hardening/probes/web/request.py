"""Probe: what a web endpoint answers to somebody, and how that compares with a user who logs in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from ...model import (
    Endpoint,
    Missing,
    Target,
    Unmeasurable,
    Unnamed,
    User,
    WebRequest,
)
from ...model.response import Observed, Refusal, Response, Served
from ...wire import operations, stow, tls
from ...wire.http import Answer, request
from ...wire.pages import holds_nothing, is_login
from ...wire.pdu import ProtocolError
from ...wire.session import Refused, Silent

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class WebAttempt:
    """``came`` is the answer, or how the endpoint ended the connection without one. A page that holds nothing, such as
    one to log in, serves nobody, whatever its status; to who logs in, the shell of an application is a page."""

    endpoint: Endpoint
    asked: str
    came: Answer | Refusal
    logged_in: bool = False

    @property
    def answer(self) -> Answer | None:
        return self.came if isinstance(self.came, Answer) else None

    @property
    def response(self) -> Response:
        if not isinstance(self.came, Answer):
            return self.came
        status = self.came.response
        empty = is_login(self.came) if self.logged_in else holds_nothing(self.came)
        return Served(status) if status.is_success and not empty else status

    @property
    def status(self) -> int:
        """0 where there was no answer."""
        return self.came.status if isinstance(self.came, Answer) else 0

    @property
    def observed(self) -> Observed:
        """For the report."""
        who = "with a login" if self.logged_in else "without login"
        return Observed(who, self.endpoint, self.asked, self.response)


class Hangs(Unmeasurable):
    """No answer until the deadline: evidence of nothing, unless the question was whether the endpoint waits."""


# A bare request, and one like a browser's: some servers ask only one of them for a login.
MANNERS: tuple[dict[str, str], ...] = (
    {},
    {"Accept": "text/html,application/dicom+json,*/*;q=0.8", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"},
)
NOBODY = operations.nobody()  # a patient whom nobody has
DICOM_TYPES = ("application/dicom", "multipart/related", "application/zip", "image/")


def leaks(answer: Answer, page: Answer, target: Target) -> bool:
    """Does ``answer``, whatever its status, hold what the authorised user got as ``page``?"""
    kind = answer.headers.get("content-type", "")
    names = () if target.sample_study is None else (target.sample_study.study, target.sample_study.patient_id)
    same = len(page.body) >= 16 and page.body in answer.body
    named = any(name.encode() in answer.body for name in names)
    return bool(answer.body) and (same or named or kind.startswith(DICOM_TYPES))


def ask(
    target: Target,
    path: str,
    *,
    endpoint: Endpoint,
    method: str = "GET",
    user: User | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    announced: int | None = None,
    seconds: float = 8.0,
) -> WebAttempt:
    """One request. Raises Unmeasurable where the endpoint cannot be reached or does not speak HTTP, Hangs where it does
    not answer. ``announced`` is said instead of the body's own length."""
    context, name = tls.client(user.keys if user else None) if endpoint.tls else None, target.server_name
    return attempted(
        endpoint,
        f"{method} {path}",
        lambda: request(
            endpoint, method, path, context,
            user=user, headers=headers, body=body, announced=announced, seconds=seconds, name=name,
        ),
        logged_in=user is not None,
    )  # fmt: skip


def attempted(endpoint: Endpoint, asked: str, send: Callable[[], Answer], *, logged_in: bool) -> WebAttempt:
    """What came of ``send``. Raises as ``ask`` does."""
    try:
        return WebAttempt(endpoint, asked, send(), logged_in)
    except Refused as refusal:
        return WebAttempt(endpoint, asked, refusal.response, logged_in)
    except Silent as silence:
        raise Hangs(f"{asked} at {endpoint}: ", silence.response) from silence
    except ProtocolError as error:
        raise Unmeasurable(f"{asked} at {endpoint}: ", error.response) from error


def send(
    target: Target,
    asked: WebRequest,
    *,
    endpoint: Endpoint,
    user: User | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> WebAttempt:
    """A request that the target names, as ``ask`` does it; with another ``body`` where one is given."""
    fields = {**({"Content-Type": asked.type} if asked.type else {}), **(headers or {})}
    path = filled(asked.path, target)
    if asked.unfinished:
        return ask(
            target, path, endpoint=endpoint, method=asked.method, user=user, headers=fields, announced=2, seconds=3.0
        )
    body = filled(asked.body, target).encode() if body is None else body
    return ask(target, path, endpoint=endpoint, method=asked.method, user=user, headers=fields, body=body)


def send_or_wait(target: Target, asked: WebRequest, endpoint: Endpoint, user: User | None) -> WebAttempt:
    """An endpoint that waits for the rest of an unfinished request has let it through: as good as 100 Continue."""
    try:
        return send(target, asked, endpoint=endpoint, user=user)
    except Hangs:
        if not asked.unfinished:
            raise
        waiting = Answer(100, {}, b"")
        return WebAttempt(endpoint, f"{asked.method} {asked.path}", waiting, logged_in=user is not None)


def side_by_side(send: Callable[[_T], _R], each: Iterable[_T]) -> list[_R]:
    """``send`` for each, eight at a time, results in order. Raises what the first of them raised."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(send, each))


def route(target: Target, name: str) -> str:
    """The path of a named route, with the sample_study's UIDs filled in where there is one; "" where the target says
    that it has no such route. Raises Missing where it says nothing, Unnamed where it names no web endpoint."""
    if not target.endpoints_of("web"):
        raise Unnamed("the target names no web endpoint")
    if name not in target.routes:
        raise Missing(f'the target does not say where its {name} route is (routes.{name}; "" if it has none)')
    return filled(target.routes[name], target)


def guarded(target: Target, *, first: str = "rest") -> str:
    """A path that strangers are refused and a user is not, with no object in it: the route ``first``, or whatever else
    the target names. Raises Missing where it names none."""
    if (path := next(_guarded(target, first), None)) is not None:
        return path
    raise Missing("the target names no route (rest, qido, ui or metrics) by which its web endpoint could be judged")


def at_a_guarded_path(target: Target, endpoint: Endpoint, user: User | None) -> tuple[str, WebAttempt]:
    """What somebody without a login is told there: at the first that turns him away and serves ``user``, where there is
    one; or, where none does, at the first of all. Raises as ``guarded`` and ``ask`` do."""
    first = guarded(target), ask(target, guarded(target), endpoint=endpoint)
    for path in _guarded(target, "rest"):
        stranger = first[1] if path == first[0] else ask(target, path, endpoint=endpoint)
        if _turns_away(stranger) and (
            user is None or isinstance(ask(target, path, endpoint=endpoint, user=user).response, Served)
        ):
            return path, stranger
    return first


def _turns_away(attempt: WebAttempt) -> bool:
    answer = attempt.answer
    return answer is None or answer.status in (401, 403) or 300 <= answer.status < 400 or is_login(answer)


def _guarded(target: Target, first: str) -> Iterator[str]:
    paths = {name: target.routes.get(name, "") for name in (first, "rest", "qido", "ui", "metrics")}
    if paths["qido"]:
        paths["qido"] += f"?PatientID={NOBODY}"
    further = [each.path for each in target.protected_requests if each.method == "GET" and not each.absent]
    yield from (path for path in (*paths.values(), *further) if path and "{" not in path)


def filled(text: str, target: Target) -> str:
    """``text`` with the UIDs of the sample study in it, or with some that nobody has."""
    study, series, instance = "2.25.1", "2.25.2", "2.25.3"
    if target.sample_study is not None:
        study, series, instance = target.sample_study.study, target.sample_study.series, target.sample_study.instance
    return text.replace("{study}", study).replace("{series}", series).replace("{instance}", instance)


def multipart_object(part: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body of a STOW-RS request with one DICOM object."""
    return {"Content-Type": stow.TYPE, "Accept": "application/dicom+json"}, stow.body(part)

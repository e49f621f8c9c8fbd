"""Probe: what a web door answers to somebody, and how that compares with a user who logs in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from ..model import Door, Inapplicable, Missing, Target, Unmeasurable, User, WebRequest
from ..wire import tls
from ..wire.http import Answer, request
from ..wire.pdu import ProtocolError
from ..wire.session import Refused, Silent

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class WebAttempt:
    """``answer`` is None where the door ended the connection without one; ``how`` says what happened."""

    door: Door
    asked: str
    answer: Answer | None
    how: str
    who: str = "without login"

    @property
    def said(self) -> str:
        return f"{self.asked} {self.who} at {self.door} answers {self.how}"

    @property
    def status(self) -> int:
        """0 where there was no answer."""
        return self.answer.status if self.answer else 0


class Hangs(Unmeasurable):
    """No answer until the deadline: evidence of nothing, unless the question was whether the door waits."""


# A bare request, and one like a browser's: some servers ask only one of them for a login.
MANNERS: tuple[dict[str, str], ...] = (
    {},
    {"Accept": "text/html,application/dicom+json,*/*;q=0.8", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"},
)
DICOM_TYPES = ("application/dicom", "multipart/related", "application/zip", "image/")


def leaks(answer: Answer, page: Answer, target: Target) -> bool:
    """Does ``answer``, whatever its status, hold what the authorised user got as ``page``?"""
    kind = answer.headers.get("content-type", "")
    names = () if target.specimen is None else (target.specimen.study, target.specimen.patient_id)
    same = len(page.body) >= 16 and page.body in answer.body
    named = any(name.encode() in answer.body for name in names)
    return bool(answer.body) and (same or named or kind.startswith(DICOM_TYPES))


def ask(
    target: Target,
    path: str,
    *,
    door: Door,
    method: str = "GET",
    user: User | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    announced: int | None = None,
    seconds: float = 8.0,
) -> WebAttempt:
    """One request. Raises Unmeasurable where the door cannot be reached or does not speak HTTP, Hangs where it does
    not answer. ``announced`` is said instead of the body's own length."""
    context, name = tls.client(None) if door.tls else None, target.server_name
    return attempted(
        door,
        f"{method} {path}",
        lambda: request(
            door, method, path, context,
            user=user, headers=headers, body=body, announced=announced, seconds=seconds, name=name,
        ),
        "without login" if user is None else "with a login",
    )  # fmt: skip


def attempted(door: Door, asked: str, send: Callable[[], Answer], who: str) -> WebAttempt:
    """What came of ``send``. Raises as ``ask`` does."""
    try:
        answer = send()
    except Refused as refusal:
        return WebAttempt(door, asked, None, refusal.how, who)
    except Silent as silence:
        raise Hangs(f"{asked} at {door}: {silence}") from silence
    except ProtocolError as error:
        raise Unmeasurable(f"{asked} at {door}: {error}") from error
    return WebAttempt(door, asked, answer, f"HTTP {answer.status}, {len(answer.body)} bytes", who)


def send(
    target: Target,
    asked: WebRequest,
    *,
    door: Door,
    user: User | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> WebAttempt:
    """A request that the target names, as ``ask`` does it; with another ``body`` where one is given."""
    fields = {**({"Content-Type": asked.type} if asked.type else {}), **(headers or {})}
    path = filled(asked.path, target)
    if asked.unfinished:
        return ask(target, path, door=door, method=asked.method, user=user, headers=fields, announced=2, seconds=3.0)
    body = filled(asked.body, target).encode() if body is None else body
    return ask(target, path, door=door, method=asked.method, user=user, headers=fields, body=body)


def side_by_side(send: Callable[[_T], _R], each: Iterable[_T]) -> list[_R]:
    """``send`` for each, eight at a time, results in order. Raises what the first of them raised."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(send, each))


def route(target: Target, name: str) -> str:
    """The path of a named route, with the specimen's UIDs filled in where there is one.

    Raises Inapplicable where the target has no web door, or says by an empty path that it has no such route;
    Missing where it says nothing.
    """
    if not target.doors_of("web") or target.routes.get(name) == "":
        raise Inapplicable(f"the target has no {name} route")
    if name not in target.routes:
        raise Missing(f'the target does not say where its {name} route is (routes.{name}; "" if it has none)')
    return filled(target.routes[name], target)


def filled(text: str, target: Target) -> str:
    """``text`` with the UIDs of the specimen in it, or with some that nobody has."""
    study, series, instance = "2.25.1", "2.25.2", "2.25.3"
    if target.specimen is not None:
        study, series, instance = target.specimen.study, target.specimen.series, target.specimen.instance
    return text.replace("{study}", study).replace("{series}", series).replace("{instance}", instance)


def multipart_object(part: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body of a STOW-RS request with one DICOM object (PS3.18 10.5.1)."""
    boundary = "pacs-hardening-part"
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    content_type = f'multipart/related; type="application/dicom"; boundary={boundary}'
    return {
        "Content-Type": content_type,
        "Accept": "application/dicom+json",
    }, head + part + f"\r\n--{boundary}--\r\n".encode()

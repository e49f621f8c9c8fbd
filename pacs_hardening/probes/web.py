"""Probe: what a web door answers to somebody, and how that compares with a user who logs in."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Door, Inapplicable, Missing, Target, Unmeasurable, User
from ..wire import tls
from ..wire.http import Answer, request
from ..wire.pdu import ProtocolError
from ..wire.session import Refused, Silent


@dataclass(frozen=True)
class WebAttempt:
    """``answer`` is None where the door ended the connection without one; ``how`` says what happened."""

    door: Door
    asked: str
    answer: Answer | None
    how: str

    @property
    def said(self) -> str:
        return f"{self.asked} without login at {self.door} answers {self.how}"


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
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> WebAttempt:
    """One request. Raises Unmeasurable where the door cannot be reached, hangs, or does not speak HTTP."""
    context = tls.client(None) if door.tls else None
    asked = f"{method} {path}"
    try:
        answer = request(door, method, path, context, user=user, headers=headers, body=body, name=target.server_name)
    except Refused as refusal:
        return WebAttempt(door, asked, None, refusal.how)
    except Silent as silence:
        raise Unmeasurable(f"{asked} at {door}: {silence}") from silence
    except ProtocolError as error:
        raise Unmeasurable(f"{asked} at {door}: {error}") from error
    return WebAttempt(door, asked, answer, f"HTTP {answer.status}, {len(answer.body)} bytes")


def route(target: Target, name: str) -> str:
    """The path of a named route, with the specimen's UIDs filled in where there is one.

    Raises Inapplicable where the target has no web door, or says by an empty path that it has no such route;
    Missing where it says nothing.
    """
    if not target.doors_of("web") or target.routes.get(name) == "":
        raise Inapplicable(f"the target has no {name} route")
    if name not in target.routes:
        raise Missing(f'the target does not say where its {name} route is (routes.{name}; "" if it has none)')
    specimen = target.specimen
    values = {"study": "2.25.1", "series": "2.25.2", "instance": "2.25.3"}
    if specimen is not None:
        values = {"study": specimen.study, "series": specimen.series, "instance": specimen.instance}
    return target.routes[name].format(**values)


def multipart_object(part: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body of a STOW-RS request with one DICOM object (PS3.18 10.5.1)."""
    boundary = "pacs-hardening-part"
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    content_type = f'multipart/related; type="application/dicom"; boundary={boundary}'
    return {
        "Content-Type": content_type,
        "Accept": "application/dicom+json",
    }, head + part + f"\r\n--{boundary}--\r\n".encode()

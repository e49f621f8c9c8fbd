"""One HTTP/1.1 request, its path sent exactly as given, its answer read within bounds of size and time."""

from __future__ import annotations

import http.client
import io
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from ..model import Endpoint, User
from ..model.response import Closed, Endless, HttpStatus, Stage, TlsAlert
from . import login
from .implementations import presented
from .pdu import ProtocolError
from .session import Refused, Session, Silent

MAX_ANSWER = 4 << 20
_INTERIM = re.compile(rb"HTTP/\d\.\d 1(?!01)\d\d\b")


class Oversized(ProtocolError):
    """An HTTP answer that does not end within bounds."""

    @property
    def response(self) -> Endless:
        return Endless(MAX_ANSWER)


@dataclass(frozen=True)
class Answer:
    """Status code, headers (names in lower case; repeated ones joined by a comma) and decoded body; ``whole``: all of
    the body that the headers announce."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True

    @property
    def response(self) -> HttpStatus:
        to_https = self.headers.get("location", "").startswith("https://")
        return HttpStatus(self.status, len(self.body), to_https)


class _Received:
    """What ``http.client`` takes for a socket: bytes that have already arrived."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def request(
    endpoint: Endpoint,
    method: str,
    path: str,
    context: ssl.SSLContext | None,
    *,
    user: User | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    announced: int | None = None,
    seconds: float = 8.0,
    name: str = "",
) -> Answer:
    """Send one request on a connection of its own. ``announced`` is said instead of the body's own length.

    Raises Unmeasurable (no TCP), Refused (TLS alert or close without an answer), Silent (no whole answer
    within ``seconds``), ProtocolError (not HTTP, or more than 4 MiB).
    """
    fields = dict(headers or {})
    if body or announced is not None or method in ("POST", "PUT"):
        fields["Content-Length"] = str(len(body) if announced is None else announced)
    with Session(endpoint, context, seconds=seconds, name=name) as session:
        session.send(_head(endpoint, method, path, user, fields, name) + body, f"{method} {path}")
        return parse_answer(receive_answer(session, method), method)


class Line:
    """GET after GET on one connection, opened when it is needed and again where the server has closed it: a handshake
    takes longer than most answers. Raises as ``request`` does."""

    def __init__(
        self, endpoint: Endpoint, context: ssl.SSLContext | None, *, user: User | None, seconds: float, name: str
    ) -> None:
        self._new = partial(Session, endpoint, context, seconds=seconds, name=name)
        self._endpoint, self._user, self._seconds, self._name = endpoint, user, seconds, name
        self._session: Session | None = None

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        if self._session is not None:
            self._session.__exit__()
        self._session = None

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        head = _head(self._endpoint, "GET", path, self._user, {"Connection": "keep-alive", **headers}, self._name)
        kept = self._session is not None
        try:
            answer = self._ask(head, path)
        except Refused:
            self.__exit__()
            if not kept:
                raise
            answer = self._ask(head, path)
        if not answer.whole or answer.headers.get("connection", "").lower() == "close" or not _ends(answer):
            self.__exit__()
        return answer

    def _ask(self, head: bytes, path: str) -> Answer:
        self._session = self._session or self._new().__enter__()
        self._session.extend_deadline(self._seconds)
        self._session.send(head, f"GET {path}")
        return parse_answer(receive_answer(self._session, "GET"), "GET")


def _ends(answer: Answer) -> bool:
    """Whether the answer says itself where it ends; otherwise the end of the connection does."""
    return "content-length" in answer.headers or answer.headers.get("transfer-encoding", "").lower() == "chunked"


def send_body(
    endpoint: Endpoint,
    path: str,
    context: ssl.SSLContext | None,
    *,
    user: User,
    headers: Mapping[str, str],
    start: bytes,
    count: int,
    seconds: float = 4.0,
    name: str = "",
) -> Answer:
    """POST a chunked body (RFC 9112 7.1) that begins with ``start`` and never ends, up to ``count`` bytes of it or
    until the peer answers, for which it has ``seconds`` at the end. Raises as ``request`` does: Silent where all of it
    was taken and nothing came back, ProtocolError where it was not taken within 20 s."""
    piece = b"40000\r\n" + bytes(0x40000) + b"\r\n"
    with Session(endpoint, context, seconds=20.0, name=name) as session:
        head = _head(endpoint, "POST", path, user, {**headers, "Transfer-Encoding": "chunked"}, name)
        session.send(head + f"{len(start):x}\r\n".encode() + start + b"\r\n", f"POST {path}, chunked")
        early = b""
        try:
            for _ in range(count // 0x40000):
                session.send(piece, "256 KiB")
                if early := session.receive_available(Stage.HTTP):
                    break
        except Silent as slow:
            raise ProtocolError(f"{count >> 20} MiB could not be sent within {slow.response.seconds:g} s") from slow
        session.extend_deadline(seconds)
        return parse_answer(receive_answer(session, "POST", early), "POST")


def _head(endpoint: Endpoint, method: str, path: str, user: User | None, more: Mapping[str, str], name: str) -> bytes:
    usual = {"Host": f"{name or endpoint.host}:{endpoint.port}", "User-Agent": presented().agent, "Connection": "close"}
    fields = {**usual, **more}
    if user is not None:
        fields |= login.fields(user)
    lines = "".join(f"{k}: {v}\r\n" for k, v in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


def receive_answer(session: Session, method: str, data: bytes = b"") -> bytes:
    """Bytes up to the end of the answer, as its own headers define it (RFC 9112 6.3), ``data`` being its beginning."""
    while not _complete(data, method):
        try:
            piece = session.receive_some(1 << 16, Stage.HTTP)
        except Refused:
            if not data:
                raise
            break  # an answer that ends in a reset is an answer: what came did come
        if not piece:
            break
        data += piece
        if len(data) > MAX_ANSWER:
            raise Oversized(f"an answer of more than {MAX_ANSWER >> 20} MiB")
    if not data:
        raise Refused(Closed(), Stage.HTTP)
    if data[:2] == b"\x15\x03":  # a TLS alert record (RFC 8446 5.1), in answer to plaintext
        raise Refused(TlsAlert(data[6] if len(data) > 6 else 0), Stage.HTTP)
    return data


def _complete(data: bytes, method: str) -> bool:
    head, found, body = data.partition(b"\r\n\r\n")
    while found and _INTERIM.match(head):  # 100 Continue and the like come before the answer (RFC 9110 15.2)
        head, found, body = body.partition(b"\r\n\r\n")
    if not found:
        return False
    fields = {k.strip().lower(): v.strip().lower() for k, _, v in (h.partition(b":") for h in head.split(b"\r\n")[1:])}
    if method == "HEAD" or head.split(b" ", 2)[1:2] in ([b"204"], [b"304"]):
        return True
    if fields.get(b"transfer-encoding") == b"chunked":
        return body.endswith(b"0\r\n\r\n")
    length = fields.get(b"content-length", b"")
    return length.isdigit() and len(body) >= int(length)


def _body(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    try:
        return response.read(), True
    except http.client.IncompleteRead as cut_short:
        return cut_short.partial, False


def parse_answer(data: bytes, method: str) -> Answer:
    response = http.client.HTTPResponse(_Received(data), method=method)  # type: ignore[arg-type]
    try:
        response.begin()
        body, whole = _body(response)
    except (http.client.HTTPException, ValueError) as error:
        raise ProtocolError(f"not an HTTP answer: {data[:12]!r} …") from error
    fields: dict[str, str] = {}
    for key, value in response.getheaders():
        key = key.lower()
        fields[key] = f"{fields[key]}, {value}" if key in fields else value
    return Answer(response.status, fields, body, whole)

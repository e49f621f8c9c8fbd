"""The web endpoint: HTTP/1.1, with a login on every path and method."""

from __future__ import annotations

import traceback
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any, cast

from . import facts
from .auditor import AuditEvent
from .copies import SIDE
from .hostile import Resilience
from .journal import Journal
from .listener import Connection
from .login import Login, credentials
from .policy import HARDENED, Fact, Facts, Policy
from .routes import Answer, Routes, normal
from .settings import Settings

_PROTECTIVE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_DEED = {"qido": "query", "wado-rs": "retrieve", "wado-uri": "retrieve", "stow": "store", "delete": "delete"}


@dataclass(frozen=True)
class Web:
    """``beside`` answers below the path of the research side."""

    settings: Settings
    login: Login
    routes: Routes
    journal: Journal
    policy: Policy = HARDENED
    resilience: Resilience = field(default_factory=lambda: Resilience(Settings()))
    number: Iterator[int] = field(default_factory=lambda: count(1))
    beside: Web | None = None

    def serve(self, connection: Connection) -> None:
        """One connection with any number of requests. Raises OSError where the peer leaves."""
        _Handler(cast(Any, connection.sock), ("127.0.0.1", 0), cast(Any, (self, connection)))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.front, self.connection_ = cast("tuple[Web, Connection]", self.server)
        self.web = self.front
        super().setup()
        self.connection.settimeout(self.web.settings.idle_seconds)
        self.requests = 0

    def handle_one_request(self) -> None:
        self.connection_.within(self.web.settings.idle_seconds)
        self.raw_requestline = self.rfile.readline(65537)
        self.connection_.within(self.web.settings.request_seconds)
        self.close_connection = True
        if len(self.raw_requestline) > 65536:
            self.send_error(414)
            return
        if not self.raw_requestline or not self.parse_request() or self.request_version == "HTTP/0.9":
            return
        self._turn()
        self.keep, self.close_connection = not self.close_connection, True  # while a body may be unread
        try:
            self.web.resilience.dawdle()
            self._answer(self._shown(self._audited(self._dispatch())))
        except Exception as error:  # noqa: BLE001 - a request must not end the server, nor show how it failed
            self.web.journal.note(f"web: internal error: {type(error).__name__}")
            told = traceback.format_exc().encode() if self.web.settings.verbose_errors else b""
            self._answer(Answer(400 if isinstance(error, ValueError) else 500, told))

    def _turn(self) -> None:
        """To the side that the request is for: the paths of the research side are those below its own."""
        self.web = self.front
        words = self.requestline.split()
        raw, mark, query = words[1].partition("?")
        path = normal(raw)
        if self.front.beside is not None and path.startswith(f"{SIDE}/"):
            self.web = self.front.beside
            words[1] = path.removeprefix(SIDE) + mark + query
            self.requestline = " ".join(words)

    def _dispatch(self) -> Answer:
        raw, _, query = self.requestline.split()[1].partition("?")  # self.path has lost a leading double slash
        routes, path = self.web.routes, normal(raw)
        endpoint = routes.endpoint(self.command, path)
        settings, about = self.web.settings, self._facts(endpoint, path)
        if settings.allow_any_origin and self.command == "OPTIONS":
            return Answer(204)
        refusal = self.web.login.refusal(endpoint, raw, self.headers.get("Authorization", ""), about)
        if refusal is not None:
            self.web.journal.note("web: refused without valid credentials")
            self.close_connection = not self.keep or self._has_body()
            return refusal
        if settings.check_origin and self._is_from_elsewhere() and not self.web.policy.waives("origin", about):
            return Answer(403)
        if "Transfer-Encoding" in self.headers:
            return Answer(411)
        lengths = self.headers.get_all("Content-Length") or ["0"]
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            return Answer(400)
        length = int(lengths[0]) if len(lengths[0]) < 12 else 1 << 40
        if length > settings.body_limit:
            return Answer(413)
        if "Content-Encoding" in self.headers and not settings.inflate_bodies:
            return Answer(415)
        if length and self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(length)
        if len(body) != length:
            return Answer(400)
        if "Content-Encoding" in self.headers:
            body = zlib.decompress(body, 31)
        self.close_connection = not self.keep
        return routes.answer(self.command, endpoint, path, query, self.headers.get("Content-Type", ""), body, about)

    def _shown(self, answer: Answer) -> Answer:
        """Some archives send whoever is not logged in to a page where he can."""
        if not self.web.settings.login_page or answer.status != 401:
            return answer
        if normal(self.requestline.split()[1].partition("?")[0]) == "/login":
            return Answer(200, b"<!doctype html><title>Log in</title><form method=post></form>", "text/html")
        return Answer(302, headers={"Location": "/login"})

    def _facts(self, endpoint: str, path: str) -> Facts:
        self.requests += 1
        number, total = self.requests, next(self.web.number)

        @cache
        def found() -> dict[str, Fact]:
            level = self.web.routes.level(path)
            return facts.web(self.requestline, self.headers, endpoint, path, number, total, level)

        return found

    def _has_body(self) -> bool:
        return "Transfer-Encoding" in self.headers or self.headers.get("Content-Length", "0") != "0"

    def _is_from_elsewhere(self) -> bool:
        """Another site's page asks through a user's browser, which adds the password by itself."""
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site", "none")
        return site not in ("same-origin", "none") or origin not in (None, f"https://{host}")

    def _audited(self, answer: Answer) -> Answer:
        """A request is what its route means to the audit trail, and a login where it was refused or means nothing."""
        path = normal(self.requestline.split()[1].partition("?")[0])
        kind = _DEED.get(self.web.routes.endpoint(self.command, path), "login")
        user, _ = credentials(self.headers.get("Authorization", "")) or (b"", b"")
        kind = "login" if answer.status in (401, 403) else kind
        query = self.requestline.encode() if kind == "query" else b""
        self.web.journal.audit(AuditEvent(kind, user.decode(errors="replace"), answer.status >= 400, query=query))
        return answer

    def _answer(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        if self.web.settings.banner:
            self.send_header("Server", self.version_string())
        headers = {"Content-Type": answer.type, "Content-Length": str(len(answer.body)), **answer.headers}
        headers |= _PROTECTIVE if self.web.settings.protective_headers else {}
        origin = getattr(self, "headers", {}).get("Origin") if self.web.settings.allow_any_origin else None
        if origin is not None:
            headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
        headers |= {"Connection": "close"} if self.close_connection else {}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def handle_expect_100(self) -> bool:
        """Nothing is promised before the credentials are known."""
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What cannot be parsed cannot be authorised; says no more than the status."""
        self.command = getattr(self, "command", None) or "GET"
        self.request_version = "HTTP/1.1"  # unread yet, it would pass for HTTP/0.9, which has no status line
        self.close_connection = True
        talkative = "web" in self.web.settings.talkative_errors
        self._answer(Answer(int(code), b", ".join(self.web.login.users.values()) if talkative else b""))

    def log_message(self, format: str, *args: Any) -> None:
        """The journal has what is needed; the request line may hold a patient's name."""

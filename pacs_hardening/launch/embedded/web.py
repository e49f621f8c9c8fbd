"""The web door: HTTP/1.1 with Basic authentication on every path and method, before anything else is looked at."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

from .journal import Journal
from .listener import Connection
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
_PROTECTED = ("/dicom-web", "/wado", "/system", "/patients", "/app", "/metrics")


@dataclass(frozen=True)
class Web:
    """``users`` maps user name to password, both as bytes."""

    settings: Settings
    users: Mapping[bytes, bytes]
    routes: Routes
    journal: Journal

    def serve(self, connection: Connection) -> None:
        """One connection with any number of requests. Raises OSError where the peer leaves."""
        _Handler(cast(Any, connection.sock), ("127.0.0.1", 0), cast(Any, (self, connection)))

    def admits(self, door: str, raw_path: str, authorization: str) -> bool:
        """Whether a request with this ``Authorization`` header may reach ``door``, named by ``raw_path``."""
        if door in self.settings.open_doors:
            return True
        if self.settings.literal_paths and not raw_path.startswith(_PROTECTED):
            return True
        scheme, _, encoded = authorization.partition(" ")
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        if scheme.lower() != "basic" or not colon:
            return False
        known = dict(self.users)
        if self.settings.default_credentials:
            known[b"admin"] = b"admin"
        # Every pair is compared, so that time tells nothing of which users exist.
        same = [hmac.compare_digest(user, u) & hmac.compare_digest(password, p) for u, p in known.items()]
        return any(same)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.web, self.connection_ = cast("tuple[Web, Connection]", self.server)
        super().setup()
        self.connection.settimeout(self.web.settings.idle_seconds)

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
        self.keep, self.close_connection = not self.close_connection, True  # a refused connection is closed
        try:
            self._answer(self._dispatch())
        except Exception as error:  # noqa: BLE001 - a request must not end the server, nor show how it failed
            self.web.journal.note(f"web: internal error: {type(error).__name__}")
            self._answer(Answer(500))

    def _dispatch(self) -> Answer:
        raw, _, query = self.requestline.split()[1].partition("?")  # self.path has lost a leading double slash
        routes, path = self.web.routes, normal(raw)
        door = routes.door(self.command, path)
        if not self.web.admits(door, raw, self.headers.get("Authorization", "")):
            self.web.journal.note("web: refused without valid credentials")
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="archive"'})
        if "Transfer-Encoding" in self.headers:
            return Answer(411)
        lengths = self.headers.get_all("Content-Length") or ["0"]
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            return Answer(400)
        length = int(lengths[0]) if len(lengths[0]) < 12 else 1 << 40
        if length > self.web.settings.body_limit:
            return Answer(413)
        if length and self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(length)
        if len(body) != length:
            return Answer(400)
        self.close_connection = not self.keep
        return routes.answer(self.command, door, path, query, self.headers.get("Content-Type", ""), body)

    def _answer(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        if self.web.settings.banner:
            self.send_header("Server", self.version_string())
        headers = {"Content-Type": answer.type, "Content-Length": str(len(answer.body)), **answer.headers}
        headers |= _PROTECTIVE if self.web.settings.protective_headers else {}
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
        self._answer(Answer(int(code), b", ".join(self.web.users.values()) if talkative else b""))

    def log_message(self, format: str, *args: Any) -> None:
        """The journal has what is needed; the request line may hold a patient's name."""

"""A small HTTP client of its own, on a bare socket: it writes what a play says, byte by byte.

A play maps names of facts (embedded/facts.py) to the values that the client shows: ``method``, ``raw-path``,
``query:x``, ``header:x``, ``http``, ``request`` (the how many-th request of a connection) …
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model import Endpoint

SECONDS = 8.0


@dataclass(frozen=True)
class Page:
    """``status`` is 0 where the connection was closed without an answer."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def served(self) -> bool:
        return 200 <= self.status < 300


def ask(endpoint: Endpoint, path: str, play: Mapping[str, str], body: bytes = b"", authorization: str = "") -> Page:
    """The answer to the last request of the connection. ``path`` holds the query."""
    page = Page()
    try:
        with _connected(endpoint, play) as sock:
            count = int(play.get("request", "1"))
            for number in range(1, count + 1):
                sock.sendall(_request(endpoint, path, play, body, authorization, last=number == count))
                page = _answer(sock, play.get("method", "GET"))
                if page.headers.get("connection", "") == "close" and number < count:
                    return Page()
    except (OSError, ValueError):
        return Page()
    return page


def _connected(endpoint: Endpoint, play: Mapping[str, str]) -> socket.socket:
    plain = socket.create_connection((endpoint.host, endpoint.port), timeout=SECONDS)
    if not endpoint.tls:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=play.get("sni") or None)


def _request(
    endpoint: Endpoint, path: str, play: Mapping[str, str], body: bytes, authorization: str, *, last: bool
) -> bytes:
    raw, mark, query = path.partition("?")
    raw = play.get("raw-path", raw)
    further = [f"{name[6:]}={value}" for name, value in play.items() if name.startswith("query:")]
    query = "&".join(filter(None, [query, *further]))
    target = raw + ("?" + query if query or mark else "")
    version = play.get("http", "HTTP/1.1")
    own = {name[7:]: value for name, value in play.items() if name.startswith("header:")}
    headers = {"host": f"{endpoint.host}:{endpoint.port}", "user-agent": "Mozilla/5.0", "accept": "*/*"}
    if "first-header" in play:
        headers = {play["first-header"].lower(): headers.get(play["first-header"].lower(), "x"), **headers}
    if authorization:
        headers["authorization"] = authorization
    if body:
        headers |= {"content-length": str(len(body))}
    headers |= own
    if "header-names" in play:  # one in exactly this spelling
        headers.pop(play["header-names"].lower(), None)
        headers[f"{play['header-names']} "] = own.get(play["header-names"].lower(), "x")
    for number in range(int(play.get("headers", "0")) - len(headers)):
        headers[f"x-further-{number}"] = "x"
    lines = [
        f"{play.get('method', 'GET')} {target} {version}",
        *(f"{_named(n)}: {v}" for n, v in headers.items() if v != "-"),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _named(name: str) -> str:
    """As browsers spell it, unless it ends with a blank: then exactly so."""
    return name[:-1] if name.endswith(" ") else "-".join(word.capitalize() for word in name.split("-"))


def _answer(sock: socket.socket, method: str) -> Page:
    raw = b""
    while b"\r\n\r\n" not in raw:
        more = sock.recv(65536)
        if not more:
            raise ConnectionAbortedError("the archive closed")
        raw += more
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = 0 if method == "HEAD" else int(headers.get("content-length", "0"))
    while len(body) < length:
        more = sock.recv(65536)
        if not more:
            raise ConnectionAbortedError("the answer is cut off")
        body += more
    return Page(int(first.split()[1]), headers, body)

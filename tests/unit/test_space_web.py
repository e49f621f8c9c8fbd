"""The space of web requests: what it is made of, what a small archive that is opened in one way shows, and that honest
archives with manners of their own show nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from math import inf
from random import Random
from threading import Thread
from types import MappingProxyType

import pytest

from pacs_hardening.model import Endpoint, Secret, Target, Unmeasurable, User, WebRequest
from pacs_hardening.space.claim import Claim, Explored
from pacs_hardening.space.cover import Covered, mixed, singles
from pacs_hardening.space.dimension import Base, Kind, Way
from pacs_hardening.space.web.dimensions import ROOM, dimensions
from pacs_hardening.space.web.draft import Asked, Atom, drafted
from pacs_hardening.space.web.draft import Kind as Part
from pacs_hardening.space.web.play import WebPlayer

HERE = Endpoint("web", "127.0.0.1", 1, tls=False)
USER = User("clinician", Secret("not-a-factory-password"))
NAMES = {"authority": "h:1", "host": "h", "port": "1", "study": "1.2", "series": "1.3", "instance": "1.4", "user": "u"}
Q = WebRequest("/qido?A=1")


def laid(asked: Asked, *values: tuple[str, str]) -> bytes:
    base = Base("nobody", Kind.STRANGER, asked, dimensions([asked.request, WebRequest("/p", "POST")], []))
    return drafted(base.resolve(Way.of("nobody", values)), NAMES).encode()


def test_a_way_is_laid_over_its_base() -> None:
    sent = laid(
        Asked(HERE, Q),
        ("client address", "X-Real-IP: 127.0.0.1"),
        ("spelling", "{path};.css"),
        ("query", "token=x"),
    )
    assert sent.startswith(b"GET /qido;.css?A=1&token=x HTTP/1.1\r\nHost: h:1\r\n")
    assert b"\r\nX-Real-IP: 127.0.0.1\r\n" in sent
    assert b"Authorization" not in sent
    assert b"\r\nAuthorization: Basic " in drafted(Asked(HERE, Q), NAMES, USER).encode()


def test_fields_of_one_meaning_go_together() -> None:
    sent = laid(Asked(HERE, Q), ("user name from a proxy", "any field: admin"))
    assert b"\r\nRemote-User: admin\r\n" in sent
    assert b"\r\nX-WEBAUTH-USER: admin\r\n" in sent


PROXIES = (  # what tells an archive who somebody is
    *("Remote-User", "Remote-Groups", "Remote-Email", "X-Forwarded-User", "X-Forwarded-Email", "X-Auth-Request-User"),
    *("X-Auth-Request-Email", "X-Auth-Request-Groups", "X-WEBAUTH-USER", "X-WEBAUTH-ROLE", "X-Authentik-Username"),
    *("X-Authentik-Groups", "X-Authentik-Email", "X-Authentik-Uid", "X-Authentik-Jwt", "Tailscale-User-Login"),
    *("X-Goog-Authenticated-User-Email", "X-Goog-Authenticated-User-Id", "X-Goog-Iap-Jwt-Assertion"),
    *("Cf-Access-Authenticated-User-Email", "Cf-Access-Jwt-Assertion", "Cf-Access-Client-Id", "X-Amzn-Oidc-Identity"),
    *("X-Amzn-Oidc-Data", "X-Amzn-Oidc-Accesstoken", "X-Pomerium-Jwt-Assertion", "X-Pomerium-Claim-Email"),
    *("X-MS-CLIENT-PRINCIPAL", "X-MS-CLIENT-PRINCIPAL-NAME", "X-Vouch-User", "X-Consumer-Username", "X-Userinfo"),
    *(
        "Teleport-Jwt-Assertion",
        "OIDC_CLAIM_email",
        "eppn",
        "SM_USER",
        "iv-user",
        "Impersonate-User",
        "X-Token-Subject",
    ),
)


def test_what_proxies_say_of_a_user_is_said_by_a_stranger() -> None:
    """By itself, so that it can be named, and beside others, so that it is seen soon."""
    table = dimensions([Q], [])
    alone = {value.name.partition(":")[0].lower() for each in table for value in each.values if not value.parts}
    beside = {part.partition(":")[0].lower() for each in table for value in each.values for part in value.parts}
    assert {name.lower() for name in PROXIES} <= alone & beside


def test_what_may_destroy_names_an_object_that_nobody_has() -> None:
    study = Asked(HERE, WebRequest("/studies/{study}"))
    assert b" /studies/1.2 " in laid(study)
    for value in (("method", "DELETE"), ("method override", "X-HTTP-Method-Override: DELETE")):
        assert b" /studies/2.25.1 " in laid(study, value)


@pytest.mark.parametrize(
    ("framing", "head", "body"),
    [
        ("chunked", b"\r\nTransfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n"),
        (
            "chunked and a length",
            b"\r\nTransfer-Encoding: chunked\r\nContent-Length: 13\r\n\r\n",
            b"3\r\nabc\r\n0\r\n\r\n",
        ),
        ("a length with zeros", b"\r\nContent-Length: 003\r\n\r\n", b"abc"),
        ("bare line feeds", b"\nContent-Length: 3\n\n", b"abc"),
    ],
)
def test_where_a_body_ends_is_told_in_more_than_one_way(framing: str, head: bytes, body: bytes) -> None:
    sent = laid(Asked(HERE, WebRequest("/q", "POST", body="abc")), ("framing", framing))
    assert sent.endswith(head + body)
    assert sent.count(b"Content-Length") <= 1


def test_a_field_stands_twice_and_not_on_a_connection_that_others_use() -> None:
    asked = Asked(HERE, Q).having(Atom(Part.LINES, "Host: localhost"))
    assert drafted(asked, NAMES).encode().count(b"\r\nHost: ") == 2
    assert drafted(asked, NAMES).is_plain is False


def test_requests_stay_within_what_servers_take() -> None:
    """HAProxy takes 101 fields, Apache and nginx 100, civetweb (Orthanc) 64."""
    base = Base("nobody", Kind.STRANGER, Asked(HERE, Q), dimensions([Q], []), room=ROOM)
    ways = [way for _, way in singles(base)] + list(islice(mixed(base, Covered(base), Random(1)), 2000))  # noqa: S311
    assert max(drafted(base.resolve(way), NAMES).encode().count(b"\r\n") for way in ways) <= 62
    assert len(ways) > 2500


class Archive(BaseHTTPRequestHandler):
    """Refuses whoever does not log in; ``opens`` is its opening, ``refuse`` its manner of refusing."""

    protocol_version = "HTTP/1.1"
    opens: Callable[[Archive], bool] = staticmethod(lambda asked: False)
    refuse: tuple[int, dict[str, str], bytes] = (401, {}, b"")
    public: bytes = b""
    served = 0
    wbufsize = 1 << 16  # head and body in one segment: nobody waits for an acknowledgement

    def parse_request(self) -> bool:
        parsed = super().parse_request()
        self.served += 1
        return parsed

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0].partition(";")[0]  # as servers in Java do
        user = self.headers.get("Authorization") == "Basic Y2xpbmljaWFuOm5vdC1hLWZhY3RvcnktcGFzc3dvcmQ="
        if self.public and path in ("/", "/login"):
            self._answer(200, {"Content-Type": "text/html"}, self.public)
        elif not user and not type(self).opens(self):
            self._answer(*self.refuse)
        elif path.rstrip("/").endswith(("/studies", "/system")):
            self._answer(200, {"Content-Type": "application/json"}, json.dumps([{"path": "x"}]).encode())
        else:
            self._answer(404, {}, b"")

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 64  # who finds it full tries again a second later


@contextmanager
def archive(**manners: object) -> Iterator[Target]:
    made = type("One", (Archive,), manners)
    with Server(("127.0.0.1", 0), made) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            endpoint = Endpoint("web", "127.0.0.1", server.server_address[1], tls=False)
            routes = MappingProxyType({"qido": "/dicom-web/studies", "rest": "/system"})
            yield Target("small", "PACS", (endpoint,), users=MappingProxyType({"u": USER}), routes=routes)
        finally:
            server.shutdown()
            thread.join(10)


def swept(**manners: object) -> Explored:
    """Every value once."""
    with archive(**manners) as target:
        player = WebPlayer(target, target.endpoints[0], USER)
        return Claim("somebody", player.bases(), player, budget=0.4, seed=3).explore()


OPENINGS: dict[str, Callable[[Archive], bool]] = {
    "a header's presence": lambda asked: "X-Authentik-Username" in asked.headers,
    "a health checker": lambda asked: asked.headers.get("User-Agent", "").startswith("kube-probe"),
    "its own page": lambda asked: "/login" in asked.headers.get("Referer", ""),
    "an older protocol": lambda asked: asked.request_version == "HTTP/1.0",
    "another method": lambda asked: asked.command == "HEAD",
    "a spelling": lambda asked: " //" in asked.requestline,
    "an empty login": lambda asked: asked.headers.get("Authorization", "").strip() == "Basic",
    "the second request": lambda asked: asked.served == 2,
    "a sibling": lambda asked: asked.path.startswith("/dicom-web/studies/?"),
    "a parameter": lambda asked: "debug=" in asked.path,
    "a proxy's assertion": lambda asked: "X-Pomerium-Jwt-Assertion" in asked.headers,
    "a token that nobody signed": lambda asked: _claims(asked.headers.get("Cf-Access-Jwt-Assertion", "")),
    "an address for a name": lambda asked: "@" in asked.headers.get("Tailscale-User-Login", ""),
    "a parameter of the path": lambda asked: asked.path.partition("?")[0].endswith(".css") and ";" in asked.path,
}


def _claims(token: str) -> bool:
    """Whether it says whose it is, to somebody who looks at no signature."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        return "sub" in json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return False


@pytest.mark.parametrize("opening", OPENINGS)
def test_what_opens_is_found_and_named(opening: str) -> None:
    found = swept(opens=staticmethod(OPENINGS[opening]))
    assert found.causes
    cause, _ = found.causes[0]
    assert len(cause.needs) <= 1, "its smallest form; a route is a base of its own"
    assert found.coverage.served >= cause.cases


def test_further_causes_are_looked_for_as_long_as_it_is_said() -> None:
    """One is enough for a verdict; where it is known and borne, none of the others may be missed."""
    opens = staticmethod(lambda asked: "X-Authentik-Username" in asked.headers or asked.command == "PROPFIND")
    with archive(opens=opens) as target:
        player = WebPlayer(target, target.endpoints[0], USER)
        bases = player.bases()[:1]
        every, first = (
            Claim("somebody", bases, player, budget=0, seed=3, further=further).explore() for further in (inf, 0)
        )
    assert len(every.causes) >= 2
    assert first.causes
    assert first.coverage.ways < every.coverage.ways / 2


HONEST: dict[str, dict[str, object]] = {
    "401": {},
    "sends to a login": {"refuse": (302, {"Location": "/login"}, b""), "public": b"<html>Please log in</html>"},
    "answers everything with the page of its application": {
        "refuse": (200, {"Content-Type": "text/html"}, b"<html>log in</html>"),
        "public": b"<html>log in</html>",
    },
    "says in JSON that a login is needed": {
        "refuse": (200, {"Content-Type": "application/json"}, b'{"error": "login"}')
    },
    "hides what is there": {"refuse": (404, {}, b"")},
}


@pytest.mark.parametrize("manner", HONEST)
def test_honest_archives_show_nothing(manner: str) -> None:
    found = swept(**HONEST[manner])
    assert found.causes == ()
    assert found.coverage.served == 0
    assert found.coverage.ways > 400


def test_where_the_user_is_served_nowhere_nothing_is_shown() -> None:
    with archive() as target, pytest.raises(Unmeasurable, match="served at none"):
        WebPlayer(target, target.endpoints[0], User("u", Secret("wrong"))).bases()

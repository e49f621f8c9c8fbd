"""What is judged of web answers: refusals, lists, links, errors, and how long a refusal takes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Event

import pytest

from fixtures.scripted import Script
from pacs_hardening.model import (
    Endpoint,
    Secret,
    Target,
    Unmeasurable,
    User,
    Violation,
    WebRequest,
)
from pacs_hardening.model.response import Closed
from pacs_hardening.oracles.web import must_not_reach, must_refuse_alike
from pacs_hardening.probes.web import crawl, errors, guess
from pacs_hardening.probes.web.request import WebAttempt
from pacs_hardening.wire.http import Answer, send_body
from pacs_hardening.wire.session import Refused, Silent

ScriptedPeer = Callable[..., AbstractContextManager[Endpoint]]
WEB = Endpoint("web", "127.0.0.1", 80, tls=True)
TARGET = Target("t", "T", (WEB,))
PAGE = b"the page that a user gets"


def told(status: int, body: bytes = b"", **headers: str) -> WebAttempt:
    answer = Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)
    return WebAttempt(WEB, "GET /x", answer if status else Closed())


def at_no_such_path(endpoint: Endpoint) -> WebAttempt:
    return told(401)


@pytest.mark.parametrize(("stranger", "user", "absent"), [
    (401, 200, False), (403, 200, False), (0, 200, False), (403, 403, False), (401, 404, True),
    (302, 200, False), (404, 200, False), (404, 200, True),
])  # fmt: skip
def test_strangers_are_refused(stranger: int, user: int, absent: bool) -> None:
    asked = WebRequest("/x", absent=absent)
    must_refuse_alike([(asked, [told(stranger)], told(user, PAGE if user == 200 else b""))], TARGET, at_no_such_path)


@pytest.mark.parametrize(("stranger", "user", "absent"), [
    (told(200), told(200, PAGE), False), (told(200), told(403), False), (told(207), told(405), False),
    (told(404), told(404), True), (told(401, PAGE), told(200, PAGE), False),
    (told(403, b"x", content_type="application/dicom"), told(403), False),
])  # fmt: skip
def test_strangers_are_answered(stranger: WebAttempt, user: WebAttempt, absent: bool) -> None:
    with pytest.raises(Violation):
        must_refuse_alike([(WebRequest("/x", absent=absent), [told(401), stranger], user)], TARGET, at_no_such_path)


@pytest.mark.parametrize(("stranger", "user", "method", "refused"), [
    (told(204), told(200, PAGE), "GET", True), (told(200, b"[]"), told(200, PAGE), "GET", True),
    (told(204), told(200, b"[]"), "GET", True), (told(204), told(204), "GET", False),
    (told(200, b"[]"), told(200, b"[]"), "GET", False), (told(204), told(403), "GET", False),
    (told(204), told(200, PAGE), "DELETE", False), (told(200), told(200, PAGE), "GET", False),
])  # fmt: skip
def test_who_is_told_nothing_is_refused(stranger: WebAttempt, user: WebAttempt, method: str, refused: bool) -> None:
    """But where that is what the user is told, or where something may have been done."""
    with nullcontext() if refused else pytest.raises(Violation):
        must_refuse_alike([(WebRequest("/x", method=method), [stranger], user)], TARGET, at_no_such_path)


@pytest.mark.parametrize(("stranger", "user", "absent"), [
    (401, 404, False), (401, 500, False), (429, 200, False), (405, 405, False), (401, 401, False),
    (503, 503, False), (404, 404, False), (301, 301, False), (429, 429, False),
])  # fmt: skip
def test_what_proves_no_refusal_of_strangers(stranger: int, user: int, absent: bool) -> None:
    with pytest.raises(Unmeasurable):
        must_refuse_alike(
            [(WebRequest("/x", absent=absent), [told(stranger)], told(user, PAGE))], TARGET, at_no_such_path
        )


def test_a_dangerous_request_is_refused_or_there_is_no_such_route() -> None:
    asked = WebRequest("/x", "DELETE", does="deletes")
    must_not_reach([(asked, told(status)) for status in (0, 401, 403, 404, 405, 501)])


@pytest.mark.parametrize("status", [100, 200, 204, 400, 409, 413, 415, 422, 500])
def test_a_dangerous_request_is_dealt_with(status: int) -> None:
    with pytest.raises(Violation, match="and so it deletes"):
        must_not_reach([(WebRequest("/x", "DELETE", does="it deletes"), told(status))])


def test_a_dangerous_request_is_looked_up() -> None:
    with pytest.raises(Violation):
        must_not_reach([(WebRequest("/x", "DELETE", absent=True), told(404))])


@pytest.mark.parametrize("status", [302, 429, 502, 503, 504])
def test_a_dangerous_request_meets_a_busy_server(status: int) -> None:
    with pytest.raises(Unmeasurable):
        must_not_reach([(WebRequest("/x", "DELETE"), told(status))])


def test_links_of_a_crawler_stay_on_the_server() -> None:
    page = b"""<a href='a.html'>x</a><img src="/img?x=1#y"><a href="https://elsewhere.invalid/b">x</a>
    <a href="//elsewhere.invalid/c">x</a><a href="javascript:x()">x</a><a href='/patients/1?_method=DELETE'>x</a>
    <form action=/find><meta http-equiv=refresh content="0; url=/next"><a href="http://[broken">x</a>"""
    assert crawl.links("/app/index.html", Answer(200, {}, page)) == ["/app/a.html", "/img?x=1", "/find", "/next"]
    assert crawl.links("/", Answer(307, {"location": "app/"}, b"")) == ["/app/"]
    assert crawl.links("/patients?x", Answer(200, {}, b'["1-2", "/studies/3", 4, "a b"]')) == [
        "/patients/1-2",
        "/studies/3",
    ]


@pytest.mark.parametrize(("body", "is_one"), [
    (b'["1"]', True), (b'[{"a": 1}]', True), (b"<html><title>Index of /dicom</title>", True),
    (b"<?xml version='1.0'?><D:multistatus xmlns:D='DAV:'>", True), (b"[]", False), (b'{"a": 1}', False),
    (b"[not JSON", False), (b"[" * 100_000, False), (b"<title>Login</title>", False), (b"", False),
])  # fmt: skip
def test_what_is_a_list(body: bytes, is_one: bool) -> None:
    assert bool(crawl.listing(Answer(200, {}, body))) == is_one


def test_what_may_be_indexed() -> None:
    html = {"content-type": "text/html"}
    assert crawl.may_be_indexed(Answer(200, html, b"<title>x</title>"))
    assert not crawl.may_be_indexed(Answer(200, {**html, "x-robots-tag": "noindex, nofollow"}, b""))
    assert not crawl.may_be_indexed(Answer(200, html, b'<META name="ROBOTS" content="NOINDEX">'))
    assert not crawl.may_be_indexed(Answer(401, html, b""))
    assert not crawl.may_be_indexed(Answer(200, {"content-type": "text/css"}, b""))


@pytest.mark.parametrize(("body", "what"), [
    ('Traceback (most recent call last):\n  File "x", line 3', "a stack trace"),
    ("at org.example.Store.read(Store.java:42)", "a stack trace"), ("failed in Toolbox.cpp:2818", "a source file"),
    ('{"OrthancError": "Unknown resource"}', "the name of an exception"),
    ("java.lang.NullPointerException", "the name of an exception"), ("open /var/lib/x failed", "a path of files"),
    ("C:\\pacs\\x.dcm", "a path of files"), ("SELECT id FROM patients", "SQL"), ("nginx/1.25.3", "a product version"),
    ("Apache Tomcat 9.0.1", "a product version"),
])  # fmt: skip
def test_errors_that_describe_the_inside(body: str, what: str) -> None:
    assert what in errors.describes(Answer(500, {}, body.encode()))


@pytest.mark.parametrize("body", [
    "Refused", "Internal Server Error", "Error 400: Bad Request", "Not Found: /dicom-web/studies", "HTTP/1.1 needed",
    '{"error": "unknown study 1.2.840.10008.1"}', "<a href='/app/'>back</a>", "Select a patient from the list",
])  # fmt: skip
def test_errors_that_say_what_everybody_knows(body: str) -> None:
    headers = {"content-type": "text/plain; charset=utf-8", "date": "Wed, 25 Nov 2026 21:00:00 GMT"}
    assert errors.describes(Answer(400, headers, body.encode())) == []


def test_errors_that_name_the_server() -> None:
    assert errors.describes(Answer(404, {"server": "Orthanc/1.13.0"}, b"")) == ["a product version"]


def test_a_refusal_is_slower_only_where_no_load_explains_it() -> None:
    def wrong(*seconds: float) -> guess.WrongLogin:
        return guess.WrongLogin((), (), seconds)

    fast, slow = wrong(0.01, 0.02, 0.01), wrong(0.2, 0.3, 0.25)
    assert guess.differ(slow, fast)
    assert guess.differ(fast, slow)
    assert not guess.differ(wrong(0.2, 0.3, 0.015), fast)
    assert not guess.differ(wrong(0.05, 0.06, 0.07), fast)
    assert not guess.differ(wrong(0.5, 0.6, 0.7), slow)


USER = User("u", Secret("p"))


@pytest.mark.parametrize("status", [b"429 Too Many Requests", b"500 Error", b"503 Unavailable", b""])
def test_a_throttled_endpoint_judges_no_password(peer: ScriptedPeer, status: bytes) -> None:
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n" if status else b""
    with peer(reading(answer, after=60), "web") as endpoint, pytest.raises(Unmeasurable, match="to a wrong password"):
        guess.guess(TARGET, endpoint, "/x", USER)


def test_a_endpoint_that_never_stops_answering_guesses(peer: ScriptedPeer) -> None:
    refused = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    with peer(reading(refused, after=100), "web") as endpoint:
        assert guess.guess_until_throttled(TARGET, endpoint, "/x") is None


def post(endpoint: Endpoint, seconds: float = 4.0) -> Answer:
    count = 8 << 20
    return send_body(endpoint, "/x", None, user=USER, headers={}, start=b"--b", count=count, seconds=seconds)


def reading(answer: bytes, *, after: int) -> Script:
    """Read ``after`` bytes, answer, and close without reading on."""

    def script(connection: socket.socket, _: Event) -> None:
        seen = 0
        while seen < after:
            seen += len(connection.recv(1 << 16))
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 16):
            pass

    return script


def test_an_endless_body_is_refused_in_the_middle(peer: ScriptedPeer) -> None:
    with peer(reading(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", after=100), "web") as endpoint:
        assert post(endpoint).status == 413


def test_an_endless_body_is_cut_off(peer: ScriptedPeer) -> None:
    with peer(reading(b"", after=100), "web") as endpoint, pytest.raises(Refused):
        post(endpoint)


def test_an_endless_body_is_taken(peer: ScriptedPeer) -> None:
    def script(connection: socket.socket, over: Event) -> None:
        while not over.is_set() and connection.recv(1 << 16):
            pass

    with peer(script, "web") as endpoint, pytest.raises(Silent):
        post(endpoint, seconds=1.0)

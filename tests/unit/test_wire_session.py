"""Every way in which a peer can refuse, hang or lie, and what a session makes of it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from pacs_hardening.model import Endpoint, Unmeasurable
from pacs_hardening.model.response import Aborted, Closed, Refusal, Rejected, Stage, TlsAlert
from pacs_hardening.wire import pdu
from pacs_hardening.wire.http import request
from pacs_hardening.wire.session import Refused, Session, Silent

Peer = Callable[..., Any]


def says(answer: bytes) -> Callable[[socket.socket, Event], None]:
    """Read what comes first, answer, close."""

    def script(connection: socket.socket, _: Event) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return script


def silent(connection: socket.socket, over: Event) -> None:
    over.wait(15)


def drips(connection: socket.socket, over: Event) -> None:
    """A byte at a time, never done: each single wait is short, all of them together are not."""
    connection.recv(65536)
    while not over.wait(0.05):
        connection.sendall(b"\x04")


def floods(connection: socket.socket, over: Event) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not over.is_set():
        connection.sendall(b"x" * 65536)


def exchange(endpoint: Endpoint, seconds: float = 1.0) -> tuple[int, bytes]:
    with Session(endpoint, None, seconds=seconds) as session:
        session.send(b"anything", "bytes")
        return session.receive(Stage.ASSOCIATION)


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (b"", Closed()),
        (pdu.pdu(pdu.A_ASSOCIATE_RJ, b"\0\1\1\3"), Rejected(1, 1, 3)),
        (pdu.pdu(pdu.A_ABORT, b"\0\0\2\1"), Aborted(2, 1)),
        (b"\x15\x03\x03\x00\x02\x02\x28", TlsAlert(40)),
        (pdu.pdu(pdu.A_ASSOCIATE_AC, b"x" * 100)[:50], Closed()),
    ],
)
def test_refusals(peer: Peer, answer: bytes, refusal: Refusal) -> None:
    with peer(says(answer)) as endpoint, pytest.raises(Refused) as ended:
        exchange(endpoint)
    assert (ended.value.response, ended.value.stage) == (refusal, Stage.ASSOCIATION)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", b"\x02\0\xff\xff\xff\xff", b"\x09\0\0\0\0\4abcd"])
def test_what_is_no_pdu_is_neither_refusal_nor_answer(peer: Peer, answer: bytes) -> None:
    with peer(says(answer)) as endpoint, pytest.raises(pdu.ProtocolError):
        exchange(endpoint)


@pytest.mark.parametrize("script", [silent, drips])
def test_silence_is_no_refusal_and_the_budget_holds_for_the_whole(peer: Peer, script: Callable[..., None]) -> None:
    with peer(script) as endpoint, pytest.raises((Silent, pdu.ProtocolError)):
        exchange(endpoint, seconds=0.6)


def test_no_listener_is_unmeasurable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = Endpoint("dicom", "127.0.0.1", unused.getsockname()[1], tls=False)
        with pytest.raises(Unmeasurable, match="cannot be reached"):
            exchange(endpoint)


def get(endpoint: Endpoint, method: str = "GET", seconds: float = 2.0) -> tuple[int, bytes]:
    answer = request(endpoint, method, "/x/../y", None, seconds=seconds)
    return answer.status, answer.body


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", (200, b"ok")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", (200, b"ok")),
        (b"HTTP/1.0 401 Unauthorized\r\n\r\nuntil close", (401, b"until close")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
    ],
)
def test_http_answers(peer: Peer, answer: bytes, expected: tuple[int, bytes]) -> None:
    with peer(says(answer), "web") as endpoint:
        assert get(endpoint) == expected


def test_the_path_is_sent_as_it_is(peer: Peer) -> None:
    seen = []

    def script(connection: socket.socket, _: Event) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with peer(script, "web") as endpoint:
        get(endpoint)
    assert seen[0].startswith(b"GET /x/../y HTTP/1.1\r\n")


@pytest.mark.parametrize("answer", [b"220 mail\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http(peer: Peer, answer: bytes) -> None:
    with peer(says(answer), "web") as endpoint, pytest.raises(pdu.ProtocolError):
        get(endpoint)


@pytest.mark.parametrize(("answer", "refusal"), [(b"", Closed()), (b"\x15\x03\x01\x00\x02\x02\x46", TlsAlert(70))])
def test_http_ended_without_an_answer_is_a_refusal(peer: Peer, answer: bytes, refusal: Refusal) -> None:
    with peer(says(answer), "web") as endpoint, pytest.raises(Refused) as ended:
        get(endpoint)
    assert ended.value.response == refusal


@pytest.mark.parametrize("script", [silent, drips, floods])
def test_http_hostile_servers_are_bounded_in_time_and_size(peer: Peer, script: Callable[..., None]) -> None:
    with peer(script, "web") as endpoint, pytest.raises((Silent, pdu.ProtocolError)):
        get(endpoint, seconds=0.6)

"""Every way in which a peer can refuse, hang or lie, and what a session makes of it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from pacs_hardening.model import Door, Unmeasurable
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


def exchange(door: Door, seconds: float = 1.0) -> tuple[int, bytes]:
    with Session(door, None, seconds=seconds) as session:
        session.send(b"anything", "bytes")
        return session.receive("test")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "connection closed"),
        (pdu.pdu(pdu.A_ASSOCIATE_RJ, b"\0\1\1\3"), "result 1, source 1, reason 3"),
        (pdu.pdu(pdu.A_ABORT, b"\0\0\2\1"), "source 2, reason 1"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "TLS alert"),
        (pdu.pdu(pdu.A_ASSOCIATE_AC, b"x" * 100)[:50], "connection closed"),
    ],
)
def test_refusals(peer: Peer, answer: bytes, words: str) -> None:
    with peer(says(answer)) as door, pytest.raises(Refused, match=words):
        exchange(door)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", b"\x02\0\xff\xff\xff\xff", b"\x09\0\0\0\0\4abcd"])
def test_what_is_no_pdu_is_neither_refusal_nor_answer(peer: Peer, answer: bytes) -> None:
    with peer(says(answer)) as door, pytest.raises(pdu.ProtocolError):
        exchange(door)


@pytest.mark.parametrize("script", [silent, drips])
def test_silence_is_no_refusal_and_the_budget_holds_for_the_whole(peer: Peer, script: Callable[..., None]) -> None:
    with peer(script) as door, pytest.raises((Silent, pdu.ProtocolError)):
        exchange(door, seconds=0.6)


def test_no_listener_is_unmeasurable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        door = Door("dicom", "127.0.0.1", unused.getsockname()[1], tls=False)
        with pytest.raises(Unmeasurable, match="cannot be reached"):
            exchange(door)


def get(door: Door, method: str = "GET", seconds: float = 2.0) -> tuple[int, bytes]:
    answer = request(door, method, "/x/../y", None, seconds=seconds)
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
    with peer(says(answer), "web") as door:
        assert get(door) == expected


def test_the_path_is_sent_as_it_is(peer: Peer) -> None:
    seen = []

    def script(connection: socket.socket, _: Event) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with peer(script, "web") as door:
        get(door)
    assert seen[0].startswith(b"GET /x/../y HTTP/1.1\r\n")


@pytest.mark.parametrize("answer", [b"\x15\x03\x01\x00\x02\x02\x46", b"220 mail\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http(peer: Peer, answer: bytes) -> None:
    with peer(says(answer), "web") as door, pytest.raises(pdu.ProtocolError):
        get(door)


def test_http_closed_without_an_answer_is_a_refusal(peer: Peer) -> None:
    with peer(says(b""), "web") as door, pytest.raises(Refused):
        get(door)


@pytest.mark.parametrize("script", [silent, drips, floods])
def test_http_hostile_servers_are_bounded_in_time_and_size(peer: Peer, script: Callable[..., None]) -> None:
    with peer(script, "web") as door, pytest.raises((Silent, pdu.ProtocolError)):
        get(door, seconds=0.6)

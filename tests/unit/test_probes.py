"""Probes against peers that play a script: facts that are easily read wrongly."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from pacs_hardening.model import Endpoint, Target, Violation
from pacs_hardening.oracles.transport import must_refuse_plaintext
from pacs_hardening.probes.dicom.association import (
    Attempt,
    Outcome,
    Peer,
    associate_as,
)
from pacs_hardening.probes.plaintext import in_http
from pacs_hardening.report import words
from pacs_hardening.wire import dimse, operations, pdu

ScriptedPeer = Callable[..., Any]


def accept() -> bytes:
    """An A-ASSOCIATE-AC that accepts the contexts 1, 3 and 5."""
    contexts = b"".join(
        pdu.item(0x21, bytes([2 * n + 1, 0, 0, 0]) + pdu.item(0x40, pdu.IMPLICIT_LE.encode())) for n in range(3)
    )
    fixed = b"\0\1\0\0" + b"A".ljust(16) + b"B".ljust(16) + bytes(32)
    return pdu.pdu(pdu.A_ASSOCIATE_AC, fixed + pdu.item(0x10, pdu.APPLICATION_CONTEXT) + contexts + pdu.item(0x50, b""))


def answers(*messages: bytes) -> Callable[[socket.socket, Event], None]:
    """Accept the association, then answer the first request with raw PDUs, then close."""

    def script(connection: socket.socket, _: Event) -> None:
        connection.recv(65536)
        connection.sendall(accept())
        connection.recv(65536)
        connection.sendall(b"".join(messages))
        connection.recv(65536)

    return script


def response(status: int, *, data: bool, field: int = dimse.C_FIND, completed: int | None = None) -> bytes:
    command: dimse.Command = {
        dimse.FIELD: field | dimse.RESPONSE,
        dimse.RESPONDED_ID: 1,
        dimse.DATA_SET_TYPE: 0 if data else dimse.NO_DATA_SET,
        dimse.STATUS: status,
    }
    if completed is not None:
        command[dimse.COMPLETED] = completed
    return b"".join(pdu.pdvs(1, dimse.encode_command(command), command=True, max_pdu=0))


def tried(peer: ScriptedPeer, operation: Any, *messages: bytes) -> Attempt:
    with peer(answers(*messages)) as endpoint:
        target = Target("scripted", "PACS", (endpoint,))
        return associate_as(target, Peer("stranger", b"X"), operation, seconds=5)


FRAGMENT = pdu.pdu(pdu.P_DATA_TF, b"\0\0\0\x0a" + bytes([1, 0]) + b"PATIENT1")  # its last-fragment bit is not set
ABORT = pdu.pdu(pdu.A_ABORT, bytes(4))


@pytest.mark.parametrize(
    ("messages", "received"),
    [
        ((response(0xFF00, data=True), FRAGMENT, ABORT), 8),
        ((response(0xA700, data=True), *pdu.pdvs(1, b"PATIENT2", command=False, max_pdu=0)), 8),
        ((response(0xFF00, data=True), FRAGMENT, b"\x09\0\0\0\0\0"), 8),
        ((response(0xA700, data=False),), 0),
        ((ABORT,), 0),
    ],
    ids=["fragment-then-abort", "beside-a-failure", "then-nonsense", "failure", "abort"],
)
def test_bytes_of_data_sets_are_counted_as_they_come(
    peer: ScriptedPeer, messages: tuple[bytes, ...], received: int
) -> None:
    attempt = tried(peer, operations.find("STUDY"), *messages)
    assert attempt.outcome in (Outcome.REFUSED, Outcome.NONSENSE)
    assert attempt.received == received


def test_objects_sent_away_are_counted_beside_a_failure(peer: ScriptedPeer) -> None:
    attempt = tried(peer, operations.move("THERE"), response(0xA702, data=False, field=dimse.C_MOVE, completed=5))
    assert (attempt.outcome, attempt.completed) == (Outcome.REFUSED, 5)


def test_a_warning_is_a_success(peer: ScriptedPeer) -> None:
    attempt = tried(peer, operations.normalized("N-CREATE"), response(0x0116, data=False, field=dimse.N_CREATE))
    assert attempt.outcome is Outcome.SERVED


def test_an_archive_that_closes_after_each_answer_is_asked_the_rest_anew(peer: ScriptedPeer) -> None:
    with peer(answers(response(0, data=False, field=dimse.C_ECHO))) as endpoint:
        target = Target("scripted", "PACS", (endpoint,))
        asked = operations.echo(), operations.find("STUDY")
        assert associate_as(target, Peer("node", b"X"), *asked, seconds=5).outcome is Outcome.SERVED


def test_what_is_aborted_is_refused_however_often_it_is_asked(peer: ScriptedPeer) -> None:
    with peer(answers(ABORT)) as endpoint:
        target = Target("scripted", "PACS", (endpoint,))
        asked = operations.echo(), operations.find("STUDY")
        attempt = associate_as(target, Peer("node", b"X"), *asked, seconds=5)
        assert (attempt.outcome, attempt.operation) == (Outcome.REFUSED, asked[0])


def web(*paths: bytes, other: bytes) -> Callable[[socket.socket, Event], None]:
    """Answer ``other`` except to the ``paths``, which are sent on to https."""

    def script(connection: socket.socket, _: Event) -> None:
        path = connection.recv(65536).split(b" ")[1]
        moved = b"HTTP/1.1 302 Found\r\nLocation: https://pacs.example/\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(moved if path in paths else other)

    return script


OK = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (web(b"/", b"/system", other=OK), ""),
        (web(b"/", other=OK), "GET /system without TLS"),
        (web(other=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "GET / without TLS"),
        (web(other=b"HTTP/1.1 200 OK\r\n\r\n" + bytes(5 << 20)), "more than 4 MiB"),
        (web(other=b"\x15\x03\x01\0\2\2\x46"), ""),
        (web(other=b""), ""),
    ],
    ids=["all-moved", "root-moved", "bad-request", "endless", "tls-alert", "closes"],
)
def test_plaintext_http_is_asked_on_every_route(peer: ScriptedPeer, script: Any, said: str) -> None:
    with peer(script, "web") as endpoint:
        target = Target("scripted", "PACS", (endpoint,), routes={"rest": "/system"})
        seen = list(in_http(endpoint, target))
    if not said:
        must_refuse_plaintext(seen)
        return
    with pytest.raises(Violation) as open_:
        must_refuse_plaintext(seen)
    assert said in words.text(open_.value.actual)


def test_400_on_a_tls_endpoint_says_tls_only(peer: ScriptedPeer) -> None:
    with peer(web(other=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "web") as endpoint:
        said_to_be_tls = Endpoint("web", endpoint.host, endpoint.port, tls=True)
        must_refuse_plaintext(in_http(said_to_be_tls, Target("scripted", "PACS", (said_to_be_tls,))))

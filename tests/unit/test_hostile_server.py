"""The player outlives a hostile server: endless answers, lengths of 4 GiB, silence, resets, our own bytes."""

from __future__ import annotations

import socket
import struct
from threading import Event

import pytest

from fixtures.scripted import saying, scripted
from pacs_hardening.fuzz.conversation import (
    MAX_ANSWER,
    Answer,
    Case,
    Expectation,
    Step,
)
from pacs_hardening.fuzz.parts import (
    ECHO,
    REQUEST,
    on_association,
    send,
)
from pacs_hardening.fuzz.player import Player
from pacs_hardening.fuzz.verdict import Fault, judge_answer
from pacs_hardening.model import Endpoint, Unmeasurable
from pacs_hardening.wire import pdu

SLOTS = {"called": b"ARCHIVE".ljust(16), "calling": b"TESTER".ljust(16), "identity": b""}
CASE = Case("test.case", 0, "PS3.8 9.3.2", Expectation.REFUSAL, (send(REQUEST),))


def play(endpoint: Endpoint, case: Case = CASE, deadline: float = 1.0) -> Answer:
    player = Player(endpoint, None, SLOTS, deadline=deadline)
    player.play(case)
    player.settle()
    ((_, answer),) = player.take()
    return answer


def faults(case: Case, answer: Answer) -> set[Fault]:
    return {fault for fault, _ in judge_answer(case, answer, [b"SECRET-VALUE"], strictly=True)}


ABORTED = pdu.pdu(pdu.A_ABORT, bytes([0, 0, 2, 6]))
ACCEPTED = pdu.pdu(pdu.A_ASSOCIATE_AC, bytes(68))


@pytest.mark.parametrize(
    ("said", "close", "fault"),
    [
        (ABORTED, True, set()),
        (b"", True, set()),
        (b"", False, {Fault.HANG}),
        (b"\4\0\xff\xff\xff\xff" + bytes(100), False, {Fault.HANG}),
        (ACCEPTED, True, {Fault.ACCEPTED}),
        (ABORTED + b"SECRET-VALUE", True, {Fault.CANARY, Fault.NONSENSE}),
        (pdu.pdu(pdu.A_ASSOCIATE_RQ, bytes(80)), True, {Fault.ECHO}),
        (b"HTTP/1.1 200 OK\r\n\r\n", True, {Fault.NONSENSE}),
        (pdu.pdu(pdu.A_ABORT, bytes([0, 0, 2, 77])), True, {Fault.REASON}),
    ],
)
def test_each_answer_has_its_verdict(said: bytes, close: bool, fault: set[Fault]) -> None:
    with scripted(saying(said, close=close)) as endpoint:
        assert faults(CASE, play(endpoint)) == fault


def test_an_endless_answer_ends() -> None:
    def script(connection: socket.socket, over: Event) -> None:
        connection.recv(1 << 16)
        while not over.is_set():
            connection.sendall(bytes(1 << 16))

    with scripted(script) as endpoint:
        answer = play(endpoint, deadline=5.0)
    assert MAX_ANSWER < len(answer.data) < MAX_ANSWER + (1 << 17)
    assert Fault.ENDLESS in faults(CASE, answer)


def test_a_reset_is_a_close() -> None:
    def script(connection: socket.socket, over: Event) -> None:
        connection.recv(1 << 16)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with scripted(script) as endpoint:
        assert play(endpoint).ended == "closed"


def test_a_peer_that_reads_nothing_is_left() -> None:
    big = Case("test.big", 0, "", Expectation.REFUSAL, (send("00*20000000"),))

    def script(connection: socket.socket, over: Event) -> None:
        over.wait(10)

    with scripted(script) as endpoint:
        assert play(endpoint, big).ended == "open"


def test_a_valid_association_that_is_refused_proves_nothing() -> None:
    case = Case("test.on", 0, "", Expectation.SURVIVAL, tuple(on_association(send(ECHO))))
    refused = pdu.pdu(pdu.A_ASSOCIATE_RJ, bytes([0, 1, 1, 3]))
    with scripted(saying(refused)) as endpoint, pytest.raises(Unmeasurable, match="A-ASSOCIATE-RJ"):
        play(endpoint, case)


def test_a_dead_port_proves_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unmeasurable, match="cannot be reached"):
        play(Endpoint("dicom", "127.0.0.1", port, tls=False), Case("x", 0, "", Expectation.SURVIVAL, (Step("finish"),)))

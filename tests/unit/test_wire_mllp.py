"""MLLP and HL7 v2: our blocks, and what is made of answers, hostile ones too."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event

import pytest

from pacs_hardening.model import Endpoint, Hl7, Target
from pacs_hardening.model.response import Ack, Acknowledged, Closed, Endless, Nonsense, Response, Served, Silent
from pacs_hardening.wire import adt, hl7, messages, mllp
from pacs_hardening.wire.pdu import ProtocolError

SENDER = Hl7("RIS", "HOSPITAL", receiver="PACS", receiver_facility="HOSPITAL", authority="HOSPITAL")
ACK = b"MSH|^~\\&|PACS|HOSPITAL|RIS|HOSPITAL|2026||ACK|1|P|2.5.1\rMSA|%s|1\r"
Peers = Callable[..., AbstractContextManager[Endpoint]]


def test_a_message_is_a_block_of_segments() -> None:
    raw = adt.Draft.of(SENDER).encode()
    segments = raw.split(b"\r")
    header = segments[0].split(b"|")
    assert raw.endswith(b"\r")
    assert header[:6] == [b"MSH", b"^~\\&", b"RIS", b"HOSPITAL", b"PACS", b"HOSPITAL"]
    assert header[8] == b"ADT^A08^ADT_A01"
    assert [each[:3] for each in segments] == [b"MSH", b"EVN", b"PID", b"PV1", b""]
    assert mllp.block(b"x") == b"\x0bx\x1c\r"


def test_a_merge_names_two_patients_that_nobody_has() -> None:
    raw = adt.Draft(SENDER, b"RIS", b"HOSPITAL", b"ADT^A40^ADT_A39", prior=adt.prior()).encode()
    assert b"\rEVN|A40|" in raw
    assert b"\rMRG|" + adt.prior() + b"^^^HOSPITAL^PI\r" in raw
    assert adt.prior() != adt.patient()


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (ACK % b"AA", Acknowledged(Ack.APPLICATION_ACCEPT)),
        (ACK % b"aa", Acknowledged(Ack.APPLICATION_ACCEPT)),
        (ACK % b"CR", Acknowledged(Ack.COMMIT_REJECT)),
        (ACK % b"AE" + b"ERR||PID^1|204^unknown key|E\r", Acknowledged(Ack.APPLICATION_ERROR, frozenset({204}))),
        (ACK % b"AR" + b"ERR|PID^1^^101&missing~^^^103\r", Acknowledged(Ack.APPLICATION_REJECT, frozenset({101, 103}))),
        (ACK.replace(b"|", b"#") % b"AE" + b"ERR###207\r", Acknowledged(Ack.APPLICATION_ERROR, frozenset({207}))),
        ((ACK % b"AA").replace(b"\r", b"\r\n"), Acknowledged(Ack.APPLICATION_ACCEPT)),
    ],
)
def test_acknowledgments_are_read_as_codes(raw: bytes, told: Acknowledged) -> None:
    assert hl7.acknowledgment(raw) == told
    assert told.accepts == (told.code is Ack.APPLICATION_ACCEPT)


@pytest.mark.parametrize("raw", [b"", b"MSH", b"MSH|^~\\&|A\r", ACK % b"OK", b"HTTP/1.1 400 no", b"MSH||||\rMSA\r"])
def test_what_is_no_acknowledgment_is_no_answer(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        hl7.acknowledgment(raw)


def test_errors_tell_a_type_from_a_record() -> None:
    assert Acknowledged(Ack.APPLICATION_REJECT).refuses_type
    assert Acknowledged(Ack.APPLICATION_ERROR, frozenset({200})).refuses_type
    assert not Acknowledged(Ack.APPLICATION_ERROR, frozenset({204})).refuses_type
    assert Acknowledged(Ack.APPLICATION_ERROR, frozenset({204})).shows_that_it_looked


def _told(peer: Peers, *pieces: bytes, holds: bool = False, seconds: float = 2.0) -> Response:
    def answer(connection: socket.socket, over: Event) -> None:
        connection.recv(1 << 16)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.02)
        if holds:
            over.wait(10)

    with peer(answer, "hl7") as endpoint:
        target = Target("it", "PACS", (endpoint,), hl7=SENDER)
        return messages.send(endpoint, target, None, mllp.block(adt.harmless(SENDER)), "HL7", seconds=seconds).response


@pytest.mark.parametrize(
    ("pieces", "response"),
    [
        ([mllp.block(ACK % b"AA")], Served(Acknowledged(Ack.APPLICATION_ACCEPT))),
        ([mllp.block(ACK % b"AE")], Acknowledged(Ack.APPLICATION_ERROR)),
        ([mllp.block(b"\x06"), mllp.block(ACK % b"AA")], Served(Acknowledged(Ack.APPLICATION_ACCEPT))),
        ([b"\r\n\x0b", (ACK % b"AR")[:9], (ACK % b"AR")[9:], b"\x1c"], Acknowledged(Ack.APPLICATION_REJECT)),
        ([], Closed()),
        ([b"\x0bMSH|"], Closed()),
        ([b"\x15\x03\x03\x00\x02", b"\x02\x0a"], None),
        ([b"HTTP/1.1 400 Bad Request"], None),
    ],
)
def test_answers_come_as_values(peer: Peers, pieces: list[bytes], response: Response | None) -> None:
    came = _told(peer, *pieces)
    assert came == response if response is not None else not isinstance(came, Served)


def test_a_hostile_receiver_is_bounded_in_time_and_bytes(peer: Peers) -> None:
    began = time.monotonic()
    assert isinstance(_told(peer, b"\x0bMSH|", holds=True, seconds=0.5), Silent)
    assert isinstance(_told(peer, holds=True, seconds=0.5), Silent)
    assert isinstance(_told(peer, b"\x0b", *[b"x" * (1 << 20)] * 5, holds=True, seconds=5), Endless)
    assert isinstance(_told(peer, b"\x00" * 100, holds=True, seconds=5), Nonsense)
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("at_once", [False, True])
def test_what_goes_before_a_message_is_answered_first(peer: Peers, at_once: bool) -> None:
    """Refused, and then served: the answer to the last is what came of it."""
    seen: list[bytes] = []

    def answering(connection: socket.socket, over: Event) -> None:
        connection.settimeout(5)
        read = b""
        while len(seen) < 3:
            read += connection.recv(4096)
            while mllp.END in read:
                one, _, read = read.partition(mllp.END + mllp.RETURN)
                seen.append(one)
                connection.sendall(mllp.block(ACK % (b"AA" if len(seen) == 3 else b"AR")))

    before = [mllp.block(b"first"), mllp.block(b"second")]
    with peer(answering) as endpoint:
        target = Target("t", "T", (endpoint,))
        told = messages.send(endpoint, target, None, mllp.block(b"last"), "it", before=before, at_once=at_once)
    assert seen == [b"\x0bfirst", b"\x0bsecond", b"\x0blast"]
    assert isinstance(told.response, Served)


@pytest.mark.parametrize(
    ("delimiters", "written"),
    [
        (b"|^~\\&#", b"MSH|^~\\&#|A^B|F\rPID|1~2&3\r"),
        (b"|^~\\", b"MSH|^~\\|A^B|F\rPID|1~2&3\r"),
        (b"#:*%$", b"MSH#:*%$#A:B#F\rPID#1*2$3\r"),
    ],
)
def test_a_message_is_written_with_more_fewer_or_other_delimiters(delimiters: bytes, written: bytes) -> None:
    assert hl7.with_delimiters(b"MSH|^~\\&|A^B|F\rPID|1~2&3\r", delimiters) == written

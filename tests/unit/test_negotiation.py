"""Which presentation contexts are accepted, of archives with limits of their own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event

import pytest

from fixtures.scripted import scripted
from pacs_hardening.model import Endpoint, Impact, Node, Research, Target, Unmeasurable
from pacs_hardening.probes import keeping
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.dicom.association import Attempt, Peer
from pacs_hardening.probes.dicom.negotiation import negotiated
from pacs_hardening.probes.research.sending import accepted
from pacs_hardening.wire import pdu, strict

CLASSES = [f"1.2.3.{number}" for number in range(150)]
TAKES = (CLASSES[1], CLASSES[70], CLASSES[149])
PAIRS = [(uid, pdu.IMPLICIT_LE) for uid in CLASSES]
NODE = Node("all", "GATE", frozenset({"echo", "store"}))
FEW = 40  # fewer than the half of what is proposed


def archive(most: int = 128, *, takes: tuple[str, ...] = TAKES) -> Callable[[socket.socket, Event], None]:
    """Rejects an association of more than ``most`` presentation contexts; accepts the classes that it ``takes``."""

    def script(connection: socket.socket, _: Event) -> None:
        with connection.makefile("rb") as stream:
            head = stream.read(6)
            asked = strict.request(stream.read(int.from_bytes(head[2:], "big")))
            if len(asked.proposals) > most:
                connection.sendall(pdu.pdu(pdu.A_ASSOCIATE_RJ, b"\0\1\1\1"))
                return
            connection.sendall(answer(asked, {uid.encode() for uid in takes}))
            stream.read(10)
        connection.sendall(pdu.pdu(pdu.A_RELEASE_RP, bytes(4)))

    return script


def answer(asked: strict.Request, takes: set[bytes]) -> bytes:
    results = b"".join(
        pdu.item(0x21, bytes([each.id, 0, 0 if each.abstract in takes else 3, 0]) + pdu.item(0x40, each.transfers[0]))
        for each in asked.proposals
    )
    fixed = b"\0\1\0\0" + asked.called + asked.calling + bytes(32)
    return pdu.pdu(pdu.A_ASSOCIATE_AC, fixed + pdu.item(0x10, pdu.APPLICATION_CONTEXT) + results + pdu.item(0x50, b""))


def target_at(endpoint: Endpoint) -> Target:
    return Target("scripted", "PACS", (endpoint,), nodes={"all": NODE}, ceiling=Impact.WRITES)


@pytest.mark.parametrize("most", [128, FEW, 1])
def test_every_reading_finds_what_is_accepted(most: int) -> None:
    """Given an archive that gives associations of ``most`` contexts; when 150 classes are proposed; then each reading
    of what it accepts finds the same."""
    research = Research("RESEARCH", "all", "all", "user")
    with scripted(archive(most)) as endpoint:
        target = target_at(endpoint)
        found = negotiated(target, Peer.of(NODE), [(uid, (pdu.IMPLICIT_LE,)) for uid in CLASSES])
        taken = keeping.taken(Authorised(target), PAIRS)
        sent = accepted(target, research, CLASSES, (pdu.EXPLICIT_LE,))
    assert found == [pdu.IMPLICIT_LE if uid in TAKES else "" for uid in CLASSES]
    assert taken == [(uid, pdu.IMPLICIT_LE) for uid in TAKES]
    assert sent == (TAKES, (pdu.EXPLICIT_LE,))


def test_without_any_association_nothing_was_negotiated() -> None:
    with scripted(archive(0)) as endpoint:
        target = target_at(endpoint)
        assert isinstance(negotiated(target, Peer.of(NODE), [(CLASSES[0], (pdu.IMPLICIT_LE,))] * 2), Attempt)
        assert accepted(target, Research("RESEARCH", "all", "all", "user"), CLASSES[:2], ()) == ((), ())
        with pytest.raises(Unmeasurable):
            keeping.taken(Authorised(target), PAIRS[:2])


def test_an_archive_that_takes_nothing_is_no_error() -> None:
    with scripted(archive(takes=())) as endpoint:
        assert keeping.taken(Authorised(target_at(endpoint)), PAIRS) == []

"""Who is let through TLS: against servers that are easily taken for open, and against open ones. What was a false
alarm, or came of a race, is repeated."""

from __future__ import annotations

import errno
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from fixtures.scripted import scripted
from pacs_hardening.model import Endpoint, KeyPair, Node, Target, Unmeasurable
from pacs_hardening.model.response import Closed, TlsAlert
from pacs_hardening.pki import authority
from pacs_hardening.probes.tls.handshake import Answered, Finished, Handshake, LetThrough, handshake
from pacs_hardening.wire import pdu

TIMES = 50
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
ONLY_TLS13 = b"\x00\x2b\x00\x03\x02\x03\x04"  # supported_versions with TLS 1.3 and nothing else
ACCEPT = pdu.pdu(pdu.A_ASSOCIATE_AC, bytes(68))
REJECT = pdu.pdu(pdu.A_ASSOCIATE_RJ, b"\0\1\1\7")
Behind = Callable[[ssl.SSLSocket, bool], None]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> authority.Pki:
    return authority.make(tmp_path_factory.mktemp("pki") / "p", {"all": "all.invalid"}, ["localhost", "127.0.0.1"])


def context(pki: authority.Pki, *, required: bool = True, only: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pki.server.certificate, pki.server.key)
    made.load_verify_locations(pki.ca)
    made.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    made.minimum_version, made.maximum_version = only or TLS12, only or TLS13
    return made


def serving(secured: ssl.SSLContext, behind: Behind) -> Callable[[socket.socket, Event], None]:
    """``behind`` is told whether the client showed a certificate."""

    def script(connection: socket.socket, _: Event) -> None:
        with secured.wrap_socket(connection, server_side=True) as secure:
            behind(secure, bool(secure.getpeercert()))

    return script


def answering(data: bytes) -> Behind:
    def behind(secure: ssl.SSLSocket, _: bool) -> None:
        secure.recv(1 << 14)
        secure.sendall(data)
        secure.recv(1 << 14)

    return behind


def tried(endpoint: Endpoint, pki: authority.Pki, keys: KeyPair | None = None) -> Handshake:
    node = Node("all", "MODALITY", keys=pki.nodes["all"])
    secure = Endpoint("dicom", endpoint.host, endpoint.port, tls=True)
    return handshake(secure, Target("scripted", "PACS", (secure,), nodes={"all": node}), keys, node)


@pytest.mark.parametrize("reset", [False, True])
def test_a_hello_for_tls13_that_a_tls12_server_drops_is_nobody_let_through(pki: authority.Pki, reset: bool) -> None:
    secured = context(pki, only=TLS12)

    def script(connection: socket.socket, over: Event) -> None:
        if ONLY_TLS13 in connection.recv(1 << 14, socket.MSG_PEEK):
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        serving(secured, answering(ACCEPT))(connection, over)

    with scripted(script) as endpoint:
        for _ in range(TIMES):
            found = tried(endpoint, pki)
            assert not found.accepted
            assert [each.version for each in found.refused] == ["TLS 1.2"]


def test_a_close_without_alert_is_a_refusal_where_the_authorised_node_is_answered(pki: authority.Pki) -> None:
    def behind(secure: ssl.SSLSocket, shown: bool) -> None:
        secure.recv(1 << 14)
        if shown:
            secure.sendall(ACCEPT)
            secure.recv(1 << 14)
        else:
            socket.socket.shutdown(secure, socket.SHUT_RDWR)

    with scripted(serving(context(pki, required=False, only=TLS13), behind)) as endpoint:
        for _ in range(TIMES):
            found = tried(endpoint, pki)
            assert not found.accepted
            ((version, refusal),) = [(each.version, each.refusal) for each in found.refused]
            assert version == "TLS 1.3"
            assert isinstance(refusal, Closed)


def test_a_close_that_everybody_gets_is_no_evidence(pki: authority.Pki) -> None:
    def behind(secure: ssl.SSLSocket, shown: bool) -> None:
        secure.recv(1 << 14)

    with scripted(serving(context(pki, required=False, only=TLS13), behind)) as endpoint:
        for _ in range(TIMES):
            with pytest.raises(Unmeasurable, match="neither"):
                tried(endpoint, pki)


def test_a_certificate_that_our_own_tls_does_not_read_is_nobody_let_through(pki: authority.Pki, tmp_path: Path) -> None:
    names = ["localhost", *(f"name-{n}.pacs.invalid" for n in range(10_000))]
    long = authority.make(tmp_path / "long", {"all": "all.invalid"}, names)
    with scripted(serving(context(long), answering(ACCEPT))) as endpoint:
        for _ in range(TIMES):
            with pytest.raises(Unmeasurable, match="neither"):
                tried(endpoint, long)


def malloc_failure() -> ssl.SSLError:
    error = ssl.SSLError(1, "[SSL] malloc failure")
    error.reason = "MALLOC_FAILURE"
    return error


@pytest.mark.parametrize(
    "fault", [MemoryError(), OSError(errno.ENOMEM, "no memory"), malloc_failure()], ids=["python", "system", "openssl"]
)
@pytest.mark.parametrize("at", [1, 2])
def test_a_failure_of_our_own_is_neither_a_refusal_nor_the_contrary(
    pki: authority.Pki, monkeypatch: pytest.MonkeyPatch, fault: Exception, at: int
) -> None:
    """Memory is short, by injection: when the stranger comes, in TLS 1.2 or in TLS 1.3."""
    whole, calls = ssl.SSLContext.wrap_socket, 0

    def short_of_memory(self: ssl.SSLContext, sock: socket.socket, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        nonlocal calls
        if not named.get("server_side"):
            calls += 1
            if calls == (1 if at == 1 else 3):
                raise fault
        return whole(self, sock, *arguments, **named)

    with scripted(serving(context(pki), answering(ACCEPT))) as endpoint:
        monkeypatch.setattr(ssl.SSLContext, "wrap_socket", short_of_memory)
        with pytest.raises((Unmeasurable, MemoryError)):
            tried(endpoint, pki)


def test_what_speaks_another_protocol_behind_tls_is_not_judged(pki: authority.Pki) -> None:
    secured = context(pki, required=False, only=TLS13)
    said = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with scripted(serving(secured, said)) as endpoint, pytest.raises(Unmeasurable, match="neither"):
        tried(endpoint, pki)


@pytest.mark.parametrize("answer", [ACCEPT, REJECT, pdu.pdu(pdu.A_ABORT, bytes(4)), b"\2"])
def test_an_answer_in_dicom_shows_who_was_let_through_in_tls13(pki: authority.Pki, answer: bytes) -> None:
    with scripted(serving(context(pki, required=False, only=TLS13), answering(answer))) as endpoint:
        assert tried(endpoint, pki) == Handshake((LetThrough("TLS 1.3", Answered(answer[0])),), ())


def test_a_finished_shows_who_was_let_through_in_tls12(pki: authority.Pki) -> None:
    with scripted(serving(context(pki, required=False, only=TLS12), answering(b""))) as endpoint:
        assert tried(endpoint, pki) == Handshake((LetThrough("TLS 1.2", Finished(TLS12)),), ())


@pytest.mark.parametrize("defect", ["", "unknown-ca", "expired"])
def test_a_server_that_wants_a_certificate_refuses_by_alert_in_both_versions(pki: authority.Pki, defect: str) -> None:
    with scripted(serving(context(pki), answering(ACCEPT))) as endpoint:
        found = tried(endpoint, pki, pki.bad.get(defect))
    assert not found.accepted
    assert [(each.version, type(each.refusal)) for each in found.refused] == [
        ("TLS 1.2", TlsAlert),
        ("TLS 1.3", TlsAlert),
    ]


def test_without_evidence_nobody_is_let_through() -> None:
    with pytest.raises(ValueError, match="Finished"):
        Finished(TLS13)
    with pytest.raises(ValueError, match="PDU"):
        Answered(0x48)

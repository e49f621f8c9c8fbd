"""The TLS scan and the search for second endpoints, against peers that are easily taken for something else."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Semaphore, Thread
from typing import Any

import pytest

from pacs_hardening.model import (
    Endpoint,
    Node,
    Target,
    Unmeasurable,
)
from pacs_hardening.pki import authority
from pacs_hardening.probes.listeners import Protection, listening
from pacs_hardening.probes.tls.scan import TlsFacts, scan
from pacs_hardening.report import words
from pacs_hardening.wire import pdu

ScriptedPeer = Callable[..., Any]
SUITES = ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")


def target_at(endpoint: Endpoint, **more: Any) -> Target:
    return Target("scripted", "PACS", (endpoint,), nodes={"all": Node("all", "MODALITY")}, **more)


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    made = authority.make(tmp_path / "pki", {"all": "all.invalid"}, ["localhost", "127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server.certificate, made.server.key)
    context.set_ciphers("ECDHE+AESGCM")
    return context


@contextmanager
def served(context: ssl.SSLContext, limit: int) -> Iterator[Endpoint]:
    """A TLS server that closes at once whatever comes beyond ``limit`` connections at a time."""
    over, room, threads = Event(), Semaphore(limit), list[Thread]()

    def serve(connection: socket.socket) -> None:
        with closing(connection):
            connection.settimeout(5)
            try:
                with context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)
            except OSError:
                pass
            finally:
                room.release()

    def accept(server: socket.socket) -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            if not room.acquire(blocking=False):
                connection.close()
                continue
            threads.append(Thread(target=serve, args=(connection,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        acceptor = Thread(target=accept, args=(server,))
        acceptor.start()
        try:
            yield Endpoint("web", "127.0.0.1", server.getsockname()[1], tls=True)
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            for thread in (acceptor, *threads):
                thread.join(10)


def facts(endpoint: Endpoint) -> TlsFacts:
    return scan([endpoint], target_at(endpoint))[endpoint]


@pytest.mark.parametrize("limit", [64, 2])
def test_a_limit_on_connections_is_no_refusal_of_suites(context: ssl.SSLContext, limit: int) -> None:
    with served(context, limit) as endpoint:
        found = facts(endpoint)
    assert found.versions == ("TLS 1.2", "TLS 1.3")
    assert found.suites["TLS 1.2"] == SUITES
    assert not found.lets_renegotiate


def test_a_server_that_closes_on_everything_is_not_scanned(peer: ScriptedPeer) -> None:
    with peer(lambda connection, over: None) as endpoint, pytest.raises(Unmeasurable, match="no TLS connection"):
        facts(endpoint)


def test_a_server_that_knows_only_a_weak_group_is_not_passed(context: ssl.SSLContext) -> None:
    context.set_ecdh_curve("secp224r1")
    with served(context, 64) as endpoint, pytest.raises(Unmeasurable, match=r"only with weak groups \(secp224r1\)"):
        facts(endpoint)


def test_without_a_client_certificate_renegotiation_stays_unmeasured(context: ssl.SSLContext, tmp_path: Path) -> None:
    context.load_verify_locations(tmp_path / "pki" / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with served(context, 64) as endpoint:
        found = facts(endpoint)
    assert found.suites["TLS 1.2"] == SUITES
    assert "no TLS 1.2 connection to renegotiate" in str(found.unmeasured)


def answering(reply: bytes) -> Callable[[socket.socket, Event], None]:
    def script(connection: socket.socket, _: Event) -> None:
        connection.recv(65536)
        connection.sendall(reply)

    return script


REJECT = pdu.pdu(pdu.A_ASSOCIATE_RJ, b"\0\1\1\7")
HTTP = b"HTTP/1.1 %s\r\nContent-Length: 0\r\n%s\r\n"


@pytest.mark.parametrize(
    ("reply", "service", "said"),
    [
        (REJECT, "dicom", "A-ASSOCIATE-RJ"),
        (HTTP % (b"401 Unauthorized", b""), "web", "HTTP 401"),
        (HTTP % (b"404 Not Found", b""), "", ""),
        (HTTP % (b"302 Found", b"Location: https://elsewhere.invalid/\r\n"), "", ""),
        (b"220 something else\r\n", "", ""),
        (b"", "", ""),
    ],
    ids=["dicom", "web", "another-application", "sends-to-https", "another-protocol", "closes"],
)
def test_a_plaintext_listener_is_known_by_what_it_answers(
    peer: ScriptedPeer, reply: bytes, service: str, said: str
) -> None:
    with peer(answering(reply)) as endpoint:
        found = listening([(endpoint.host, endpoint.port)], target_at(endpoint, routes={"rest": "/system"}))
    assert [(each.endpoint.service, each.protection) for each in found] == (
        [(service, Protection.NOTHING)] if said else []
    )
    assert all(said in words.text(each.observed) for each in found)


def test_a_listener_that_hangs_is_not_taken_for_a_closed_one(peer: ScriptedPeer) -> None:
    with peer(lambda connection, over: over.wait(20)) as endpoint, pytest.raises(Unmeasurable, match="hangs"):
        listening([(endpoint.host, endpoint.port)], target_at(endpoint))


def test_where_nobody_listens_there_is_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert listening([("127.0.0.1", port)], target_at(Endpoint("dicom", "127.0.0.1", port, tls=False))) == ()

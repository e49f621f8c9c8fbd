"""ClientHellos and what is read of their answers: against OpenSSL, against answers of old servers, against anything."""

from __future__ import annotations

import io
import socket
import ssl
import struct
from contextlib import suppress
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.scripted import Script, saying, scripted
from pacs_hardening.model import Endpoint, KeyPair, Unmeasurable
from pacs_hardening.model.response import Alert, Closed, Nonsense, Silent, Stage, TlsAlert
from pacs_hardening.pki import authority
from pacs_hardening.wire import renegotiation
from pacs_hardening.wire.choice import MAX_FLIGHT, Choice, Malformed, read_choice
from pacs_hardening.wire.hello import DEFLATE, FALLBACK_SCSV, ClientHello
from pacs_hardening.wire.offer import OtherVersion, Server, means_none_of_these
from pacs_hardening.wire.suites import VERSIONS, suites

_ALLOW_RENEGOTIATION = 1 << 8  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION
DHE, ECDHE, PSK = 0x009E, 0xC02F, 0x00AA


def answer_to(hello: ClientHello, context: ssl.SSLContext) -> bytes:
    """What OpenSSL says to ``hello``."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(hello.record())
    incoming.write_eof()
    with pytest.raises(ssl.SSLError):
        context.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    return outgoing.read()


def read(data: bytes, version: str = "TLS 1.2") -> Choice | TlsAlert | Closed:
    return read_choice(io.BytesIO(data).read, version)


def record(kind: int, content: bytes) -> bytes:
    return struct.pack(">BHH", kind, 0x0303, len(content)) + content


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def server_hello(suite: int, version: int = 0x0303, compression: int = 0) -> bytes:
    return message(2, struct.pack(">H32xBHB", version, 0, suite, compression))


def flight(*messages: bytes) -> bytes:
    return b"".join(record(22, each) for each in (*messages, message(14, b"")))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    names = ["localhost", "127.0.0.1"]
    return authority.make(tmp_path_factory.mktemp("pki") / "p", {"all": "all.invalid"}, names, server_key="rsa").server


@pytest.fixture
def context(server: KeyPair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def serving(context: ssl.SSLContext) -> Script:
    def script(connection: socket.socket, _: Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1)

    return script


def at(endpoint: Endpoint) -> Server:
    return Server(endpoint, "localhost")


@pytest.mark.parametrize("version", VERSIONS[2:])
def test_openssl_understands_the_hello_of_a_version_and_chooses_within_it(
    context: ssl.SSLContext, version: str
) -> None:
    with scripted(serving(context)) as endpoint:
        choice = at(endpoint).offer(version, suites(version))
    assert isinstance(choice, Choice)
    assert (choice.version, choice.suite in suites(version)) == (version, True)
    assert choice.group == ("x25519", 255)
    assert bool(choice.certificates) == (version != "TLS 1.3"), "TLS 1.3 encrypts it"
    assert choice.binds == (version != "TLS 1.3"), "there is no renegotiation in TLS 1.3"


def test_a_hello_retry_request_is_followed(context: ssl.SSLContext) -> None:
    context.set_ecdh_curve("secp384r1")
    with scripted(serving(context)) as endpoint:
        choice = at(endpoint).offer("TLS 1.3", suites("TLS 1.3"))
    assert isinstance(choice, Choice)
    assert (choice.group, choice.retry) == (("secp384r1", 384), False)


def test_openssl_reads_fallback_compression_ticket_and_no_extensions(context: ssl.SSLContext) -> None:
    fallback = ClientHello("TLS 1.1", [0xC014, 0x002F, FALLBACK_SCSV], groups=[29])
    assert read(answer_to(fallback, context)) == TlsAlert(Alert.INAPPROPRIATE_FALLBACK)  # RFC 7507 3
    plain = ClientHello("TLS 1.2", [0x009C], compressions=[DEFLATE, 0], renegotiation=None, ticket=b"")
    choice = read(answer_to(plain, context))
    assert isinstance(choice, Choice)
    assert (choice.suite.name, choice.compression, choice.binds) == ("TLS_RSA_WITH_AES_128_GCM_SHA256", 0, False)
    assert ClientHello("SSL 3.0", [0x002F], "localhost").message().endswith(b"\x00\x02\x00\x2f\x01\x00")


@pytest.mark.parametrize(
    ("suite", "exchange", "group"),
    [
        (DHE, struct.pack(">H", 64) + b"\xff" * 64, ("dhe", 512)),
        (DHE, struct.pack(">HB", 128, 1) + bytes(127), ("dhe", 1017)),
        (PSK, struct.pack(">H4sH", 4, b"hint", 96) + b"\xff" * 96, ("dhe", 768)),
        (ECDHE, b"\3\0\x15", ("secp224r1", 224)),
        (ECDHE, b"\1\x20" + bytes(32), ("a curve of its own", 0)),
        (ECDHE, b"\3\x7f\x7f", ("unknown group 7f7f", 0)),
    ],
    ids=["export", "leading-zeros", "pre-shared", "small-curve", "explicit-curve", "unknown"],
)
def test_the_size_of_a_key_exchange_is_read(suite: int, exchange: bytes, group: tuple[str, int]) -> None:
    choice = read(flight(server_hello(suite), message(12, exchange)))
    assert isinstance(choice, Choice)
    assert choice.group == group


def test_compression_that_a_server_chooses_is_read() -> None:
    choice = read(flight(server_hello(0x009C, compression=DEFLATE)))
    assert isinstance(choice, Choice)
    assert choice.compression == DEFLATE


SSL2_HELLO = struct.pack(">BBBHHHH", 4, 0, 1, 2, 3, 3, 16) + b"DER" + bytes.fromhex("0700c0") + bytes(16)


@pytest.mark.parametrize(
    "header", [struct.pack(">H", 0x8000 | len(SSL2_HELLO)), struct.pack(">HB", len(SSL2_HELLO), 0)]
)
def test_a_server_hello_of_ssl2_is_read(header: bytes) -> None:
    choice = read(header + SSL2_HELLO, "SSL 2.0")
    assert isinstance(choice, Choice)
    assert (choice.suite.name, choice.certificates) == ("SSL_CK_DES_192_EDE3_CBC_WITH_MD5", (b"DER",))
    assert read(b"\x80\x03\x00\x00\x01", "SSL 2.0") == TlsAlert(40)
    assert read(b"\x15\x03\x01\x00\x02\x02\x46", "SSL 2.0") == TlsAlert(70)


@given(st.binary(max_size=300), st.sampled_from(VERSIONS))
def test_whatever_a_server_says_is_one_of_four_things(data: bytes, version: str) -> None:
    for said in (data, record(22, data), record(22, message(2, data)), flight(server_hello(DHE), message(12, data))):
        with suppress(Malformed):
            assert isinstance(read(said, version), Choice | TlsAlert | Closed)


@pytest.mark.parametrize(
    "piece",
    [record(22, message(11, bytes(16000))), record(21, b"\1\x70"), record(22, b"\2\xff\xff\xff" + bytes(16000))],
    ids=["certificates", "warnings", "a-message-of-16-MiB"],
)
def test_an_answer_without_end_ends(piece: bytes) -> None:
    asked = 0

    def receive(limit: int) -> bytes:
        nonlocal asked
        start = asked % len(piece)
        asked += min(limit, len(piece) - start)
        return piece[start : start + limit]

    with pytest.raises(Malformed):
        read_choice(receive, "TLS 1.2")
    assert asked <= MAX_FLIGHT


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (record(21, b"\2\x28"), TlsAlert(40)),
        (record(21, b"\2\x50"), TlsAlert(80)),
        (flight(server_hello(0x002F, 0x0301)), OtherVersion("TLS 1.0")),
        (b"", Closed()),
        (record(22, server_hello(DHE)), Closed()),
        (flight(server_hello(0x1301)), Nonsense("chose unknown suite 1301, which was not offered")),
        (
            flight(server_hello(DHE)),
            Nonsense("no answer to a ClientHello: TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 without"),
        ),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Nonsense("no answer to a ClientHello: a record of type 72, ")),
    ],
    ids=["alert", "internal-error", "version", "close", "half", "suite", "no-key", "http"],
)
def test_what_is_no_choice_is_told_apart(data: bytes, reply: object) -> None:
    with scripted(saying(data)) as endpoint:
        got = at(endpoint).offer("TLS 1.2", suites("TLS 1.2"))
    assert type(got) is type(reply)
    assert str(got).startswith(str(reply).rstrip("')"))
    assert means_none_of_these(got) == (got in (TlsAlert(40), OtherVersion("TLS 1.0")))


def test_silence_is_no_refusal() -> None:
    with scripted(saying(record(22, server_hello(ECDHE)), close=False)) as endpoint:
        assert at(endpoint).offer("TLS 1.2", suites("TLS 1.2")) == Silent(3.0, Stage.TLS)


SUITES_OF_RECORDS = ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"]
SUITES_OF_RECORDS += ["ECDHE-RSA-AES128-SHA", "AES256-SHA", "AES128-SHA256", "ECDHE-RSA-AES256-SHA384"]


@pytest.mark.parametrize("suite", SUITES_OF_RECORDS)
@pytest.mark.parametrize("allowed", [True, False])
def test_a_renegotiation_is_seen_under_every_kind_of_record(context: ssl.SSLContext, suite: str, allowed: bool) -> None:
    """The same records, allowed and refused: so a refusal is none of our own mistakes."""
    context.set_ciphers(f"{suite}:@SECLEVEL=0")
    context.options |= _ALLOW_RENEGOTIATION if allowed else ssl.OP_NO_RENEGOTIATION
    with scripted(serving(context)) as endpoint:
        assert renegotiation.renegotiates(endpoint, "localhost", None) == allowed


def test_a_server_without_tls12_has_nothing_to_renegotiate(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with scripted(serving(context)) as endpoint, pytest.raises(Unmeasurable, match=r"no TLS 1\.2 connection"):
        renegotiation.renegotiates(endpoint, "localhost", None)


def test_a_record_that_was_not_understood_is_no_refusal(
    context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours, injected: OpenSSL answers bad_record_mac."""
    monkeypatch.setattr(renegotiation._Keys, "_nonce", lambda self, number: bytes(12))
    context.set_ciphers("ECDHE+CHACHA20")
    with scripted(serving(context)) as endpoint, pytest.raises(Unmeasurable):
        renegotiation.renegotiates(endpoint, "localhost", None)


def test_the_table_of_suites_is_whole() -> None:
    for version in VERSIONS:
        numbers = [each.number for each in suites(version)]
        assert len(set(numbers)) == len(numbers) > 4
    assert {each["id"] & 0xFFFF for each in ssl.create_default_context().get_ciphers()} <= {
        each.number for version in VERSIONS for each in suites(version)
    }

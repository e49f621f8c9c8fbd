"""The embedded archive's DICOM endpoint: hardened as it stands, and weak in exactly one thing where asked."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.association import Association
from pynetdicom.pdu import A_ASSOCIATE_RJ, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
    UserIdentityNegotiation,
)
from pynetdicom.transport import AssociationSocket

from fixtures.small import environment, running
from pacs_hardening.embedded import start
from pacs_hardening.embedded.store import Store
from pacs_hardening.embedded.upper_layer import ClosingSocket
from pacs_hardening.model import (
    BadInput,
    Identity,
    KeyPair,
    Node,
    Secret,
    Unmeasurable,
)
from pacs_hardening.model.running import Running
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.plant import plant
from pacs_hardening.space import negotiation
from pacs_hardening.wire import tls

VERIFICATION, SECONDARY_CAPTURE, ULTRASOUND = (
    "1.2.840.10008.1.1",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.6.1",
)
FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{n}" for n in (1, 2, 3))
COMMITMENT, JPEG = "1.2.840.10008.1.20.1", "1.2.840.10008.1.2.4.50"
CONTEXTS = {"echo": VERIFICATION, "find": FIND, "get": GET, "move": MOVE, "store": SECONDARY_CAPTURE}
NOT_AUTHORISED = 0x0124


@pytest.fixture(autouse=True)
def _client_sockets_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """pynetdicom forgets a socket whose shutdown fails, which a server that closes first brings about."""
    monkeypatch.setattr(AssociationSocket, "_shutdown_socket", ClosingSocket._shutdown_socket)


@pytest.fixture(scope="module")
def hardened() -> Iterator[Running]:
    with running() as it:
        yield it


def client_context(keys: KeyPair | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")  # the server must refuse, not we
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if keys:
        context.load_cert_chain(keys.certificate, keys.key)
    return context


_SAME: Any = object()


def associate(
    it: Running,
    node: Node,
    *contexts: str,
    aet: str = "",
    called: str = "",
    keys: KeyPair | None = _SAME,
    identity: Identity | None = _SAME,
    syntaxes: list[str] | None = None,
    tls: bool = True,
    handlers: list[Any] | None = None,
) -> Association:
    endpoint = next(d for d in it.target.endpoints_of("dicom") if d.tls == tls)
    ae = AE(aet or node.aet)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = 5
    for uid in contexts or (VERIFICATION,):
        ae.add_requested_context(uid, syntaxes or ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
    negotiation: list[Any] = [build_role(SECONDARY_CAPTURE, scp_role=True)] if GET in contexts else []
    who = node.identity if identity is _SAME else identity
    if who:
        item = UserIdentityNegotiation()
        item.user_identity_type, item.positive_response_requested = 2, True
        item.primary_field, item.secondary_field = who.username.encode(), who.passcode.reveal().encode()
        negotiation.append(item)
    context = client_context(node.keys if keys is _SAME else keys)
    return ae.associate(
        endpoint.host,
        endpoint.port,
        ae_title=called or it.target.called_aet,
        tls_args=(context, "localhost") if tls else None,
        ext_neg=negotiation,
        evt_handlers=[*(handlers or []), (evt.EVT_PDU_RECV, note_rejection)],
    )


def note_rejection(event: evt.Event) -> None:
    if isinstance(event.pdu, A_ASSOCIATE_RJ):
        event.assoc.rejection = (event.pdu.result, event.pdu.source, event.pdu.reason_diagnostic)  # type: ignore[attr-defined]


def rejection(association: Association) -> tuple[int, int, int]:
    """Taken from the PDU: pynetdicom's requestor reports an abort where the rejection comes faster than it looks."""
    assert not association.is_established
    found: tuple[int, int, int] = getattr(association, "rejection", (0, 0, 0))
    return found


def new_uid() -> str:
    return f"2.25.{secrets.randbits(120)}"


def image(uid: str = "", text: str = "TEST", sop_class: str = SECONDARY_CAPTURE) -> Dataset:
    dataset = Dataset()
    dataset.PatientName, dataset.PatientID = text, "TEST-1"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid or new_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = new_uid(), new_uid()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def identifier(level: str = "STUDY", **keys: str) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = level
    for name, value in keys.items():
        setattr(dataset, name, value)
    return dataset


def ask(association: Association, service: str, *arguments: Any) -> list[int]:
    """The statuses of one request; the association is released."""
    assert association.is_established
    got = getattr(association, f"send_c_{service}")(*arguments)
    answers = [got] if isinstance(got, Dataset) else [status for status, _ in got]
    association.release()
    return [answer.Status for answer in answers]


def arrived(it: Running) -> int:
    assert it.arrivals is not None
    return it.arrivals()


def request(it: Running, node: Node, service: str) -> list[int]:
    """Ask for something that exists nowhere, or store a new object."""
    nothing = identifier(StudyInstanceUID=new_uid())
    match service:
        case "echo":
            return ask(associate(it, node), "echo")
        case "find":
            return ask(associate(it, node, FIND), "find", nothing, FIND)
        case "get":
            return ask(associate(it, node, GET, SECONDARY_CAPTURE), "get", nothing, GET)
        case "move":
            return ask(associate(it, node, MOVE), "move", nothing, it.target.move_destination, MOVE)
    return ask(associate(it, node, SECONDARY_CAPTURE), "store", image())


@pytest.mark.parametrize("role", ["all", "query", "store"])
@pytest.mark.parametrize("service", ["echo", "find", "get", "move", "store"])
def test_node_gets_what_it_is_permitted_and_nothing_else(hardened: Running, role: str, service: str) -> None:
    node = hardened.target.nodes[role]
    expected = 0x0000 if service in node.permits else NOT_AUTHORISED
    assert request(hardened, node, service) == [expected]


def test_identity_is_confirmed_and_nothing_tells_the_product(hardened: Running) -> None:
    association = associate(hardened, hardened.target.nodes["all"])
    assert association.acceptor.user_identity is not None
    assert association.acceptor.implementation_version_name == "ARCHIVE"
    assert str(association.acceptor.implementation_class_uid).startswith("2.25.")
    association.release()


def test_stored_object_is_found_retrieved_moved_and_kept(hardened: Running) -> None:
    node, stored = hardened.target.nodes["all"], image()
    key = identifier(StudyInstanceUID=stored.StudyInstanceUID)
    assert ask(associate(hardened, node, SECONDARY_CAPTURE), "store", stored) == [0]
    other = image(stored.SOPInstanceUID, "OTHER")
    assert ask(associate(hardened, node, SECONDARY_CAPTURE), "store", other) == [0x0111]
    for level in ("PATIENT", "STUDY", "SERIES", "IMAGE"):
        model = FIND.replace(".2.2.1", ".2.1.1") if level == "PATIENT" else FIND
        query = identifier(level, PatientID="TEST-1", StudyInstanceUID=stored.StudyInstanceUID, PatientName="")
        association = associate(hardened, node, model)
        found = [answer for _, answer in association.send_c_find(query, model) if answer]
        association.release()
        assert [answer.PatientName for answer in found] == ["TEST"]
    got: list[Dataset] = []

    def take(event: evt.Event) -> int:
        got.append(event.dataset)
        return 0

    association = associate(hardened, node, GET, SECONDARY_CAPTURE, handlers=[(evt.EVT_C_STORE, take)])
    assert ask(association, "get", key, GET)[-1] == 0
    assert [dataset.PatientName for dataset in got] == ["TEST"]
    before = arrived(hardened)
    assert ask(associate(hardened, node, MOVE), "move", key, hardened.target.move_destination, MOVE)[-1] == 0
    assert arrived(hardened) == before + 1
    assert ask(associate(hardened, node, MOVE), "move", key, "STORESCP", MOVE) == [0xA801]


def test_query_is_cut_at_the_limit(hardened: Running) -> None:
    statuses = ask(associate(hardened, hardened.target.nodes["all"], FIND), "find", identifier(StudyDate=""), FIND)
    assert statuses == [0xFF00] * (hardened.target.query_limit or 0) + [0xA700]
    with running("unlimited-queries") as it:
        statuses = ask(associate(it, it.target.nodes["all"], FIND), "find", identifier(StudyDate=""), FIND)
    assert statuses == [0xFF00] * 25 + [0]


def test_unknown_node_is_refused_by_the_list_alone(hardened: Running) -> None:
    assert rejection(associate(hardened, hardened.target.nodes["unknown"])) == (1, 1, 3)
    with running("any-calling-ae") as it:
        assert request(it, it.target.nodes["unknown"], "find") == [NOT_AUTHORISED]


@pytest.mark.parametrize("service", ["echo", "find", "get", "move", "store"])
def test_anonymous_weakness_opens_one_service_only(service: str) -> None:
    with running(f"anonymous-{service}") as it:
        node = it.target.nodes["unknown"]
        assert request(it, node, service) == [0]
        for other in CONTEXTS.keys() - {service}:
            assert rejection(associate(it, node, CONTEXTS[other])) == (1, 1, 3)


def test_certificate_is_bound_to_the_ae_title(hardened: Running) -> None:
    ours, other = hardened.target.nodes["query"], hardened.target.nodes["store"]
    assert rejection(associate(hardened, ours, keys=other.keys)) == (1, 1, 3)
    with running("unbound-ae-titles") as it:
        assert ask(associate(it, it.target.nodes["query"], keys=it.target.nodes["store"].keys), "echo") == [0]


def test_bad_client_certificates_are_refused(hardened: Running) -> None:
    assert len(hardened.target.bad_keys) == 10
    assert all(refused_by_tls(hardened, keys) for keys in hardened.target.bad_keys.values())


@pytest.mark.parametrize("suites", negotiation.SUITES.values())
def test_weak_keys_go_with_every_suite(hardened: Running, suites: str) -> None:
    """That a library of ours finds a certificate too weak for its suites is no refusal of the archive's."""
    for keys in hardened.target.bad_keys.values():
        tls.new_client(keys, ssl.TLSVersion.TLSv1_2, suites)


def refused_by_tls(it: Running, keys: KeyPair | None) -> bool:
    """TLS 1.2, in which the client learns the server's verdict within the handshake."""
    context = client_context(keys)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with closing(socket.create_connection(("127.0.0.1", it.target.endpoints[0].port), 5)) as plain:
        try:
            context.wrap_socket(plain).close()
        except ssl.SSLError:
            return True
    return False


@pytest.mark.parametrize(
    ("weakness", "defects"),
    [
        ("client-certificate-revoked", ["revoked"]),
        ("client-certificate-expired", ["expired", "not-yet-valid"]),
        ("trusted-self-signed", ["self-signed"]),
        ("trusted-unknown-ca", ["unknown-ca"]),
        ("weak-client-certificates", ["sha1", "rsa1024"]),
    ],
)
def test_weakness_accepts_that_certificate(weakness: str, defects: list[str]) -> None:
    with running(weakness) as it:
        for defect in defects:
            assert ask(associate(it, it.target.nodes["all"], keys=it.target.bad_keys[defect]), "echo") == [0]
        tolerated = {*defects, *({"revoked"} if weakness.startswith("trusted-") else ())}
        assert all(refused_by_tls(it, keys) for defect, keys in it.target.bad_keys.items() if defect not in tolerated)


def test_missing_client_certificate(hardened: Running) -> None:
    assert refused_by_tls(hardened, None)
    with running("client-certificate-optional") as it:
        assert ask(associate(it, it.target.nodes["all"], keys=None), "echo") == [0]
        assert rejection(associate(it, it.target.nodes["query"], keys=it.target.nodes["all"].keys)) == (1, 1, 3)


def test_called_ae_title(hardened: Running) -> None:
    assert rejection(associate(hardened, hardened.target.nodes["all"], called="ARCHIVE")) == (1, 1, 7)
    with running("any-called-ae") as it:
        assert ask(associate(it, it.target.nodes["all"], called="ARCHIVE"), "echo") == [0]


@pytest.mark.parametrize(
    "identity", [None, Identity("nobody", Secret("x")), Identity("x", Secret("x" * 24))], ids=["none", "wrong", "other"]
)
def test_user_identity(hardened: Running, identity: Identity | None) -> None:
    assert rejection(associate(hardened, hardened.target.nodes["all"], identity=identity)) == (1, 2, 1)
    with running("user-identity-optional") as it:
        assert ask(associate(it, it.target.nodes["all"], identity=identity), "echo") == [0]


def test_right_user_with_wrong_passcode(hardened: Running) -> None:
    node = hardened.target.nodes["all"]
    assert node.identity
    wrong = Identity(node.identity.username, Secret("wrong"))
    assert rejection(associate(hardened, node, identity=wrong)) == (1, 2, 1)


def test_factory_ae_title_is_known_by_weakness_only(hardened: Running) -> None:
    node = hardened.target.nodes["unknown"]
    assert rejection(associate(hardened, node, aet="STORESCP", identity=None)) == (1, 1, 3)
    with running("factory-ae-title") as it:
        assert ask(associate(it, it.target.nodes["unknown"], aet="STORESCP", identity=None), "echo") == [0]


@pytest.mark.parametrize(
    ("weakness", "context", "syntaxes"),
    [("all-sop-classes", ULTRASOUND, None), ("all-transfer-syntaxes", SECONDARY_CAPTURE, [JPEG])],
)
def test_undeclared_context(hardened: Running, weakness: str, context: str, syntaxes: list[str] | None) -> None:
    association = associate(hardened, hardened.target.nodes["all"], context, syntaxes=syntaxes)
    assert not association.accepted_contexts
    with running(weakness) as it:
        association = associate(it, it.target.nodes["all"], context, syntaxes=syntaxes)
        assert association.accepted_contexts
        association.release()


def test_normalized_services_are_not_offered(hardened: Running) -> None:
    assert not associate(hardened, hardened.target.nodes["all"], COMMITMENT).accepted_contexts
    assert rejection(associate(hardened, hardened.target.nodes["unknown"], COMMITMENT)) == (1, 1, 3)
    with running("anonymous-normalized") as it:
        association = associate(it, it.target.nodes["unknown"], COMMITMENT)
        status, _ = association.send_n_action(identifier(), 1, COMMITMENT, "1.2.840.10008.1.20.1.1")
        association.release()
        assert status.Status == 0


def test_other_weaknesses_of_authorisation() -> None:
    with running("viewer-may-store") as it:
        assert request(it, it.target.nodes["query"], "store") == [0]
    with running("modality-may-read") as it:
        assert request(it, it.target.nodes["store"], "find") == [0]
        assert request(it, it.target.nodes["store"], "get") == [0]
    with running("overwrite") as it:
        first = image()
        for text in ("FIRST", "SECOND"):
            again = image(first.SOPInstanceUID, text)
            assert ask(associate(it, it.target.nodes["all"], SECONDARY_CAPTURE), "store", again) == [0]
    with running("stale-move-destination") as it:
        stored = image()
        node = it.target.nodes["all"]
        assert ask(associate(it, node, SECONDARY_CAPTURE), "store", stored) == [0]
        key = identifier(StudyInstanceUID=stored.StudyInstanceUID)
        assert ask(associate(it, node, MOVE), "move", key, "STORESCP", MOVE)[-1] == 0
        assert arrived(it) == 1


def test_plaintext_endpoint_exists_by_weakness_only(hardened: Running) -> None:
    assert all(endpoint.tls for endpoint in hardened.target.endpoints)
    with running("plaintext-dimse") as it:
        assert ask(associate(it, it.target.nodes["all"], tls=False), "echo") == [0]


def raw(it: Running, pdu: bytes) -> bytes:
    """What the endpoint answers to ``pdu``, until it closes."""
    context = client_context(it.target.nodes["all"].keys)
    with (
        socket.create_connection(("127.0.0.1", it.target.endpoints[0].port), 5) as plain,
        context.wrap_socket(plain) as sock,
    ):
        sock.sendall(pdu)
        got = b""
        while len(got) < 10 and (more := sock.recv(4096)):
            got += more
        return got


def associate_rq(it: Running, **replace: bytes) -> bytes:
    """An A-ASSOCIATE-RQ of node ``all`` with some of its parts replaced."""
    node = it.target.nodes["all"]
    assert node.identity
    identity = UserIdentityNegotiation()
    identity.user_identity_type = 2
    identity.primary_field = node.identity.username.encode()
    identity.secondary_field = node.identity.passcode.reveal().encode()
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received, implementation.implementation_class_uid = 16384, UID("1.2.3")
    context = build_context(VERIFICATION)
    context.context_id = 1
    primitive = A_ASSOCIATE()
    primitive.application_context_name = UID("1.2.840.10008.3.1.1.1")
    primitive.calling_ae_title, primitive.called_ae_title = node.aet, it.target.called_aet
    primitive.presentation_context_definition_list = [context]
    primitive.user_information = [length, implementation, identity]
    pdu = A_ASSOCIATE_RQ(primitive).encode()
    pdu = pdu[:6] + replace.get("version", pdu[6:8]) + pdu[8:10] + replace.get("called", pdu[10:26]) + pdu[26:]
    pdu = pdu[:26] + replace.get("calling", pdu[26:42]) + pdu[42:]
    return pdu.replace(b"1.2.840.10008.3.1.1.1", replace.get("application", b"1.2.840.10008.3.1.1.1"))


RJ = b"\x03\x00\x00\x00\x00\x04\x00\x01"


@pytest.mark.parametrize(
    ("part", "value", "answer", "weakness"),
    [
        ("version", b"\0\2", RJ + b"\2\2", "any-protocol-version"),
        ("application", b"1.2.840.10008.3.1.1.2", RJ + b"\1\2", "any-application-context"),
    ],
)
def test_association_request_of_another_protocol(
    hardened: Running, part: str, value: bytes, answer: bytes, weakness: str
) -> None:
    assert raw(hardened, associate_rq(hardened))[:1] == b"\2"
    assert raw(hardened, associate_rq(hardened, **{part: value})) == answer
    with running(weakness) as it:
        assert raw(it, associate_rq(it, **{part: value}))[:1] == b"\2"


@pytest.mark.parametrize("which", ["called", "calling"])
@pytest.mark.parametrize("shape", ["blank", "nul", "control", "backslash", "wildcard", "case", "leading"])
def test_malformed_ae_title(hardened: Running, which: str, shape: str) -> None:
    def spoilt(it: Running) -> bytes:
        title = (it.target.called_aet if which == "called" else it.target.nodes["all"].aet).encode()
        return {
            "blank": b" " * 16,
            "nul": title.ljust(16, b"\0"),
            "control": (title + b"\n").ljust(16),
            "backslash": (title + b"\\").ljust(16),
            "wildcard": b"*".ljust(16),
            "case": title.lower().ljust(16),
            "leading": (b" " + title).ljust(16),
        }[shape]

    reason = b"\1\7" if which == "called" else b"\1\3"
    assert raw(hardened, associate_rq(hardened, **{which: spoilt(hardened)})) == RJ + reason
    with running("loose-ae-titles") as it:
        assert raw(it, associate_rq(it, **{which: spoilt(it)}))[:1] == b"\2"


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        (b"\x04\0\0\0\0\x10" + bytes(16), 2),
        (b"\x05\0\0\0\0\x04" + bytes(4), 2),
        (b"\x63\0\0\0\0\x04" + bytes(4), 1),
        (b"\x01\0\xff\xff\xff\xff", 6),
        (b"\x01\0\0\0\0\x44" + bytes(68), 6),
        (b"GET / HTTP/1.1\r\n\r\n", 1),
    ],
    ids=["p-data", "release", "unknown", "huge", "empty", "http"],
)
def test_anything_but_a_request_is_aborted(hardened: Running, pdu: bytes, reason: int) -> None:
    answer = raw(hardened, pdu)
    if pdu.startswith(b"\x01\0\0\0\0\x44"):  # its protocol version is 0, which is judged first
        assert answer == RJ + b"\2\2"
    else:
        assert answer == bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, reason))


def test_item_that_pynetdicom_cannot_read_is_aborted_at_once(hardened: Running) -> None:
    good = associate_rq(hardened)
    unknown_item = good + b"\x77\0\0\0"
    spoilt = unknown_item[:2] + (len(unknown_item) - 6).to_bytes(4, "big") + unknown_item[6:]
    assert raw(hardened, spoilt) == bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 6))


def test_idle_peers_block_nobody(hardened: Running) -> None:
    idle = [socket.create_connection(("127.0.0.1", hardened.target.endpoints[0].port)) for _ in range(10)]
    try:
        assert ask(associate(hardened, hardened.target.nodes["all"]), "echo") == [0]
    finally:
        for sock in idle:
            sock.close()


def test_unknown_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'no_such'"), start(environment(no_such=True), tmp_path):
        pass


@pytest.mark.parametrize("level", ["PATIENT", "STUDY", "SERIES", "IMAGE"])
def test_an_archive_that_loses_objects_limits_nothing(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an archive that answers Success and forgets every sixth object; when many are stored, to see whether
    a query brings them all; then that they are gone is said, in place of keys whose answer would look bounded."""
    kept, calls = Store.add, count()
    with running() as it:
        assert "PatientID" in plant(Authorised(it.target), 5, "STUDY").keys
        monkeypatch.setattr(Store, "add", lambda *seen, **how: 0 if next(calls) % 6 == 5 else kept(*seen, **how))
        with pytest.raises(Unmeasurable, match="of 12 objects that were just stored, 2 were not found again"):
            plant(Authorised(it.target), 11, level)

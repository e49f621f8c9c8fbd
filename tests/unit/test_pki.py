"""The PKI: only the named defect may make a certificate refused."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from pacs_hardening.model import BadInput, Endpoint, KeyPair, Node, Target
from pacs_hardening.pki import authority, services
from pacs_hardening.pki.foreign import foreign

NODES = {"all": "all.nodes.invalid", "unknown": "unknown.nodes.invalid"}
NAMES = ["localhost", "127.0.0.1"]


@pytest.fixture
def made(tmp_path: Path) -> authority.Pki:
    return authority.make(tmp_path / "pki", NODES, NAMES)


def _handshake(server: authority.Pki, client: KeyPair, name: str = "localhost") -> str:
    """The error of a mutually authenticated TLS 1.2 handshake, checked as strictly as OpenSSL can; empty if none. The
    client takes anything of its own: it is the server that must refuse."""
    accept = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    accept.load_cert_chain(server.server.certificate, server.server.key)
    accept.verify_mode = ssl.CERT_REQUIRED
    accept.load_verify_locations(server.ca)
    accept.load_verify_locations(server.crl)
    accept.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT | ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    connect = ssl.create_default_context(cafile=str(server.ca))
    connect.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    connect.maximum_version = ssl.TLSVersion.TLSv1_2  # so that the client learns of a refusal in the handshake
    connect.set_ciphers("ALL:@SECLEVEL=0")
    connect.load_cert_chain(client.certificate, client.key)
    left, right = socket.socketpair()
    refusals: list[str] = []

    def serve() -> None:
        try:
            accept.wrap_socket(left, server_side=True).close()
        except OSError as error:
            refusals.append(str(error))
        finally:
            left.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        connect.wrap_socket(right, server_hostname=name).close()
    except OSError as error:
        refusals.append(str(error))
    finally:
        right.close()
        thread.join(5)
    return "; ".join(refusals)


@pytest.mark.parametrize("role", NODES)
@pytest.mark.parametrize("name", NAMES)
def test_every_node_and_the_server_are_accepted_by_a_strict_peer(made: authority.Pki, role: str, name: str) -> None:
    assert _handshake(made, made.nodes[role], name) == ""


@pytest.mark.parametrize(
    ("defect", "word"),
    [
        ("self-signed", "self"),
        ("unknown-ca", "unknown ca"),
        ("expired", "expired"),
        ("not-yet-valid", "not yet valid"),
        ("wrong-usage", "purpose"),
        ("revoked", "revoked"),
        ("without-key", "bad signature"),
        ("issued-by-a-device", "unknown ca"),
        ("sha1", "too weak"),
        ("rsa1024", "EE certificate key too weak"),
    ],
)
def test_a_bad_key_is_refused_for_its_defect_alone(made: authority.Pki, defect: str, word: str) -> None:
    assert word in _handshake(made, made.bad[defect])
    leaf = x509.load_pem_x509_certificate(made.bad[defect].certificate.read_bytes())
    assert leaf.subject.rfc4514_string() == "CN=all.nodes.invalid"


@pytest.mark.parametrize(
    ("defect", "word"), [("expired", "expired"), ("wrong-name", "mismatch"), ("self-signed", "self"), ("rsa1024", "")]
)
def test_a_server_defect_is_seen_by_a_client(tmp_path: Path, defect: str, word: str) -> None:
    made = authority.make(tmp_path, NODES, NAMES, defect)
    key_size = x509.load_pem_x509_certificate(made.server.certificate.read_bytes()).public_key().key_size  # type: ignore[union-attr]
    assert (key_size == 1024) == (defect == "rsa1024")
    if word:
        assert word in _handshake(made, made.nodes["all"])


def test_an_unknown_server_defect_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'sideways'; known: expired, long-lived, published-key, rsa1024, "):
        authority.make(tmp_path, NODES, NAMES, "sideways")


@pytest.mark.parametrize(("nodes", "names"), [({}, NAMES), (NODES, []), ({"all": "x" * 65}, NAMES), (NODES, ["ä"])])
def test_names_no_certificate_can_hold_are_bad_input(tmp_path: Path, nodes: dict[str, str], names: list[str]) -> None:
    with pytest.raises(BadInput):
        authority.make(tmp_path, nodes, names)


def test_nobody_else_can_read_anything(tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    folder.mkdir(mode=0o755)
    authority.make(folder, NODES, NAMES)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command on this machine")
def test_openssl_accepts_the_chain_strictly(made: authority.Pki) -> None:
    for purpose, pair in [("sslserver", made.server), ("sslclient", made.nodes["all"])]:
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-crl_check", "-CRLfile", str(made.crl)]
        subprocess.run([*command, "-CAfile", str(made.ca), str(pair.certificate)], check=True, capture_output=True)


def test_services_have_certificates_of_their_own_names_and_trust_one_ca(made: authority.Pki, tmp_path: Path) -> None:
    found = services.make(tmp_path / "services", made, ["directory", "database"], "a pin")
    ca = x509.load_pem_x509_certificate(made.ca.read_bytes())
    for name, files in found.items():
        key, certificate, chain = pkcs12.load_key_and_certificates(files["service.p12"].read_bytes(), b"a pin")
        assert key is not None
        assert certificate is not None
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert name in names.get_values_for_type(x509.DNSName)
        certificate.verify_directly_issued_by(ca)
        assert chain == [ca]
        assert x509.load_pem_x509_certificate(files["service.pem"].read_bytes()) == certificate
        trusted = pkcs12.load_pkcs12(files["ca.p12"].read_bytes(), b"a pin")
        assert trusted.key is None
        assert [each.certificate for each in trusted.additional_certs] == [ca]
        with pytest.raises(ValueError, match="password"):
            pkcs12.load_pkcs12(files["service.p12"].read_bytes(), b"another pin")


def test_what_no_archive_may_take_is_made_for_a_target(made: authority.Pki, tmp_path: Path) -> None:
    nodes = {role: Node(role, role.upper(), frozenset(), keys) for role, keys in made.nodes.items()}
    target = Target("ward", "PACS", (Endpoint("dicom", "127.0.0.1", 2762, tls=True),), nodes=nodes, ca=made.ca)
    found = foreign(target, tmp_path)
    assert set(found) == {"self-signed", "unknown-ca", "issued-by-a-device"}
    assert all(_handshake(made, keys) for keys in found.values())
    leaf, device, *_ = x509.load_pem_x509_certificates(found["issued-by-a-device"].certificate.read_bytes())
    leaf.verify_directly_issued_by(device)
    assert [each.subject.rfc4514_string() for each in (leaf, device)] == [f"CN={NODES[x]}" for x in ("all", "unknown")]

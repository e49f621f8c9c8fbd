"""What is judged of a chain of certificates: every link that a server sends, and what they were traced to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from fixtures.scripted import scripted
from pacs_hardening import profiles
from pacs_hardening.model import Endpoint, Target
from pacs_hardening.pki import certificates
from pacs_hardening.pki.certificates import Authority, Leaf
from pacs_hardening.probes.tls.certificate import Presented, presented

PEM = serialization.Encoding.PEM
LEAF = Leaf("localhost", ExtendedKeyUsageOID.SERVER_AUTH, ("localhost",))


def shown(folder: Path, root: Authority, issuer: Authority, sent: Sequence[x509.Certificate]) -> Presented:
    """What is seen of a server whose certificate ``issuer`` has signed, and which sends ``sent`` behind it."""
    key = certificates.new_key()
    chain = [certificates.issue(LEAF, key, issuer), *sent]
    (folder / "ca.pem").write_bytes(root.certificate.public_bytes(PEM))
    (folder / "server.crt").write_bytes(b"".join(each.public_bytes(PEM) for each in chain))
    form = PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.key").write_bytes(key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(folder / "server.crt", folder / "server.key")

    def script(connection: socket.socket, _: Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1)

    with scripted(script) as endpoint:
        secure = Endpoint("web", endpoint.host, endpoint.port, tls=True)
        return presented(secure, Target("scripted", "PACS", (secure,), ca=folder / "ca.pem"), None)


def weak(found: Presented) -> list[str]:
    profile = profiles.load("baseline").tls
    return [why for each in found.chain if (why := profile.weakness_of(each))]


def with_sha1(signed: Authority, by: Authority) -> Authority:
    return Authority(signed.key, signed.name, certificates.resigned_with_sha1(signed.certificate, by))


def test_a_sound_chain_is_sound(tmp_path: Path) -> None:
    root = certificates.authority()
    issuing = certificates.authority(root)
    found = shown(tmp_path, root, issuing, [issuing.certificate])
    assert (len(found.chain), found.distrust, weak(found)) == (3, None, [])


@pytest.mark.parametrize("sends_root", [False, True])
def test_a_weak_link_is_found_wherever_it_is(tmp_path: Path, sends_root: bool) -> None:
    root = certificates.authority(key=certificates.new_rsa_key(1024))
    issuing = certificates.authority(root)
    found = shown(tmp_path, root, issuing, [issuing.certificate, *([root.certificate] if sends_root else [])])
    assert found.distrust is None
    assert weak(found) == ["RSA key of 1024 bits, at least 2048 are asked for"]


def test_an_issuing_ca_signed_with_sha1_is_found(tmp_path: Path) -> None:
    root = certificates.authority()
    issuing = with_sha1(certificates.authority(root), root)
    found = shown(tmp_path, root, issuing, [issuing.certificate])
    assert found.distrust is None
    assert weak(found) == ["signed with sha1"]


def test_nothing_hangs_on_how_a_root_signed_itself(tmp_path: Path) -> None:
    root = certificates.authority()
    root = with_sha1(root, root)
    found = shown(tmp_path, root, root, [root.certificate])
    assert (found.distrust, weak(found)) == (None, [])


def test_a_chain_that_is_not_sent_is_not_trusted(tmp_path: Path) -> None:
    root = certificates.authority()
    found = shown(tmp_path, root, certificates.authority(root), [])
    assert found.distrust is not None
    assert len(found.chain) == 1

"""A private certificate authority for one run: the server, the nodes, and client certificates to be refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..model import BadInput, KeyPair

SERVER_DEFECTS = ("expired", "rsa1024", "self-signed", "wrong-name")
_PEM = serialization.Encoding.PEM
_DAY = timedelta(days=1)
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Pki:
    """Paths of what was made. ``nodes`` is by role; ``bad`` holds, by defect, client certificates with the CN
    of node ``all``, so that nothing but the defect can refuse them; ``server_pem`` is certificate and key in one."""

    ca: Path
    crl: Path
    server: KeyPair
    server_pem: Path
    nodes: Mapping[str, KeyPair]
    bad: Mapping[str, KeyPair]


@dataclass(frozen=True)
class _Authority:
    key: _Key
    name: x509.Name
    certificate: x509.Certificate


@dataclass(frozen=True)
class _Leaf:
    """What one certificate says. ``start`` and ``end`` count from now."""

    cn: str
    usage: x509.ObjectIdentifier
    names: tuple[str, ...] = ()
    start: timedelta = -_DAY
    end: timedelta = 30 * _DAY


def make(folder: Path, nodes: Mapping[str, str], server_names: Sequence[str], server_defect: str = "") -> Pki:
    """Make everything afresh in ``folder`` (0700; files 0600). ``nodes`` maps role to CN and holds ``all``;
    ``server_names`` are DNS names and IP addresses. Valid from a day ago for 30 days.

    Raises BadInput for an unknown ``server_defect``, for nodes without ``all``, and for names no certificate can hold.
    """
    if server_defect and server_defect not in SERVER_DEFECTS:
        raise BadInput(f"unknown server_defect {server_defect!r}; known: {', '.join(SERVER_DEFECTS)}")
    if "all" not in nodes or not server_names:
        raise BadInput("a PKI needs a node 'all' and at least one server name")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    try:
        return _make(folder, nodes, tuple(server_names), server_defect)
    except ValueError as error:  # cryptography's word for a name that does not fit
        raise BadInput(f"a name in [nodes] or server_names cannot stand in a certificate: {error}") from error


def _make(folder: Path, nodes: Mapping[str, str], server_names: tuple[str, ...], server_defect: str) -> Pki:
    ours = _authority()
    client = _Leaf(nodes["all"], ExtendedKeyUsageOID.CLIENT_AUTH)

    def write(name: str, leaf: _Leaf, issuer: _Authority | None, key: _Key | None = None) -> KeyPair:
        key = key or _ec()
        chain = [_issue(leaf, key, issuer)]
        if issuer and issuer is not ours:
            chain.append(issuer.certificate)
        return _write_pair(folder, name, key, chain)

    server_pair = write("server", *_server(server_names, server_defect, ours))
    bad: dict[str, Callable[[], tuple[_Leaf, _Authority | None]]] = {
        "self-signed": lambda: (client, None),
        # The stranger bears our CA's name: a server that compares names instead of signatures lets it in.
        "unknown-ca": lambda: (client, _authority()),
        "expired": lambda: (replace(client, start=-9 * _DAY, end=-_DAY), ours),
        "not-yet-valid": lambda: (replace(client, start=_DAY), ours),
        "wrong-usage": lambda: (replace(client, usage=ExtendedKeyUsageOID.SERVER_AUTH), ours),
        "revoked": lambda: (client, ours),
    }
    bad_pairs = {defect: write(f"bad-{defect}", *recipe()) for defect, recipe in bad.items()}
    revoked = x509.load_pem_x509_certificate(bad_pairs["revoked"].certificate.read_bytes())
    return Pki(
        ca=_write(folder / "ca.pem", ours.certificate.public_bytes(_PEM)),
        crl=_write(folder / "crl.pem", _revoke(ours, revoked.serial_number).public_bytes(_PEM)),
        server=server_pair,
        server_pem=_write(folder / "server.pem", server_pair.certificate.read_bytes() + server_pair.key.read_bytes()),
        nodes={role: write(f"node-{role}", replace(client, cn=cn), ours) for role, cn in nodes.items()},
        bad=bad_pairs,
    )


def _server(names: tuple[str, ...], defect: str, ours: _Authority) -> tuple[_Leaf, _Authority | None, _Key]:
    leaf = _Leaf(names[0], ExtendedKeyUsageOID.SERVER_AUTH, names)
    if defect == "expired":
        leaf = replace(leaf, start=-9 * _DAY, end=-_DAY)
    if defect == "wrong-name":
        leaf = replace(leaf, cn="elsewhere.invalid", names=("elsewhere.invalid",))
    key = rsa.generate_private_key(65537, 1024) if defect == "rsa1024" else _ec()  # noqa: S505 - the defect itself
    return leaf, None if defect == "self-signed" else ours, key


def _ec() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(cn: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])


def _usage(**granted: bool) -> x509.KeyUsage:
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return x509.KeyUsage(
        **dict.fromkeys((*every, "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False) | granted
    )


def _builder(subject: x509.Name, key: _Key, start: timedelta, end: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + start)
        .not_valid_after(now + end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _authority() -> _Authority:
    key, name = _ec(), _name("PACS hardening test CA")
    certificate = (
        _builder(name, key, -10 * _DAY, 31 * _DAY)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _Authority(key, name, certificate)


def _issue(leaf: _Leaf, key: _Key, issuer: _Authority | None) -> x509.Certificate:
    """``issuer`` None: signed by itself."""
    name, signing = (issuer.name, issuer.key) if issuer else (_name(leaf.cn), key)
    builder = (
        _builder(_name(leaf.cn), key, leaf.start, leaf.end)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            _usage(digital_signature=True, key_encipherment=isinstance(key, rsa.RSAPrivateKey)), critical=True
        )
        .add_extension(x509.ExtendedKeyUsage([leaf.usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if leaf.names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(n) for n in leaf.names]), critical=False)
    return builder.sign(signing, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _revoke(authority: _Authority, serial: int) -> x509.CertificateRevocationList:
    now = datetime.now(UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _DAY).build()
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.name)
        .last_update(now - _DAY)
        .next_update(now + 30 * _DAY)
        .add_revoked_certificate(entry)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _write_pair(folder: Path, name: str, key: _Key, chain: Sequence[x509.Certificate]) -> KeyPair:
    pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(
        certificate=_write(folder / f"{name}.crt", b"".join(c.public_bytes(_PEM) for c in chain)),
        key=_write(folder / f"{name}.key", pem),
    )


def _write(path: Path, content: bytes) -> Path:
    """Created with 0600 at once, so that no other user has a moment to open it; an existing file is an error."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return path

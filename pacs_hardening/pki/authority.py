"""A private certificate authority for one run: the server, the nodes, and client certificates to be refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from ..model import BadInput, KeyPair
from . import certificates
from .certificates import (
    DAY,
    SERVER_DEFECTS,
    SERVER_KEYS,
    Authority,
    Leaf,
    PrivateKey,
)

_PEM = serialization.Encoding.PEM
COLLECTOR = "collector"
BY_DEVICE = "issued-by-a-device"


@dataclass(frozen=True)
class Pki:
    """Paths of what was made. ``nodes`` is by role; ``bad`` holds, by defect, client certificates with the CN
    of node ``all``, so that nothing but the defect can refuse them. ``*_pem`` are certificate and key in one: of the
    server, of the log server (for the name ``collector``), and of the archive as a client of the log server; ``ours``
    signed them."""

    ours: Authority = field(repr=False)
    ca: Path
    crl: Path
    server: KeyPair
    server_pem: Path
    collector_pem: Path
    sender_pem: Path
    nodes: Mapping[str, KeyPair]
    bad: Mapping[str, KeyPair]


def make(
    folder: Path, nodes: Mapping[str, str], server_names: Sequence[str], server_defect: str = "", server_key: str = "ec"
) -> Pki:
    """Make everything afresh in ``folder`` (0700; files 0600). ``nodes`` maps role to CN and holds ``all``;
    ``server_names`` are DNS names and IP addresses. Valid from a day ago for 30 days.

    Raises BadInput for an unknown ``server_defect`` or ``server_key``, for nodes without ``all``, and for names no
    certificate can hold.
    """
    if server_defect and server_defect not in SERVER_DEFECTS:
        raise BadInput(f"unknown server_defect {server_defect!r}; known: {', '.join(SERVER_DEFECTS)}")
    if server_key not in SERVER_KEYS:
        raise BadInput(f"unknown server_key {server_key!r}; known: {', '.join(SERVER_KEYS)}")
    if "all" not in nodes or not server_names:
        raise BadInput("a PKI needs a node 'all' and at least one server name")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    try:
        return _make(folder, nodes, tuple(server_names), server_defect, server_key)
    except ValueError as error:  # cryptography's word for a name that does not fit
        raise BadInput(f"a name in [nodes] or server_names cannot stand in a certificate: {error}") from error


def _make(
    folder: Path, nodes: Mapping[str, str], server_names: tuple[str, ...], server_defect: str, server_key: str
) -> Pki:
    ours = certificates.authority()
    client = Leaf(nodes["all"], ExtendedKeyUsageOID.CLIENT_AUTH)

    def write(name: str, leaf: Leaf, issuer: Authority | None, key: PrivateKey | None = None) -> KeyPair:
        key = key or certificates.new_key()
        chain = [certificates.issue(leaf, key, issuer)]
        if issuer and issuer is not ours:
            chain.append(issuer.certificate)
        return write_pair(folder, name, key, chain)

    server_pair = write("server", *certificates.server(server_names, server_key, server_defect, ours))
    bad: dict[str, Callable[[], tuple[Leaf, Authority | None]]] = {
        "self-signed": lambda: (client, None),
        # The stranger bears our CA's name: a server that compares names instead of signatures lets it in.
        "unknown-ca": lambda: (client, certificates.authority()),
        "expired": lambda: (replace(client, start=-9 * DAY, end=-DAY), ours),
        "not-yet-valid": lambda: (replace(client, start=DAY), ours),
        "wrong-usage": lambda: (replace(client, usage=ExtendedKeyUsageOID.SERVER_AUTH), ours),
        "revoked": lambda: (client, ours),
    }

    def in_one(name: str, pair: KeyPair) -> Path:
        return write_file(folder / f"{name}.pem", pair.certificate.read_bytes() + pair.key.read_bytes())

    collector = write("collector", Leaf(COLLECTOR, ExtendedKeyUsageOID.SERVER_AUTH, (COLLECTOR, "127.0.0.1")), ours)
    sender = write("sender", Leaf("sender", ExtendedKeyUsageOID.CLIENT_AUTH), ours)
    bad_pairs = {defect: write(f"bad-{defect}", *recipe()) for defect, recipe in bad.items()}
    bad_pairs["rsa1024"] = write("bad-rsa1024", client, ours, certificates.new_rsa_key(1024))
    key = certificates.new_key()
    issued = certificates.issue(client, key, ours)
    bad_pairs["sha1"] = write_pair(folder, "bad-sha1", key, [certificates.resigned_with_sha1(issued, ours)])
    bad_pairs["without-key"] = KeyPair(
        write_file(folder / "bad-without-key.crt", issued.public_bytes(_PEM)),
        write_file(folder / "bad-without-key.key", certificates.mismatched(key)),
    )
    # A device's certificate says that it is no CA (RFC 5280 4.2.1.9): who looks only at signatures takes this one.
    device = certificates.new_key()
    issued = certificates.issue(replace(client, cn="device"), device, ours)
    bad_pairs[BY_DEVICE] = write(f"bad-{BY_DEVICE}", client, Authority(device, issued.subject, issued))
    revoked = x509.load_pem_x509_certificate(bad_pairs["revoked"].certificate.read_bytes())
    return Pki(
        ours=ours,
        ca=write_file(folder / "ca.pem", ours.certificate.public_bytes(_PEM)),
        crl=write_file(folder / "crl.pem", certificates.revoke(ours, revoked.serial_number).public_bytes(_PEM)),
        server=server_pair,
        server_pem=in_one("server", server_pair),
        collector_pem=in_one("collector", collector),
        sender_pem=in_one("sender", sender),
        nodes={role: write(f"node-{role}", replace(client, cn=cn), ours) for role, cn in nodes.items()},
        bad=bad_pairs,
    )


def write_pair(folder: Path, name: str, key: PrivateKey, chain: Sequence[x509.Certificate]) -> KeyPair:
    """Certificate (with its ``chain``, leaf first) and key in ``folder``, 0600."""
    pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(
        certificate=write_file(folder / f"{name}.crt", b"".join(c.public_bytes(_PEM) for c in chain)),
        key=write_file(folder / f"{name}.key", pem),
    )


def write_file(path: Path, content: bytes) -> Path:
    """Created with 0600 at once, so that no other user has a moment to open it; an existing file is an error."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return path

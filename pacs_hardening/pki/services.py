"""Certificates of services that encrypt among themselves: each for the name that it has on its networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from . import certificates
from .authority import Pki, write_file, write_pair
from .certificates import Leaf


def make(folder: Path, pki: Pki, names: Iterable[str], pin: str) -> dict[str, Mapping[str, Path]]:
    """Name of a service -> its files: ``service.pem`` (certificate and key), the same as ``service.p12``; ``ca.p12``
    with our CA as the only one that is trusted. ``pin`` opens both stores: Java takes none without."""
    folder.mkdir(mode=0o700)
    cipher = serialization.BestAvailableEncryption(pin.encode())
    ca = x509.load_pem_x509_certificate(pki.ca.read_bytes())
    trusted = pkcs12.serialize_java_truststore([pkcs12.PKCS12Certificate(ca, b"ca")], cipher)
    trust = write_file(folder / "ca.p12", trusted)
    found = dict[str, Mapping[str, Path]]()
    for name in names:
        key = certificates.new_key()
        leaf = Leaf(name, ExtendedKeyUsageOID.SERVER_AUTH, (name, "127.0.0.1"))
        issued = certificates.issue(leaf, key, pki.ours)
        pair = write_pair(folder, name, key, [issued])
        store = pkcs12.serialize_key_and_certificates(name.encode(), key, issued, [ca], cipher)
        found[name] = {
            "service.pem": write_file(folder / f"{name}.pem", pair.certificate.read_bytes() + pair.key.read_bytes()),
            "service.p12": write_file(folder / f"{name}.p12", store),
            "ca.p12": trust,
        }
    return found

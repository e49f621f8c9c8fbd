"""X.509 certificates that the strictest verifier accepts, but for one chosen defect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_DEFECTS = ("expired", "rsa1024", "self-signed", "wrong-name")
DAY = timedelta(days=1)
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Authority:
    key: PrivateKey
    name: x509.Name
    certificate: x509.Certificate


@dataclass(frozen=True)
class Leaf:
    """What one certificate says. ``start`` and ``end`` count from now."""

    cn: str
    usage: x509.ObjectIdentifier
    names: tuple[str, ...] = ()
    start: timedelta = -DAY
    end: timedelta = 30 * DAY


def server(names: tuple[str, ...], defect: str, ours: Authority) -> tuple[Leaf, Authority | None, PrivateKey]:
    leaf = Leaf(names[0], ExtendedKeyUsageOID.SERVER_AUTH, names)
    if defect == "expired":
        leaf = replace(leaf, start=-9 * DAY, end=-DAY)
    if defect == "wrong-name":
        leaf = replace(leaf, cn="elsewhere.invalid", names=("elsewhere.invalid",))
    key = rsa.generate_private_key(65537, 1024) if defect == "rsa1024" else new_key()  # noqa: S505 - the defect itself
    return leaf, None if defect == "self-signed" else ours, key


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(cn: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])


def _usage(**granted: bool) -> x509.KeyUsage:
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return x509.KeyUsage(
        **dict.fromkeys((*every, "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False) | granted
    )


def _builder(subject: x509.Name, key: PrivateKey, start: timedelta, end: timedelta) -> x509.CertificateBuilder:
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


def authority() -> Authority:
    key, name = new_key(), _name("PACS hardening test CA")
    certificate = (
        _builder(name, key, -10 * DAY, 31 * DAY)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, name, certificate)


def issue(leaf: Leaf, key: PrivateKey, issuer: Authority | None) -> x509.Certificate:
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


def revoke(authority: Authority, serial: int) -> x509.CertificateRevocationList:
    now = datetime.now(UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY).build()
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.name)
        .last_update(now - DAY)
        .next_update(now + 30 * DAY)
        .add_revoked_certificate(entry)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )

"""X.509 certificates that the strictest verifier accepts, but for one chosen defect."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_DEFECTS = (
    *("expired", "long-lived", "published-key", "rsa1024", "self-signed", "weak-intermediate", "wildcard"),
    "wrong-name",
)
SERVER_KEYS = ("ec", "rsa")
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


def server(
    names: tuple[str, ...], kind: str, defect: str, ours: Authority
) -> tuple[Leaf, Authority | None, PrivateKey]:
    """``kind`` is one of SERVER_KEYS, ``defect`` one of SERVER_DEFECTS or empty."""
    leaf = Leaf(names[0], ExtendedKeyUsageOID.SERVER_AUTH, names)
    if defect == "expired":
        leaf = replace(leaf, start=-9 * DAY, end=-DAY)
    if defect == "wrong-name":
        leaf = replace(leaf, cn="elsewhere.invalid", names=("elsewhere.invalid",))
    key: PrivateKey = new_key() if kind == "ec" else new_rsa_key(2048)
    if defect == "rsa1024":
        key = new_rsa_key(1024)
    if defect == "published-key":
        key = published_key()
    if defect == "long-lived":
        leaf = replace(leaf, end=30 * 365 * DAY)
    if defect == "wildcard":
        leaf = replace(leaf, names=(*names, "*.pacs.invalid"))
    if defect == "weak-intermediate":
        return leaf, authority(ours, new_rsa_key(1024)), key
    return leaf, None if defect == "self-signed" else ours, key


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def new_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def published_key() -> ec.EllipticCurvePrivateKey:
    """The same on every machine, as a key is that comes with a product: profiles/published-keys.toml lists it."""
    number = hashlib.sha256(b"pacs-hardening: a sample key, published here, never to be used").digest()
    return ec.derive_private_key(int.from_bytes(number, "big"), ec.SECP256R1())


def mismatched(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PEM of a private key that says it belongs to the public half of ``key`` and signs with another one: what somebody
    holds who has copied a certificate and not its key. SEC 1 C.4 lets the public half stand beside the private one, and
    OpenSSL compares that with the certificate."""
    form = serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    own, other = (k.private_numbers().private_value.to_bytes(32, "big") for k in (key, new_key()))
    der = key.private_bytes(*form).replace(own, other, 1)
    return b"-----BEGIN EC PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END EC PRIVATE KEY-----\n"


def resigned_with_sha1(certificate: x509.Certificate, issuer: Authority) -> x509.Certificate:
    """``certificate`` as an issuer of twenty years ago would have signed it; ``cryptography`` no longer does.

    The name of the algorithm stands in the signed part and beside the signature, and is one byte shorter for SHA-1
    (RFC 3279 2.2.3, RFC 5758 3.2).
    """
    sha256, sha1 = (bytes.fromhex(h) for h in ("300a06082a8648ce3d040302", "300906072a8648ce3d0401"))
    whole = certificate.tbs_certificate_bytes
    header = len(whole) - int.from_bytes(whole[2 : 2 + (whole[1] & 0x7F)], "big")
    signed = _der(0x30, whole[header:].replace(sha256, sha1, 1))
    if not isinstance(issuer.key, ec.EllipticCurvePrivateKey):
        raise TypeError("an issuer with an elliptic-curve key")
    signature = issuer.key.sign(signed, ec.ECDSA(hashes.SHA1()))  # noqa: S303 - the defect itself
    return x509.load_der_x509_certificate(_der(0x30, signed + sha1 + _der(0x03, b"\0" + signature)))


def _der(tag: int, content: bytes) -> bytes:
    length = len(content).to_bytes(2, "big").lstrip(b"\0")
    return bytes([tag]) + (length if len(content) < 0x80 else bytes([0x80 | len(length)]) + length) + content


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


def authority(
    above: Authority | None = None, key: PrivateKey | None = None, name: x509.Name | None = None
) -> Authority:
    """A CA of its own, or one that the CA ``above`` has signed; of that ``name``, where one is given."""
    key = key or new_key()
    name = name or _name("PACS hardening test CA" if above is None else "PACS hardening issuing CA")
    signer, signing = (name, key) if above is None else (above.name, above.key)
    builder = (
        _builder(name, key, -10 * DAY, 31 * DAY)
        .issuer_name(signer)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1 if above is None else 0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )
    if above is not None:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.key.public_key())
        builder = builder.add_extension(issuer, critical=False)
    return Authority(key, name, builder.sign(signing, hashes.SHA256()))


def issue(leaf: Leaf, key: PrivateKey, issuer: Authority | None) -> x509.Certificate:
    """``issuer`` None: signed by itself."""
    name = issuer.name if issuer else _name(leaf.cn)
    signing: PrivateKey = issuer.key if issuer else key
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


def revoke(authority: Authority, serial: int, lasts: timedelta = 30 * DAY) -> x509.CertificateRevocationList:
    """A list of one certificate, out of date in ``lasts`` from now."""
    now = datetime.now(UTC)
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY).build()
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.name)
        .last_update(now - DAY)
        .next_update(now + lasts)
        .add_revoked_certificate(entry)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )

"""Probe: the certificates that an endpoint presents."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass, replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from ...model import Endpoint, KeyPair, Target, Unmeasurable
from ...model.response import NotTrusted
from ...wire import tls
from ...wire.session import Refused, Session, Silent


@dataclass(frozen=True)
class Presented:
    """``chain``: the certificates that the server sent, its own first, and behind them what a client that trusts the
    target's CA traced them to; ``distrust``: why that client would not trust them (None if it would)."""

    chain: tuple[x509.Certificate, ...]
    distrust: NotTrusted | None

    @property
    def certificate(self) -> x509.Certificate:
        return self.chain[0]

    @property
    def key_fingerprint(self) -> str:
        """SHA-256 of the server's public key (SubjectPublicKeyInfo, DER), in hex."""
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        return hashlib.sha256(self.certificate.public_key().public_bytes(*form)).hexdigest()

    @property
    def lifetime(self) -> timedelta:
        return self.certificate.not_valid_after_utc - self.certificate.not_valid_before_utc

    @property
    def wildcards(self) -> tuple[str, ...]:
        """Names that stand for any host of a domain (RFC 9525 6.3): DNS names, and the CN where there are none."""
        try:
            names = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            found = names.get_values_for_type(x509.DNSName)
        except x509.ExtensionNotFound:
            found = [str(each.value) for each in self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        return tuple(name for name in found if "*" in name)


def presented(endpoint: Endpoint, target: Target, keys: KeyPair | None) -> Presented:
    """The certificates shown to a client with ``keys``, verified for ``target.server_name``.

    Raises Unmeasurable where no certificate was shown, or the target names no CA to verify it with.
    """
    if target.ca is None:
        raise Unmeasurable("the target names no CA to verify the server certificate with")
    strict = tls.client(keys, replace(target, verify_server=True))
    distrust, traced = None, tuple[bytes, ...]()
    try:
        with Session(endpoint, strict, name=target.server_name) as session:
            traced = session.peer_chain(verified=True)
    except Unmeasurable as error:
        if not isinstance(error.__cause__, ssl.SSLCertVerificationError):
            raise
        distrust = NotTrusted(error.__cause__.verify_code, error.__cause__.verify_message)
    except (Refused, Silent) as error:
        raise Unmeasurable(f"{endpoint}: ", error.response) from error
    try:
        with Session(endpoint, tls.client(keys), name=target.server_name) as session:
            sent = session.peer_chain()
    except (Refused, Silent) as error:
        raise Unmeasurable(f"{endpoint}: ", error.response) from error
    if not sent:
        raise Unmeasurable(f"{endpoint} presents no certificate")
    return Presented(tuple(map(x509.load_der_x509_certificate, dict.fromkeys((*sent, *traced)))), distrust)

"""Probe: the certificate of a door, and who may complete a handshake."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..model import Door, KeyPair, Node, Target, Unmeasurable
from ..wire import scu, tls
from ..wire.operations import echo
from ..wire.pdu import ProtocolError
from ..wire.session import Refused, Session, Silent


@dataclass(frozen=True)
class Handshake:
    """``accepted``: TLS versions in which the server let the client through; ``refused``: version -> how."""

    accepted: tuple[str, ...]
    refused: dict[str, str]


def handshake(door: Door, target: Target, keys: KeyPair | None, authorised: Node) -> Handshake:
    """Try to complete a handshake with ``keys`` (none: no client certificate) in TLS 1.2 and in TLS 1.3.

    Only versions count in which the ``authorised`` node is let through at this door. Raises Unmeasurable where
    there is none, or nothing is answered.
    """
    accepted, refused = [], {}
    for name, version in (("TLS 1.2", ssl.TLSVersion.TLSv1_2), ("TLS 1.3", ssl.TLSVersion.TLSv1_3)):
        how = _let_through(door, target, version, keys)
        if how and _let_through(door, target, version, authorised.keys):
            continue  # this version is not offered, or not to anybody
        if how:
            refused[name] = how
        else:
            accepted.append(name)
    if not accepted and not refused:
        raise Unmeasurable(f"{door} completes neither TLS 1.2 nor TLS 1.3 with the authorised node")
    return Handshake(tuple(accepted), refused)


def _let_through(door: Door, target: Target, version: ssl.TLSVersion, keys: KeyPair | None) -> str:
    """How the server refused a client with ``keys``; "" where it let it through.

    In TLS 1.3 a client is done before the server has looked at its certificate (RFC 8446 4.4.2). So it sends an
    A-ASSOCIATE-RQ: an alert in answer refuses the certificate; a PDU, or a close without an alert as it comes from
    what reads the request behind TLS, does not.
    """
    try:
        with Session(door, tls.client(keys, version=version), name=target.server_name) as session:
            if version is ssl.TLSVersion.TLSv1_3:
                request = scu.request_for(target.called_aet.encode(), b"HANDSHAKE", None, echo())
                session.send(request.encode(), "A-ASSOCIATE-RQ")
                session.receive("TLS handshake")
    except Refused as refusal:
        if refusal.stage == "TLS handshake" and (version is ssl.TLSVersion.TLSv1_2 or "alert" in refusal.how):
            return refusal.how
    except (Silent, ProtocolError) as error:
        raise Unmeasurable(f"{door}: {error}") from error
    return ""


@dataclass(frozen=True)
class Presented:
    """The server's leaf certificate, and why a client that trusts the target's CA would not trust it ("" if it
    would)."""

    certificate: x509.Certificate
    distrust: str

    @property
    def key_fingerprint(self) -> str:
        """SHA-256 of the public key (SubjectPublicKeyInfo, DER), in hex."""
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        return hashlib.sha256(self.certificate.public_key().public_bytes(*form)).hexdigest()


def presented(door: Door, target: Target, keys: KeyPair | None) -> Presented:
    """The certificate shown to a client with ``keys``, verified for ``target.server_name``.

    Raises Unmeasurable where no certificate was shown, or the target names no CA to verify it with.
    """
    if target.ca is None:
        raise Unmeasurable("the target names no CA to verify the server certificate with")
    strict = tls.client(keys, replace(target, verify_server=True))
    distrust = ""
    try:
        with Session(door, strict, name=target.server_name):
            pass
    except Unmeasurable as error:
        if not isinstance(error.__cause__, ssl.SSLCertVerificationError):
            raise
        distrust = error.__cause__.verify_message
    except (Refused, Silent) as error:
        raise Unmeasurable(f"{door}: {error}") from error
    try:
        with Session(door, tls.client(keys), name=target.server_name) as session:
            der = session.peer_certificate()
    except (Refused, Silent) as error:
        raise Unmeasurable(f"{door}: {error}") from error
    return Presented(x509.load_der_x509_certificate(der), distrust)

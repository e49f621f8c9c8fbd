"""TLS contexts of the archive's endpoints (BCP 195: RFC 8996, RFC 9325; PS3.15 B.12)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import dh
from cryptography.hazmat.primitives.serialization import Encoding, ParameterFormat

from ..pki.authority import Pki
from .hello import offers_tls13, server_name
from .policy import HARDENED, Policy
from .settings import Settings

# TLS 1.0 and 1.1 have no AEAD suite, and SHA-1 signatures need OpenSSL's security level 0.
_OBSOLETE_SUITES = ":ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"
# X509_V_FLAG_NO_CHECK_TIME, which the ssl module does not name (openssl/x509_vfy.h).
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)


# OP_ALLOW_CLIENT_RENEGOTIATION, likewise (openssl/ssl.h, since 3.0).
_ALLOW_RENEGOTIATION = 1 << 8
# The 1024-bit group of RFC 2409 6.2, which everybody used to have, and nation states are thought to have broken.
_OAKLEY_2 = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6D"
    "F25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381"
    "FFFFFFFFFFFFFFFF"
)


def for_dicom(settings: Settings, pki: Pki, policy: Policy = HARDENED) -> ssl.SSLContext:
    """The DICOM endpoint: asks for a client certificate of our CA that the CRL does not revoke."""
    context = _dicom(settings, pki)
    if offered := policy.asked("alpn"):
        context.set_alpn_protocols(offered)
    if policy.asked("sni"):
        context.sni_callback = _note_name
    return context


def choose(settings: Settings, pki: Pki, policy: Policy) -> Callable[[socket.socket], ssl.SSLContext]:
    """The context of the DICOM endpoint, by what the peer says at first: where it need not have a certificate, or will
    be cut off without an alert for having none."""
    strict, lenient = (
        for_dicom(each, pki, policy) for each in (settings, replace(settings, client_certificate="optional"))
    )

    def chosen(sock: socket.socket) -> ssl.SSLContext:
        silent = settings.closes_without_alert and offers_tls13(sock)
        return lenient if silent or policy.waives("certificate", lambda: {"sni": server_name(sock)}) else strict

    return chosen


def _note_name(tls: ssl.SSLSocket | ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
    tls.asked_name = name  # type: ignore[union-attr]


def _dicom(settings: Settings, pki: Pki) -> ssl.SSLContext:
    context = _server(pki, settings, settings.minimum_tls_dicom, settings.ciphers_dicom)
    context.verify_mode = ssl.CERT_REQUIRED if settings.client_certificate == "required" else ssl.CERT_OPTIONAL
    context.load_verify_locations(pki.ca)
    if settings.dh_1024:
        _load_dh(context, pki.server.key.with_name("dh1024.pem"))
    if settings.check_revocation:
        context.load_verify_locations(pki.crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    if not settings.check_dates:
        context.verify_flags |= _NO_CHECK_TIME
    for name in settings.trusted_clients:
        context.load_verify_locations(pki.bad[name].certificate)  # itself and, if it has one, its foreign CA
    return context


def for_web(settings: Settings, pki: Pki) -> ssl.SSLContext:
    """The web endpoint: users have passwords, so no client certificate is asked for."""
    return _server(pki, settings, settings.minimum_tls_web, settings.ciphers_web)


def common_name(sock: object) -> str | None:
    """CN of the verified client certificate: empty where it has none, None where none was presented."""
    found: dict[str, Any] | None = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    if not found:
        return None
    names = [value for rdn in found["subject"] for kind, value in rdn if kind == "commonName"]
    return str(names[0]) if len(names) == 1 else ""


def _server(pki: Pki, settings: Settings, minimum: str, ciphers: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if minimum == "1.0":
        # Not TLSVersion.TLSv1, which Python deprecates with a warning: it means the same here.
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        ciphers += _OBSOLETE_SUITES
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_3 if settings.maximum_tls == "1.3" else ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.options |= _ALLOW_RENEGOTIATION if settings.client_renegotiation else ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(pki.server.certificate, pki.server.key)
    return context


def _load_dh(context: ssl.SSLContext, file: Path) -> None:
    parameters = dh.DHParameterNumbers(int(_OAKLEY_2, 16), 2).parameters()
    file.write_bytes(parameters.parameter_bytes(Encoding.PEM, ParameterFormat.PKCS3))
    context.load_dh_params(str(file))

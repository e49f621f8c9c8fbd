"""TLS client contexts. They are as permissive as OpenSSL allows: it is the server that must refuse."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

from ..model import KeyPair, Target, Unmeasurable


def client(keys: KeyPair | None, target: Target | None = None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A context that presents ``keys``, speaks only ``version`` where one is given, and verifies the server for a
    target that asks for it.

    A target that the suite started itself is not verified here: its certificate is judged by a control
    of its own, and a bad one must not hide what the other controls have to say. Raises Unmeasurable if
    the key pair cannot be loaded.
    """
    verify = target is not None and target.verify_server
    return _client(keys, verify, target.ca if target is not None and verify else None, version)


@lru_cache(maxsize=64)  # loading a key pair takes longer than a handshake
def _client(keys: KeyPair | None, verify: bool, ca: Path | None, version: ssl.TLSVersion | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # As packaged, Python and OpenSSL refuse old versions and suites by themselves, and would call that a refusal.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = version or ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(ca)
    if keys is not None:
        try:
            context.load_cert_chain(keys.certificate, keys.key)
        except (OSError, ssl.SSLError) as error:
            raise Unmeasurable(f"client certificate {keys.certificate.name} cannot be used: {error}") from error
    return context


def why(error: OSError) -> str:
    """A TLS failure in the words of the standard: the alert if the peer sent one (RFC 8446 6)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"server certificate not trusted: {error.verify_message}"
    reason = getattr(error, "reason", None) or str(error)
    if isinstance(error, ssl.SSLError) and "ALERT" in str(reason):
        alert = str(reason).partition("ALERT_")[2].replace("_", " ").lower()
        return f"TLS alert: {alert}"
    return f"connection closed ({reason})" if reason else "connection closed"

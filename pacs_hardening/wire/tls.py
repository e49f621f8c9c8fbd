"""TLS client contexts. They are as permissive as OpenSSL allows: it is the server that must refuse."""

from __future__ import annotations

import ssl

from ..model import KeyPair, Target, Unmeasurable


def client(keys: KeyPair | None, target: Target | None = None) -> ssl.SSLContext:
    """A context that presents ``keys`` and, for a target that asks for it, verifies the server.

    A target that the suite started itself is not verified here: its certificate is judged by a control
    of its own, and a bad one must not hide what the other controls have to say. Raises Unmeasurable if
    the key pair cannot be loaded.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if target is not None and target.verify_server:
        if target.ca is not None:
            context.load_verify_locations(target.ca)
        else:
            context.load_default_certs()
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
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

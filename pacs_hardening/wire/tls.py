"""TLS client contexts. They are as permissive as OpenSSL allows: it is the server that must refuse."""

from __future__ import annotations

import errno
import re
import ssl
from functools import lru_cache
from pathlib import Path

from ..model import KeyPair, Target, Unmeasurable
from ..model.response import Alert, Closed, NotTrusted, TlsAlert, TlsFailed

ANY_SUITE = "ALL"


def client(
    keys: KeyPair | None,
    target: Target | None = None,
    version: ssl.TLSVersion | None = None,
    alpn: tuple[str, ...] = (),
    suites: str = ANY_SUITE,
) -> ssl.SSLContext:
    """A context that presents ``keys``, speaks only ``version`` where one is given, offers ``alpn`` (RFC 7301) and
    ``suites`` (in OpenSSL's words, for TLS 1.2 and before), and verifies the server for a target that asks for it.

    A target that the suite started itself is not verified here: its certificate is judged by a control
    of its own, and a bad one must not hide what the other controls have to say. Raises Unmeasurable if
    the key pair cannot be loaded.
    """
    verify = target is not None and target.verify_server
    return _client(keys, verify, target.ca if target is not None and verify else None, version, alpn, suites)


@lru_cache(maxsize=128)  # loading a key pair takes longer than a handshake
def _client(
    keys: KeyPair | None,
    verify: bool,
    ca: Path | None,
    version: ssl.TLSVersion | None,
    alpn: tuple[str, ...],
    suites: str,
) -> ssl.SSLContext:
    context = new_client(keys, version, suites)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if verify:
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = True
        if ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(ca)
    return context


def new_client(keys: KeyPair | None, version: ssl.TLSVersion | None, suites: str = ANY_SUITE) -> ssl.SSLContext:
    """A context of one's own that verifies nobody. Raises Unmeasurable if the key pair cannot be loaded."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # As packaged, Python and OpenSSL refuse old versions and suites by themselves, and would call that a refusal.
    context.set_ciphers(f"{suites}:@SECLEVEL=0")  # of suites, and of key pairs, weak ones too
    context.minimum_version = version or ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if keys is not None:
        try:
            context.load_cert_chain(keys.certificate, keys.key)
        except (OSError, ssl.SSLError) as error:
            raise Unmeasurable(f"client certificate {keys.certificate.name} cannot be used: {error}") from error
    return context


_SENT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(\w+)")  # how OpenSSL calls the alerts that a peer sent


def response(error: OSError) -> TlsAlert | TlsFailed | NotTrusted | Closed:
    """What an error in or beneath TLS says about the peer: its alert, if it sent one (RFC 8446 6)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotTrusted(error.verify_code, error.verify_message)
    if isinstance(error, ConnectionError):
        return Closed(reset=True)
    if not isinstance(error, ssl.SSLError):  # of our own side, as when memory is short
        return TlsFailed(errno.errorcode.get(error.errno or 0, type(error).__name__))
    sent = _SENT.fullmatch(error.reason or "")
    if sent and sent[1] in Alert.__members__:
        return TlsAlert(Alert[sent[1]])
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Closed()
    return TlsFailed(error.reason or "unknown")


def chain(sock: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The certificates that the server sent, DER, its own first."""
    return _ders(sock, "get_unverified_chain")


def verified_chain(sock: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The certificates from the server's own to the trusted one, DER; of a context that verifies."""
    return _ders(sock, "get_verified_chain")


def _ders(sock: ssl.SSLSocket, method: str) -> tuple[bytes, ...]:
    public = getattr(sock, method, None)
    if public is not None:  # since Python 3.13
        return tuple(public())
    before = vars(sock)["_sslobj"]  # where the same was before it was public
    return tuple(ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in getattr(before, method)() or ())

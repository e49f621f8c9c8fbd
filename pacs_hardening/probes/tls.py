"""Probe: TLS versions, cipher suites and certificate of a door, and who may complete a handshake.

Versions and suites are asked with sslyze, which brings an OpenSSL that still speaks SSL 2.0 to TLS 1.1; the
``ssl`` module of a current Python refuses those by itself, and a server that accepts them would look safe.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509

from ..model import Door, KeyPair, Target, Unmeasurable
from ..wire import tls
from ..wire.session import Refused, Session, Silent

VERSIONS = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")


@dataclass(frozen=True)
class TlsFacts:
    """``suites``: TLS version -> names (IANA) of the cipher suites that the server accepted in it."""

    door: Door
    suites: dict[str, tuple[str, ...]]

    @property
    def versions(self) -> tuple[str, ...]:
        return tuple(version for version in VERSIONS if self.suites.get(version))


def scan(doors: Iterable[Door], target: Target) -> dict[Door, TlsFacts]:
    """Offer every version and suite to each door, side by side.

    Raises Unmeasurable where a door could not be scanned in full: half a scan proves nothing.
    """
    # sslyze takes half a second to import, and only this probe needs it
    from sslyze.plugins.scan_commands import ScanCommand
    from sslyze.scanner.models import ServerScanRequest
    from sslyze.scanner.scanner import Scanner
    from sslyze.server_setting import ServerNetworkConfiguration, ServerNetworkLocation

    commands = {
        version: ScanCommand(f"{version.lower().replace(' ', '_').replace('.', '_')}_cipher_suites")
        for version in VERSIONS
    }
    by_port = {door.port: door for door in doors}
    scanner = Scanner(per_server_concurrent_connections_limit=8)
    requests = [
        ServerScanRequest(
            server_location=ServerNetworkLocation(hostname=target.server_name, ip_address=door.host, port=door.port),
            network_configuration=ServerNetworkConfiguration(tls_server_name_indication=target.server_name),
            scan_commands=set(commands.values()),
        )
        for door in by_port.values()
    ]
    scanner.queue_scans(requests)
    facts = {}
    for result in scanner.get_results():
        door = by_port[result.server_location.port]
        if result.scan_result is None:
            raise Unmeasurable(f"{door}: no TLS connection could be made to scan it")
        suites = {}
        for version, command in commands.items():
            attempt = getattr(result.scan_result, command.value)
            if attempt.result is None:
                raise Unmeasurable(f"{door}: the scan for {version} did not complete ({attempt.error_reason})")
            suites[version] = tuple(s.cipher_suite.name for s in attempt.result.accepted_cipher_suites)
        if not any(suites.values()):
            raise Unmeasurable(f"{door}: not one TLS version or cipher suite was accepted")
        facts[door] = TlsFacts(door, suites)
    return facts


@dataclass(frozen=True)
class Handshake:
    """``accepted``: TLS versions in which the server let the client through; ``refused``: version -> how."""

    accepted: tuple[str, ...]
    refused: dict[str, str]


def handshake(door: Door, target: Target, keys: KeyPair | None, *, patience: float = 2.0) -> Handshake:
    """Try to complete a handshake with ``keys`` (none: no client certificate) in TLS 1.2 and in TLS 1.3.

    A server that asks in TLS 1.3 for a certificate can only refuse after the client has finished: it gets
    ``patience`` seconds to do so. Raises Unmeasurable where neither version is spoken or nothing is answered.
    """
    accepted, refused = [], {}
    for name, version in (("TLS 1.2", ssl.TLSVersion.TLSv1_2), ("TLS 1.3", ssl.TLSVersion.TLSv1_3)):
        context = tls.client(keys)
        context.minimum_version = context.maximum_version = version
        session = Session(door, context, name=target.server_name)
        try:
            with session:
                if version is ssl.TLSVersion.TLSv1_3 and session.ended_by_peer(patience):
                    refused[name] = session.transcript[-1].removeprefix("<- ")
                else:
                    accepted.append(name)
        except Refused as refusal:
            if "protocol version" not in refusal.how:
                refused[name] = refusal.how
        except Silent as silence:
            raise Unmeasurable(f"{door}: {silence}") from silence
    if not accepted and not refused:
        raise Unmeasurable(f"{door} speaks neither TLS 1.2 nor TLS 1.3")
    return Handshake(tuple(accepted), refused)


@dataclass(frozen=True)
class Presented:
    """The server's leaf certificate, and why a client that trusts the target's CA would not trust it ("" if it
    would)."""

    certificate: x509.Certificate
    distrust: str


def presented(door: Door, target: Target, keys: KeyPair | None) -> Presented:
    """The certificate shown to a client with ``keys``, verified for ``target.server_name``.

    Raises Unmeasurable where no certificate was shown, or the target names no CA to verify it with.
    """
    if target.ca is None:
        raise Unmeasurable("the target names no CA to verify the server certificate with")
    strict = tls.client(keys)
    strict.load_verify_locations(target.ca)
    strict.check_hostname, strict.verify_mode = True, ssl.CERT_REQUIRED
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

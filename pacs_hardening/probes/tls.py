"""Probe: TLS versions, cipher suites and certificate of a door, and who may complete a handshake.

Versions and suites are asked with sslyze, which brings an OpenSSL that still speaks SSL 2.0 to TLS 1.1; the
``ssl`` module of a current Python refuses those by itself, and a server that accepts them would look safe.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509

from ..model import Door, KeyPair, Node, Target, Unmeasurable
from ..wire import scu, tls
from ..wire.operations import echo
from ..wire.pdu import ProtocolError
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
    places = {(_address(door), door.port): door for door in doors}

    # Where no client certificate is asked for, sslyze waits this long for a word from the server, and takes a close
    # for a broken server. DICOM servers close after some seconds without a request: be done before them.
    network = ServerNetworkConfiguration(tls_server_name_indication=target.server_name, network_timeout=3)

    def scanned(at_once: int) -> dict[Door, Any]:
        scanner = Scanner(per_server_concurrent_connections_limit=at_once)
        scanner.queue_scans(
            [
                ServerScanRequest(
                    server_location=ServerNetworkLocation(hostname=target.server_name, ip_address=ip, port=port),
                    network_configuration=network,
                    scan_commands=set(commands.values()),
                )
                for ip, port in places
            ]
        )
        results = {(r.server_location.ip_address, r.server_location.port): r for r in scanner.get_results()}
        return {door: results[place] for place, door in places.items()}

    results = scanned(8)
    # A server that knows no SSL 2.0 does not even recognise its ClientHello, and just closes.
    since_ssl3 = [command for version, command in commands.items() if version != "SSL 2.0"]
    if any(_closed_without_alert(result, since_ssl3) for result in results.values()):
        # Perhaps a limit on connections and not on suites: once more, one connection at a time.
        results = scanned(1)
    return {door: _facts(door, result, commands) for door, result in results.items()}


def _address(door: Door) -> str:
    try:
        return str(socket.getaddrinfo(door.host, door.port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise Unmeasurable(f"{door}: {error.strerror or error}") from error


def _closed_without_alert(result: Any, commands: Iterable[str]) -> bool:
    attempts = (getattr(result.scan_result, command, None) for command in commands)
    rejected = [r for a in attempts if a is not None and a.result is not None for r in a.result.rejected_cipher_suites]
    return any("alert" not in r.error_message.lower() for r in rejected)


def _facts(door: Door, result: Any, commands: Mapping[str, str]) -> TlsFacts:
    if result.scan_result is None:
        trace = result.connectivity_error_trace
        why = "".join(trace.format_exception_only()).strip() if trace else "no reason given"
        raise Unmeasurable(f"{door}: no TLS connection could be made to scan it ({why})")
    suites = {}
    for version, command in commands.items():
        attempt = getattr(result.scan_result, command)
        if attempt.result is None:
            raise Unmeasurable(f"{door}: the scan for {version} did not complete ({attempt.error_reason})")
        suites[version] = tuple(s.cipher_suite.name for s in attempt.result.accepted_cipher_suites)
    if not any(suites.values()):
        raise Unmeasurable(f"{door}: not one TLS version or cipher suite was accepted")
    return TlsFacts(door, suites)


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

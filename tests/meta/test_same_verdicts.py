"""What the scan says of an endpoint is what sslyze and testssl.sh say of the same endpoint."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.launch.environment import Environment
from pacs_hardening.model import Endpoint, Target
from pacs_hardening.probes.tls.scan import TlsFacts, scan
from pacs_hardening.wire.suites import VERSIONS

TESTSSL = shutil.which("testssl") or shutil.which("testssl.sh")
SPOKEN = {"SSLv2": "SSL 2.0", "SSLv3": "SSL 3.0", "TLS1": "TLS 1.0", "TLS1_1": "TLS 1.1", "TLS1_2": "TLS 1.2"}
SPOKEN |= {"TLS1_3": "TLS 1.3"}
Scanned = tuple[Target, dict[Endpoint, TlsFacts]]


@pytest.fixture(
    scope="module",
    params=[None, "obsolete-tls-dimse", "cbc-suites-http", "dh-1024", "client-renegotiation", "no-tls13"],
)
def scanned(request: pytest.FixtureRequest) -> Iterator[Scanned]:
    """The embedded archive, hardened and with each weakness of TLS, and what our scan says of its endpoints."""
    with Environment.load("embedded").start(request.param) as running:
        yield running.target, scan(running.target.endpoints, running.target)


def test_sslyze_says_the_same(scanned: Scanned) -> None:
    """Given an endpoint; when sslyze offers each suite alone; then it finds the suites that our groups of suites
    found."""
    target, facts = scanned
    for endpoint, result in _sslyze(target).items():
        for version in VERSIONS:
            attempt = getattr(result, f"{version.lower().replace(' ', '_').replace('.', '_')}_cipher_suites").result
            if facts[endpoint].suites[version]:  # to sslyze, a handshake that took too long or broke is a refusal, too
                refused = {each.error_message for each in attempt.rejected_cipher_suites}
                assert refused <= {"TLS alert: handshake failure"}, f"{endpoint} {version}: no answer of the server"
            found = sorted(each.cipher_suite.name for each in attempt.accepted_cipher_suites)
            assert found == list(facts[endpoint].suites[version]), f"{endpoint} {version}"
        renegotiation = result.session_renegotiation.result
        if endpoint.service == "web":  # without a certificate, sslyze gets no connection to the other one
            assert renegotiation.supports_secure_renegotiation == facts[endpoint].binds_renegotiation
            assert (renegotiation.client_renegotiations_success_count > 0) == facts[endpoint].lets_renegotiate


def _sslyze(target: Target) -> dict[Endpoint, Any]:
    from sslyze.plugins.scan_commands import ScanCommand
    from sslyze.scanner.models import ServerScanRequest
    from sslyze.scanner.scanner import Scanner
    from sslyze.server_setting import ServerNetworkConfiguration, ServerNetworkLocation

    places = {endpoint.port: endpoint for endpoint in target.endpoints}
    wanted = {command for command in ScanCommand if command.value.endswith("cipher_suites")}
    scanner = Scanner()
    scanner.queue_scans(
        [
            ServerScanRequest(
                server_location=ServerNetworkLocation("localhost", port=port, ip_address="127.0.0.1"),
                network_configuration=ServerNetworkConfiguration("localhost", network_timeout=30),
                scan_commands=wanted | {ScanCommand.SESSION_RENEGOTIATION},
            )
            for port in places
        ]
    )
    return {places[each.server_location.port]: each.scan_result for each in scanner.get_results()}


@pytest.mark.parametrize(
    "scanned", ["obsolete-tls-dimse"], indirect=True
)  # a weak endpoint and a hardened one; 50 s each
@pytest.mark.skipif(TESTSSL is None, reason="NOT RUN: testssl.sh is not installed (Debian package testssl.sh)")
def test_testssl_says_the_same(scanned: Scanned, tmp_path: Path) -> None:
    """Given an endpoint; when testssl.sh looks at it; then it finds the same versions and suites."""
    assert TESTSSL is not None
    target, facts = scanned
    for endpoint in target.endpoints:
        file = tmp_path / f"{endpoint.port}.json"
        options = ["--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", "--jsonfile", str(file)]
        subprocess.run(
            [TESTSSL, *options, "-p", "-E", f"127.0.0.1:{endpoint.port}"], timeout=500, stdin=subprocess.DEVNULL
        )
        rows = {row["id"]: row["finding"] for row in json.loads(file.read_text())}
        offered = {version for name, version in SPOKEN.items() if rows[name].startswith("offered")}
        assert offered == set(facts[endpoint].versions), f"{endpoint}: {rows}"
        for name, version in SPOKEN.items():
            prefix = f"cipher-{name.lower()}_x"
            suites = sorted(finding.split()[-1] for key, finding in rows.items() if key.startswith(prefix))
            assert suites == list(facts[endpoint].suites[version]), f"{endpoint} {version}"

"""What the scan says of a door is what sslyze and testssl.sh say of the same door."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.launch.environment import Environment
from pacs_hardening.model import Door, Target
from pacs_hardening.probes.scan import VERSIONS, TlsFacts, scan

TESTSSL = shutil.which("testssl") or shutil.which("testssl.sh")
SPOKEN = {"SSLv2": "SSL 2.0", "SSLv3": "SSL 3.0", "TLS1": "TLS 1.0", "TLS1_1": "TLS 1.1", "TLS1_2": "TLS 1.2"}
SPOKEN |= {"TLS1_3": "TLS 1.3"}
Scanned = tuple[Target, dict[Door, TlsFacts]]


@pytest.fixture(
    scope="module",
    params=[None, "obsolete-tls-dimse", "cbc-suites-http", "dh-1024", "client-renegotiation", "no-tls13"],
)
def scanned(request: pytest.FixtureRequest) -> Iterator[Scanned]:
    """The embedded archive, hardened and with each weakness of TLS, and what our scan says of its doors."""
    with Environment.load("embedded").start(request.param) as running:
        yield running.target, scan(running.target.doors, running.target)


def test_sslyze_says_the_same(scanned: Scanned) -> None:
    """Given a door; when sslyze offers each suite alone; then it finds the suites that our groups of suites found."""
    target, facts = scanned
    for door, result in _sslyze(target).items():
        for version in VERSIONS:
            attempt = getattr(result, f"{version.lower().replace(' ', '_').replace('.', '_')}_cipher_suites").result
            found = sorted(each.cipher_suite.name for each in attempt.accepted_cipher_suites)
            assert found == list(facts[door].suites[version]), f"{door} {version}"
        renegotiation = result.session_renegotiation.result
        if door.service == "web":  # without a certificate, sslyze gets no connection to the other one
            assert renegotiation.supports_secure_renegotiation == facts[door].binds_renegotiation
            assert (renegotiation.client_renegotiations_success_count > 0) == facts[door].lets_renegotiate


def _sslyze(target: Target) -> dict[Door, Any]:
    from sslyze import Scanner, ServerNetworkLocation, ServerScanRequest
    from sslyze.plugins.scan_commands import ScanCommand

    places = {door.port: door for door in target.doors}
    wanted = {command for command in ScanCommand if command.value.endswith("cipher_suites")}
    scanner = Scanner()
    scanner.queue_scans(
        [
            ServerScanRequest(
                server_location=ServerNetworkLocation("localhost", port=port, ip_address="127.0.0.1"),
                scan_commands=wanted | {ScanCommand.SESSION_RENEGOTIATION},
            )
            for port in places
        ]
    )
    return {places[each.server_location.port]: each.scan_result for each in scanner.get_results()}


@pytest.mark.parametrize("scanned", ["obsolete-tls-dimse"], indirect=True)  # a weak door and a hardened one; 50 s each
@pytest.mark.skipif(TESTSSL is None, reason="NOT RUN: testssl.sh is not installed (Debian package testssl.sh)")
def test_testssl_says_the_same(scanned: Scanned, tmp_path: Path) -> None:
    """Given a door; when testssl.sh looks at it; then it finds the same versions and suites."""
    assert TESTSSL is not None
    target, facts = scanned
    for door in target.doors:
        file = tmp_path / f"{door.port}.json"
        options = ["--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", "--jsonfile", str(file)]
        subprocess.run([TESTSSL, *options, "-p", "-E", f"127.0.0.1:{door.port}"], timeout=500, stdin=subprocess.DEVNULL)
        rows = {row["id"]: row["finding"] for row in json.loads(file.read_text())}
        offered = {version for name, version in SPOKEN.items() if rows[name].startswith("offered")}
        assert offered == set(facts[door].versions), f"{door}: {rows}"
        for name, version in SPOKEN.items():
            prefix = f"cipher-{name.lower()}_x"
            suites = sorted(finding.split()[-1] for key, finding in rows.items() if key.startswith(prefix))
            assert suites == list(facts[door].suites[version]), f"{door} {version}"

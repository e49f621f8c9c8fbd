"""``standalone.xml``: each rule speaks, with its line, and is silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacs_hardening.lint import lint
from pacs_hardening.lint.node import Unparsable
from pacs_hardening.lint.rules import load
from pacs_hardening.model import Severity

GOOD = """\
<?xml version="1.0"?>
<server xmlns="urn:jboss:domain:20.0">
  <subsystem xmlns="urn:wildfly:metrics:1.0" security-enabled="true"/>
  <subsystem xmlns="urn:wildfly:health:1.0" security-enabled="true"/>
  <subsystem xmlns="urn:jboss:domain:undertow:14.0"><server name="default-server">
    <https-listener name="https" socket-binding="https" ssl-context="web"/>
  </server></subsystem>
  <server-ssl-context name="web" protocols="TLSv1.2 TLSv1.3"/>
  <secure-deployment name="arc.war">
    <ssl-required>ALL</ssl-required>
  </secure-deployment>
  <interface name="management"><inet-address value="${jboss.bind.address.management:127.0.0.1}"/></interface>
  <datasource name="PacsDS"><security user-name="pacs" password="${env.POSTGRES_PASSWORD}"/></datasource>
  <key-store name="web"><credential-reference clear-text="${env.KEYSTORE_PASSWORD}"/></key-store>
</server>
"""
CASES = [
    ("<https-listener", '<http-listener name="default"/><https-listener', "http-listener.default.there", 6, "HIGH"),
    ("<https-listener", "<http-invoker/><https-listener", "http-invoker.default-server.there", 6, "MEDIUM"),
    (
        'metrics:1.0" security-enabled="true',
        'metrics:1.0" security-enabled="false',
        "subsystem.metrics.security-enabled",
        3,
        "MEDIUM",
    ),
    (
        'health:1.0" security-enabled="true',
        'health:1.0" security-enabled="false',
        "subsystem.health.security-enabled",
        4,
        "INFO",
    ),
    ("<secure-deployment", "<remoting-connector/><secure-deployment", "remoting-connector..there", 9, "LOW"),
    (":127.0.0.1}", ":0.0.0.0}", "inet-address.management.value", 12, "HIGH"),
    (
        '<inet-address value="${jboss.bind.address.management:127.0.0.1}"/>',
        "<any-address/>",
        "any-address.management.there",
        12,
        "HIGH",
    ),
    ("TLSv1.2 TLSv1.3", "TLSv1 TLSv1.2", "server-ssl-context.web.protocols", 8, "HIGH"),
    ("ALL", "EXTERNAL", "ssl-required.arc.war.text", 10, "MEDIUM"),
    (
        "<ssl-required>",
        "<allow-any-hostname>true</allow-any-hostname><ssl-required>",
        "allow-any-hostname.arc.war.text",
        10,
        "MEDIUM",
    ),
    (
        "<ssl-required>",
        "<disable-trust-manager>true</disable-trust-manager><ssl-required>",
        "disable-trust-manager.arc.war.text",
        10,
        "HIGH",
    ),
    ("${env.POSTGRES_PASSWORD}", "pacs", "security.PacsDS.password", 13, "CRITICAL"),
    ("${env.KEYSTORE_PASSWORD}", "secret", "credential-reference.web.clear-text", 14, "HIGH"),
]


def found(folder: Path, text: str) -> set[tuple[str, int, Severity]]:
    (folder / "standalone.xml").write_text(text)
    return {(each.key, each.line, each.severity) for each in lint(folder / "standalone.xml").openings}


@pytest.mark.parametrize(("what", "by", "key", "line", "severity"), CASES)
def test_each_rule_speaks_and_is_silent(what: str, by: str, key: str, line: int, severity: str, tmp_path: Path) -> None:
    assert what in GOOD
    assert found(tmp_path, GOOD) == set()
    assert found(tmp_path, GOOD.replace(what, by)) == {(f"element.{key}", line, Severity[severity])}


def test_no_rule_is_without_a_case() -> None:
    assert len(CASES) == len(load("wildfly").rules)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('<server xmlns="urn:jboss:domain:20.0">\n<a>', 2),
        ('<!DOCTYPE server [\n<!ENTITY a "aa">]>\n<server xmlns="urn:jboss:domain:20.0">&a;</server>', 2),
        ("<project/>", 1),
    ],
)
def test_what_is_not_understood_has_no_verdict(text: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(Unparsable) as caught:
        found(tmp_path, text)
    assert (caught.value.line, caught.value.file) == (line, str(tmp_path / "standalone.xml"))

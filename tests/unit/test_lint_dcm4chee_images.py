"""What the images of dcm4chee-arc-light are told by a realm or a Compose file: each rule speaks and is silent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.lint.judge import Opening
from pacs_hardening.lint.rules import Rule, load
from pacs_hardening.lint.run import Asked, verdicts
from pacs_hardening.model import Severity
from tests.unit.archived import OTHERS, SHIPPED, bad_value, good, openings, said, written


def judged_alone(rule: Rule, tmp_path: Path, *, bad: bool) -> list[Opening]:
    """The rule asked of a realm or Compose file in which its key is ``bad``, or as it should be."""
    kind, attribute = rule.key.split(".")[0], rule.key.rpartition(".")[2]
    value = (
        bad_value(rule, attribute)
        if bad and "absent" not in rule.when
        else GOOD_VALUES.get(attribute, "x")
        if not bad
        else None
    )
    if load("keycloak").rules and rule in load("keycloak").rules:
        text, name = realm(kind, attribute, value, rule), "realm.json"
    else:
        text, name = composed(kind, attribute, value), "compose.yml"
    return said(rule, openings(tmp_path, text, name))


GOOD_VALUES: dict[str, Any] = {
    "failureFactor": 5,
    "refreshTokenMaxReuse": 0,
    "accessTokenLifespan": 300,
    "ssoSessionMaxLifespan": 3600,
    "sslRequired": "all",
    "bruteForceProtected": True,
    "revokeRefreshToken": True,
    "eventsEnabled": True,
    "adminEventsEnabled": True,
    "_pkce": "S256",
    "redirectUris": ["https://site.example/ui/"],
    "webOrigins": ["+"],
    "secret": "**********",
    "bindCredential": "**********",
    "_secure": "",
    "password": None,
    "POSTGRES_JDBC_PARAMS": "sslmode=verify-full",
    "HTTP_MAX_POST_SIZE": 67108864,
    "WILDFLY_ADMIN_USER": None,
}


def realm(kind: str, attribute: str, value: Any, rule: Rule) -> str:
    asked = {
        name.removeprefix("."): wanted for name, wanted in (rule.only_if or {}).items() if not name.startswith("._")
    }
    members = {} if value is None or attribute[0] == "_" else {attribute: value}
    if kind == "client":
        attributes = {"pkce.code.challenge.method": "S256"} if value == "S256" or attribute != "_pkce" else {}
        return json.dumps(
            {"realm": "r", "clients": [{"clientId": "ui", "attributes": attributes, **members}]}, indent=1
        )
    if kind == "ldap":
        config = {name: [each] for name, each in members.items()}
        config.setdefault("connectionUrl", ["ldap://d" if value is False else "ldaps://d"])
        provider = {"name": "d", "config": config}
        return json.dumps(
            {"realm": "r", "components": {"org.keycloak.storage.UserStorageProvider": [provider]}}, indent=1
        )
    if kind == "user":
        return json.dumps(
            {"realm": "r", "users": [{"username": "u", "credentials": [{"type": "password", "value": value}]}]}
        )
    return json.dumps({"realm": "r", "users": [], **asked, **members}, indent=1)


IMAGES = {
    "arc": "dcm4che/dcm4chee-arc-psql:5.34.3",
    "ldap": "registry.example/dcm4che/slapd-dcm4chee:2.6.10-34.3",
    "db": "dcm4che/postgres-dcm4chee:17.4-34",
    "keycloak": "dcm4che/keycloak:26.0.6",
}


def composed(kind: str, attribute: str, value: Any) -> str:
    image = IMAGES[kind] + ("-secure" if kind == "arc" and value is not False else "")
    text = f"services:\n  one:\n    image: {image}\n"
    if attribute == "_ports":
        return f"{text}    ports: ['{value or 8443}:{value or 8443}', '127.0.0.1:{value}:{value}']\n"
    if value is None or attribute[0] == "_":
        return text
    return f"{text}    environment:\n      {attribute}: '{value}'\n"


ALONE = [*load("keycloak").rules, *load("dcm4chee-image").rules]


@pytest.mark.parametrize("rule", ALONE, ids=lambda rule: f"{rule.key}-{next(iter(rule.when))}-{rule.severity.name}")
def test_each_rule_of_a_realm_and_of_the_images_speaks_and_is_silent(rule: Rule, tmp_path: Path) -> None:
    assert [each.severity for each in judged_alone(rule, tmp_path, bad=True)] == [rule.severity]
    assert judged_alone(rule, tmp_path, bad=False) == []
    assert not rule.hide or {each.value for each in judged_alone(rule, tmp_path, bad=True)} <= {"(not shown)"}


def test_a_variable_that_a_file_holds_is_decided_there(tmp_path: Path) -> None:
    text = composed("ldap", "LDAP_ROOTPASS_FILE", "/run/secrets/root")
    assert "ldap.one.LDAP_ROOTPASS" not in {each.key for each in openings(tmp_path, text, "compose.yml")}
    assert "ldap.one.LDAP_ROOTPASS" in {
        each.key for each in openings(tmp_path, composed("ldap", "X", "y"), "compose.yml")
    }


def test_the_ldif_that_is_imported_is_judged_with_the_images(tmp_path: Path) -> None:
    text = composed("ldap", "IMPORT_LDIF", "/site/a.ldif /site/gone.ldif") + "    volumes: ['./own:/site:ro']\n"
    (tmp_path / "compose.yml").write_text(text)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.ldif").write_text(OTHERS + f"\ndn: cn=hl7,{SHIPPED}\nchangetype: delete\n")
    images, directory = verdicts(tmp_path / "compose.yml", Asked())
    assert "gone.ldif" in images.assumed
    assert directory.files == (str(tmp_path / "own" / "a.ldif"),)
    assert Severity.CRITICAL in {each.severity for each in directory.openings}
    (tmp_path / "own" / "a.ldif").write_text("dn: dc=site\ndc: site\n")
    assert [each.product for each in verdicts(tmp_path / "compose.yml", Asked())] == [images.product]


def test_an_orthanc_beside_it_has_its_own_verdict(tmp_path: Path) -> None:
    text = (
        composed("db", "X", "y")
        + "  two:\n    image: orthancteam/orthanc:24.10.1\n    environment:\n      ORTHANC__NAME: a\n"
    )
    (tmp_path / "compose.yml").write_text(text)
    assert {each.product for each in verdicts(tmp_path / "compose.yml", Asked())} == {"Orthanc", "dcm4chee's images"}
    assert {each.product for each in verdicts(tmp_path, Asked())} == {"Orthanc", "dcm4chee's images"}


def test_a_folder_with_everything(tmp_path: Path) -> None:
    (tmp_path / "a.ldif").write_text(written(good()))
    (tmp_path / "realm.json").write_text(realm("", "x", None, ALONE[0]))
    (tmp_path / "compose.yml").write_text(composed("db", "X", "y"))
    products = [each.product for each in verdicts(tmp_path, Asked())]
    assert sorted(products) == ["Keycloak", "dcm4chee", "dcm4chee's images"]

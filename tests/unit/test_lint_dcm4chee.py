"""dcm4chee-arc-light: each rule speaks and is silent, with file and line, in LDIF, in an exported device, in a realm
and in a Compose file; what slapd or the archive would not take is said; whatever is no configuration is no verdict."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacs_hardening.cli.main import main
from pacs_hardening.lint import lint
from pacs_hardening.lint.arc import read
from pacs_hardening.lint.judge import Opening
from pacs_hardening.lint.node import NoArchive, Unparsable
from pacs_hardening.lint.rules import Rule, holds, load
from pacs_hardening.lint.run import Asked, grouped, verdicts
from pacs_hardening.model import Severity

ROOT = Path(__file__).parents[2]
ARC = "dicomDeviceName=arc,cn=Devices,cn=DICOM Configuration,dc=site,dc=example"
Entries = dict[str, dict[str, list[str]]]
TLS = {
    "dcmTLSProtocol": ["TLSv1.2", "TLSv1.3"],
    "dicomTLSCipherSuite": ["TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
}


def good() -> Entries:
    """An archive behind TLS, as entries by what stands before the name of the device."""
    references = {"dicomNetworkConnectionReference": [f"cn=dicom,{ARC}"]}
    return {
        "": {
            "objectClass": ["dicomDevice", "dcmDevice", "dcmArchiveDevice"],
            "dicomDeviceName": ["arc"],
            "dcmTrustStoreURL": ["file:///etc/site/ca.p12"],
            "dcmTrustStorePin": ["${env.PIN}"],
            "dcmLimitOpenAssociations": ["50"],
            "dcmLimitAssociationsInitiatedBy": ["WARD_CT1=4"],
            "dcmShowPatientInfoInSystemLog": ["HASH_NAME_AND_ID"],
            "dcmShowPatientInfoInAuditLog": ["HASH_NAME_AND_ID"],
            "dcmAllowDeletePatient": ["NEVER"],
            "dcmUserIdentityNegotiation": ["NOT_SUPPORTED"],
        },
        "cn=dicom": {
            "objectClass": ["dicomNetworkConnection"],
            "dicomPort": ["2762"],
            "dcmIdleTimeout": ["8000"],
            **TLS,
        },
        "cn=hl7": {
            "objectClass": ["dicomNetworkConnection"],
            "dcmProtocol": ["HL7"],
            "dicomPort": ["12575"],
            "dcmIdleTimeout": ["8000"],
            **TLS,
        },
        "cn=syslog": {"objectClass": ["dicomNetworkConnection"], "dcmProtocol": ["SYSLOG_TLS"], **TLS},
        "dicomAETitle=WARD": {
            "objectClass": ["dicomNetworkAE"],
            "dicomAssociationAcceptor": ["TRUE"],
            "dcmAcceptedCallingAETitle": ["WARD_CT1", "WARD_VIEW"],
            "dcmAcceptedMoveDestination": ["WARD_VIEW"],
            "dcmAcceptedUserRole": ["radiology"],
            "dcmQueryMaxNumberOfResults": ["100"],
            "dcmOverwritePolicy": ["NEVER"],
            **references,
        },
        "hl7ApplicationName=WARD|HOSPITAL": {
            "objectClass": ["hl7Application"],
            "hl7ApplicationName": ["WARD|HOSPITAL"],
            "hl7AcceptedSendingApplication": ["RIS|HOSPITAL"],
            "hl7AcceptedMessageType": ["ADT^A01"],
            "dicomNetworkConnectionReference": [f"cn=hl7,{ARC}"],
        },
        "dcmWebAppName=WARD": {"objectClass": ["dcmWebApp"], "dicomAETitle": ["WARD"], "dcmProperty": ["roles=reader"]},
        "dcmKeycloakClientID=arc": {"objectClass": ["dcmKeycloakClient"], "dcmURI": ["https://login.example"]},
        "cn=Audit": {"objectClass": ["dcmAuditLogger"], "dicomNetworkConnectionReference": [f"cn=syslog,{ARC}"]},
        "dcmStorageID=fs": {"objectClass": ["dcmStorage"], "dcmURI": ["file:///storage"]},
        "dcmExporterID=out": {"objectClass": ["dcmExporter"], "dcmURI": ["dicom:RESEARCH"]},
        "cn=redacted": {
            "objectClass": ["dcmArchiveAttributeCoercion2"],
            "dcmURI": ["deidentify:"],
            "dcmDIMSE": ["C_STORE_RQ"],
            "dicomTransferRole": ["SCP"],
        },
    }  # fmt: skip


OTHERS = """\
dn: uid=ann,ou=users,dc=site,dc=example
objectClass: inetOrgPerson
userPassword: {SSHA}b25l

dn: cn=config
changetype: modify
replace: olcDisallows
olcDisallows: bind_anon
-
replace: olcRequires
olcRequires: authc
-
replace: olcSecurity
olcSecurity: ssf=128
-
replace: olcTLSProtocolMin
olcTLSProtocolMin: 3.3
-
replace: olcTLSVerifyClient
olcTLSVerifyClient: demand

dn: olcDatabase={1}mdb,cn=config
changetype: modify
replace: olcAccess
olcAccess: to * by dn.exact="cn=archive,dc=site" read by * none
-
replace: olcRootPW
olcRootPW: {SSHA}b25l
"""


def written(entries: Entries, others: str = OTHERS) -> str:
    text = ""
    for name, attributes in entries.items():
        lines = [f"{key}: {value}" for key, values in attributes.items() for value in values]
        text += "\n".join([f"dn: {name},{ARC}" if name else f"dn: {ARC}", *lines]) + "\n\n"
    return text + others


def openings(folder: Path, text: str, name: str = "arc.ldif", **asked: bool) -> tuple[Opening, ...]:
    (folder / name).write_text(text)
    return lint(folder / name, **asked).openings


def test_a_careful_archive_opens_nothing(tmp_path: Path) -> None:
    assert [each for each in openings(tmp_path, written(good())) if "not-judged" not in each.key] == []


# ---- Each rule of the devices
CANDIDATES = (
    "STORESCU", "WARD*", "roles=admin", "TLSv1", "TLS_RSA_WITH_NULL_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA",
    "secret", "a pass phrase", "*", "ADT^A40", "http://site.example", "to * by * read", "3.1", "nothing at all",
    "HS256", "https://*", "https://site.example/*", "cn=admin,dc=site", "false", "never",
    "-agentlib:jdwp=address=*:8787", "-Djdk.tls.rejectClientInitiatedRenegotiation=false", "ldap:///",
    "keystores/key.p12", "8787", "9990", "8080", "11112", "2575", "389", "5432", "TLSv1 TLSv1.2", "pacs",
)  # fmt: skip
GROUPS = {
    "connection": "cn=dicom",
    "ae": "dicomAETitle=WARD",
    "hl7": "hl7ApplicationName=WARD|HOSPITAL",
    "web": "dcmWebAppName=WARD",
    "keycloak": "dcmKeycloakClientID=arc",
    "audit": "cn=Audit",
    "storage": "dcmStorageID=fs",
    "exporter": "dcmExporterID=out",
    "coercion": "cn=redacted",
}
RULES = [rule for rule in load("dcm4chee").rules if rule.key.startswith("device.")]


def bad_value(rule: Rule, attribute: str) -> Any:
    ((kind, wanted),) = rule.when.items()
    if kind == "is":
        first = wanted[0] if isinstance(wanted, list) else wanted
        return str(first).upper() if isinstance(first, bool) and rule in RULES else first
    if kind == "above":
        return wanted + 1
    return next(each for each in CANDIDATES if holds(rule.when, each, attribute))


def opened(rule: Rule) -> Entries:
    """What is good, but for what the rule speaks of and what it asks for beside it."""
    entries, (*_, attribute) = good(), rule.key.split(".")
    group = rule.key.split(".")[2] if rule.key.count(".") > 2 else ""
    name = GROUPS[group] if group else ""
    only = rule.only_if or {}
    if "plain" in str(only.get("._open")) and "tls" not in str(only.get("._open")):
        del entries["cn=hl7" if group == "hl7" else "cn=dicom"]["dicomTLSCipherSuite"]
    if only.get("._door") in ("dicom", "hl7"):
        name = f"cn={only['._door']}"
        del entries[name]["dicomTLSCipherSuite"]
    if only.get("._overwrites"):
        del entries["dicomAETitle=WARD"]["dcmOverwritePolicy"]
    if (rule.unless or {}).get("._roles"):
        del entries["dicomAETitle=WARD"]["dcmAcceptedUserRole"]
    if attribute == "_way":
        protocol = {"udp": "SYSLOG_UDP", "plain": "DICOM", "none": "SYSLOG_TLS"}[rule.when["is"]]
        entries["cn=syslog"] |= {"dcmProtocol": [protocol], "dicomInstalled": [str(rule.when["is"] != "none").upper()]}
    elif "absent" in rule.when:
        entries[name].pop(attribute, None)
    else:
        entries[name][attribute] = [str(bad_value(rule, attribute))]
    return entries


def said(rule: Rule, found: tuple[Opening, ...]) -> list[Opening]:
    pattern = re.escape(".".join(p for p in rule.key.split(".") if not p.startswith("_"))).replace(r"\*", ".+")
    return [each for each in found if each.opens == rule.opens and re.fullmatch(pattern, each.key)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.key}-{next(iter(rule.when))}-{rule.severity.name}")
def test_each_rule_of_a_device_speaks_and_is_silent(rule: Rule, tmp_path: Path) -> None:
    text = written(opened(rule))
    (found,) = said(rule, openings(tmp_path, text))
    assert found.severity == rule.severity
    attribute = rule.key.rpartition(".")[2]
    line = text.split("\n")[found.line - 1]
    assert line.startswith("dn: " if "absent" in rule.when or attribute[0] == "_" else f"{attribute}: "), line
    assert said(rule, openings(tmp_path, written(good()))) == []
    (guarded,) = said(rule, openings(tmp_path, text, behind_guard=True))
    assert guarded.severity == (Severity.INFO if rule.guard else rule.severity)
    assert not rule.hide or "not shown" in found.value


@pytest.mark.parametrize(
    ("line", "by", "key", "severity"),
    [
        ("userPassword: {SSHA}b25l", "userPassword:: Y2hhbmdlaXQ=", "user.ann.userPassword", Severity.CRITICAL),
        ("userPassword: {SSHA}b25l", "userPassword: a pass phrase", "user.ann.userPassword", Severity.HIGH),
        ("olcDisallows: bind_anon", "olcDisallows: tls_2_anon", "slapd.config", Severity.MEDIUM),
        ("olcRequires: authc", "olcRequires: bind", "slapd.config", Severity.MEDIUM),
        ("olcTLSProtocolMin: 3.3", "olcTLSProtocolMin: 3.1", "slapd.config.olcTLSProtocolMin", Severity.HIGH),
        ("olcTLSProtocolMin: 3.3\n", "", "slapd.config.olcTLSProtocolMin", Severity.MEDIUM),
        ("olcSecurity: ssf=128\n", "", "slapd.config.olcSecurity", Severity.INFO),
        ("olcTLSVerifyClient: demand\n", "", "slapd.config.olcTLSVerifyClient", Severity.INFO),
        ('dn.exact="cn=archive,dc=site" read by * none', "* read", "slapd.{1}mdb", Severity.HIGH),
        ("olcRootPW: {SSHA}b25l", "olcRootPW: secret", "slapd.{1}mdb.olcRootPW", Severity.CRITICAL),
        ("olcRootPW: {SSHA}b25l", "olcRootPW: a pass phrase", "slapd.{1}mdb.olcRootPW", Severity.HIGH),
    ],
)
def test_users_and_the_directory_itself(line: str, by: str, key: str, severity: Severity, tmp_path: Path) -> None:
    assert (key, severity) in {(each.key, each.severity) for each in openings(tmp_path, OTHERS.replace(line, by))}
    assert openings(tmp_path, OTHERS) == ()


def test_every_rule_names_an_attribute_that_there_is() -> None:
    for rule in load("dcm4chee").rules:
        last = rule.key.rpartition(".")[2]
        assert last.startswith(("_", "olc")) or read.names().get(last.casefold()) == last, rule.key


# ---- What is wrong with the files themselves
@pytest.mark.parametrize(
    ("changes", "line", "key", "severity"),
    [
        (
            {"dicomAETitle=WARD": {"dcmAcceptedCallingAETitel": ["A"]}},
            "dcmAcceptedCallingAETitel: A",
            "dcmAcceptedCallingAETitel",
            Severity.HIGH,
        ),
        ({"dicomAETitle=WARD": {"siteColour": ["blue"]}}, "siteColour: blue", "siteColour", Severity.INFO),
        ({"CN=Redacted": {"objectClass": ["dcmExportRule"]}}, f"dn: CN=Redacted,{ARC}", "arc.Redacted", Severity.HIGH),
        (
            {"dicomAETitle=WARD": {"dicomNetworkConnectionReference": [f"cn=gone,{ARC}"]}},
            f"dicomNetworkConnectionReference: cn=gone,{ARC}",
            "arc.WARD.dicomNetworkConnectionReference",
            Severity.HIGH,
        ),
        (
            {"cn=dicom": {"dcmTLSProtocol": ["TLSv1.2", "TLSv9"]}},
            "dcmTLSProtocol: TLSv9",
            "device.arc.connection.dicom.dcmTLSProtocol",
            Severity.HIGH,
        ),
        (
            {"cn=dicom": {"dicomTLSCipherSuite": ["ECDHE-RSA-AES256-GCM-SHA384"]}},
            "dicomTLSCipherSuite: ECDHE-RSA-AES256-GCM-SHA384",
            "device.arc.connection.dicom.dicomTLSCipherSuite",
            Severity.HIGH,
        ),
    ],
)
def test_what_slapd_or_the_archive_would_not_take(
    changes: Entries, line: str, key: str, severity: Severity, tmp_path: Path
) -> None:
    entries = good()
    for name, attributes in changes.items():
        entries[name] = {**entries.get(name, {}), **attributes}
    text = written(entries)
    found = {
        (each.key.removeprefix("device.arc.ae.WARD."), each.line, each.severity) for each in openings(tmp_path, text)
    }
    assert (key, text.split("\n").index(line) + 1, severity) in found


def test_a_misspelt_attribute_is_told_with_the_right_one(tmp_path: Path) -> None:
    entries = good()
    entries["dicomAETitle=WARD"]["dcmAcceptedMoveDestinaton"] = ["A"]
    (found,) = [each for each in openings(tmp_path, written(entries)) if each.key.endswith("Destinaton")]
    assert found.use == "dcmAcceptedMoveDestination"


def test_an_attribute_in_another_case_is_the_same(tmp_path: Path) -> None:
    text = written(good()).replace("dcmOverwritePolicy: NEVER", "DCMOVERWRITEPOLICY: ALWAYS")
    assert "device.arc.ae.WARD.dcmOverwritePolicy" in {each.key for each in openings(tmp_path, text)}


def test_what_nobody_reaches_opens_nothing(tmp_path: Path) -> None:
    entries = good()
    del entries["cn=dicom"]["dicomTLSCipherSuite"]
    del entries["dicomAETitle=WARD"]["dcmAcceptedCallingAETitle"]
    entries["cn=dicom"]["dicomInstalled"] = ["FALSE"]
    assert openings(tmp_path, written(entries)) == ()
    entries["cn=dicom"]["dicomInstalled"] = ["TRUE"]
    assert {each.severity for each in openings(tmp_path, written(entries))} == {Severity.CRITICAL, Severity.HIGH}
    entries["dicomAETitle=WARD"]["dicomAssociationAcceptor"] = ["FALSE"]
    assert {each.key for each in openings(tmp_path, written(entries))} == {"device.arc.connection.dicom.dicomPort"}


# ---- Several files
LAID = f"""\
dn: dicomAETitle=WARD,{ARC}
changetype: modify
replace: dcmOverwritePolicy
dcmOverwritePolicy: ALWAYS
-
delete: dcmAcceptedCallingAETitle
"""


def test_files_are_laid_over_one_another_in_their_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "b.ldif", tmp_path / "a.ldif"
    first.write_text(written(good()))
    second.write_text(LAID)
    expected = {("device.arc.ae.WARD.dcmOverwritePolicy", 4), ("device.arc.ae.WARD.dcmAcceptedCallingAETitle", 1)}
    (result,) = verdicts(first, Asked(), [second])
    assert {(each.key, each.line) for each in result.openings if each.file == str(second)} == expected
    assert {each.file for each in lint(tmp_path).openings} == {str(second)}  # what brings the device comes first
    assert main(["lint", str(first), str(second)]) == 1
    assert "2 files of dcm4chee" in capsys.readouterr().out
    assert grouped([str(first), "o.json", str(second)]) == [(first, second), (Path("o.json"),)]


SHIPPED = "dicomDeviceName=dcm4chee-arc,cn=Devices,cn=DICOM Configuration,dc=dcm4che,dc=org"


def test_what_only_changes_is_laid_over_what_the_image_ships(tmp_path: Path) -> None:
    change = "changetype: modify\nreplace: dcmAcceptedCallingAETitle\ndcmAcceptedCallingAETitle: CT1\n"
    text = f"dn: dicomAETitle=WARD,{SHIPPED}\n{change}"
    (tmp_path / "a.ldif").write_text(text)
    result = lint(tmp_path / "a.ldif")
    assert "image" in result.assumed
    called = {each.key.split(".")[3] for each in result.openings if each.key.endswith("CallingAETitle")}
    assert len(called) == 7
    assert not called & {"WARD", "DCM4CHEE"}
    both = text + "\n" + text.replace("WARD", "DCM4CHEE") + "\n" + text.replace("WARD", "WORKLIST")
    (wrong,) = [each for each in openings(tmp_path, both) if each.opens.startswith("There is no such entry")]
    assert (wrong.key, wrong.line) == ("dcm4chee-arc.WARD", 1)


def test_the_configuration_of_the_environment_leaves_what_the_guard_and_the_collector_take() -> None:
    """Audit leaves by UDP there, and REST is not reached: what is said is right, and nothing else is."""
    found = lint(ROOT / "environments" / "dcm4chee" / "config", behind_guard=True).openings
    left = {each.key.rpartition(".")[2] for each in found if each.severity > Severity.INFO}
    assert left <= {"Audit Logger", "dcmAcceptedUserRole"}
    assert not [each for each in found if each.severity >= Severity.HIGH]


# ---- The exported device
def exported() -> dict[str, Any]:
    return {
        "dicomDeviceName": "arc",
        "dicomNetworkConnection": [
            {
                "cn": "dicom",
                "dicomPort": 2762,
                "dicomTLSCipherSuite": ["TLS_AES_256_GCM_SHA384"],
                "dcmNetworkConnection": {"dcmIdleTimeout": 8000},
            },
        ],
        "dicomNetworkAE": [
            {
                "dicomAETitle": "WARD",
                "dicomAssociationAcceptor": True,
                "dicomNetworkConnectionReference": ["/dicomNetworkConnection/0"],
                "dcmNetworkAE": {
                    "dcmAcceptedCallingAETitle": ["CT1"],
                    "dcmArchiveNetworkAE": {"dcmAcceptedMoveDestination": ["V"], "dcmQueryMaxNumberOfResults": 100},
                },
            }
        ],
        "dcmDevice": {
            "dcmTrustStoreURL": "file:///ca.p12",
            "dcmLimitOpenAssociations": 50,
            "dcmLimitAssociationsInitiatedBy": ["CT1=4"],
        },
        "dcmArchiveDevice": {
            "dcmShowPatientInfoInSystemLog": "HASH_NAME_AND_ID",
            "dcmShowPatientInfoInAuditLog": "HASH_NAME_AND_ID",
            "dcmArchiveAttributeCoercion2": [{"cn": "one", "dcmURI": "deidentify:"}],
        },
    }


@pytest.mark.parametrize(
    ("path", "value", "key", "severity"),
    [
        (
            "dicomNetworkAE.0.dcmNetworkAE.dcmAcceptedCallingAETitle",
            None,
            "device.arc.ae.WARD.dcmAcceptedCallingAETitle",
            Severity.HIGH,
        ),
        ("dicomNetworkConnection.0.dicomTLSCipherSuite", None, "device.arc.connection.dicom.dicomPort", Severity.HIGH),
        (
            "dicomNetworkConnection.0.dcmNetworkConnection.dcmTLSNeedClientAuth",
            False,
            "device.arc.connection.dicom.dcmTLSNeedClientAuth",
            Severity.HIGH,
        ),
        ("dcmDevice.dcmLimitOpenAssociations", 0, "device.arc.dcmLimitOpenAssociations", Severity.MEDIUM),
        (
            "dicomNetworkAE.0.dicomNetworkConnectionReference",
            ["/dicomNetworkConnection/4"],
            "arc.WARD.dicomNetworkConnectionReference",
            Severity.HIGH,
        ),
        ("dcmArchiveDevice.dcmExportRule", [{"cn": "ONE"}], "arc.ONE", Severity.HIGH),
        ("dcmDevice.dcmLimitOpenAsociations", 5, "device.arc.dcmLimitOpenAsociations", Severity.HIGH),
    ],
)
def test_an_exported_device(path: str, value: Any, key: str, severity: Severity, tmp_path: Path) -> None:
    assert [
        each for each in openings(tmp_path, json.dumps(exported()), "d.json") if each.severity > Severity.INFO
    ] == []
    document: Any = exported()
    below = document
    *names, last = path.split(".")
    for name in names:
        below = below[int(name)] if name.isdigit() else below[name]
    below.pop(last, None)
    if value is not None:
        below[last] = value
    text = json.dumps(document, indent=1)
    found = [each for each in openings(tmp_path, text, "d.json") if (each.key, each.severity) == (key, severity)]
    assert found
    assert 1 < found[0].line <= text.count("\n")


STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "/dicomNetworkConnection/7", "TLSv1"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from([*exported(), "ae", "cn", "dcmNetworkAE", "clients", "attributes"]), below)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from([*exported(), "realm", "users", "components", "sslRequired"]), STRANGE))
def test_whatever_stands_in_json_is_judged_or_refused(document: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Unparsable):
        file = Path(folder, "d.json")
        file.write_text(json.dumps({"dicomDeviceName": "arc", "dcmArchiveDevice": {}, **document}))
        lint(file)
        file.write_text(json.dumps({"realm": "r", "users": [], **document}))
        lint(file)


def test_the_same_name_below_two_aes_is_no_collision(tmp_path: Path) -> None:
    entries = good() | {"dicomAETitle=TWO": {"objectClass": ["dicomNetworkAE"]}}
    rule = {"objectClass": ["dcmArchiveAttributeCoercion2"], "dcmDIMSE": ["C-STORE"]}
    entries |= {"cn=a,dicomAETitle=WARD": rule, "cn=a,dicomAETitle=TWO": rule}
    keys = {each.key for each in openings(tmp_path, written(entries))}
    assert keys == {f"device.arc.coercion.{title}/a.dcmDIMSE" for title in ("WARD", "TWO")}


# ---- The realm, and the images
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


# ---- What is no configuration
@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.ldif", "", 1),
        ("a.ldif", "dn: dc=site\ndc: site\n", 1),
        ("a.ldif", f"dn: cn=CT,dicomAETitle=WARD,{ARC}\nobjectClass: dicomTransferCapability\n", 1),
        ("a.ldif", f"dn: {ARC}\nobjectClass: dicomDevice\n", 1),
        ("a.ldif", f"dn: {ARC}\nno colon\n", 2),
        ("a.ldif", f"dn: {ARC}\nuserPassword:: ###\n", 2),
        ("d.json", '{"dicomDeviceName": "printer"}', 1),
        ("d.json", '{"dicomDeviceName": "arc",\n"dcmArchiveDevice": {', 2),
        ("realm.json", '{"realm": "r", "clients": [\n}', 2),
        ("compose.yml", "services:\n  arc:\n    image: dcm4che/dcm4chee-arc-psql:5.34.3\n   x: [\n", 4),
        ("compose.yml", "services:\n  arc:\n    image: dcm4che/dcm4chee-arc-psql:5.34.3\n    env_file: gone.env\n", 4),
    ],
)
def test_what_is_not_understood_has_no_verdict(name: str, text: str, line: int, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Unparsable) as caught:
        lint(tmp_path / name)
    assert (caught.value.line, caught.value.file) == (line, str(tmp_path / name))
    assert main(["lint", str(tmp_path / name)]) == 10


def test_no_secret_is_quoted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.ldif").write_text(OTHERS.replace("olcRootPW: {SSHA}b25l", "olcRootPW: hunter22hunter22"))
    for option in ([], ["--json"], ["--sarif", str(tmp_path / "out.sarif")]):
        main(["lint", *option, str(tmp_path / "a.ldif")])
    said = capsys.readouterr()
    assert "hunter22" not in said.out + said.err + (tmp_path / "out.sarif").read_text()


def test_another_program_is_named_as_one(tmp_path: Path) -> None:
    (tmp_path / "a.ldif").write_text("dn: dc=site\ndc: site\n")
    with pytest.raises(NoArchive):
        lint(tmp_path)

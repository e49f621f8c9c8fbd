"""dcm4chee-arc-light as LDIF: each rule speaks and is silent, with file and line; what slapd or the archive would not
take is said; whatever is no configuration is no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacs_hardening.cli.main import main
from pacs_hardening.lint import lint
from pacs_hardening.lint.arc import read
from pacs_hardening.lint.node import NoArchive, Unparsable
from pacs_hardening.lint.rules import Rule, load
from pacs_hardening.lint.run import Asked, grouped, verdicts
from pacs_hardening.model import Severity
from tests.unit.archived import ARC, OTHERS, ROOT, RULES, SHIPPED, Entries, bad_value, good, openings, said, written


def test_a_careful_archive_opens_nothing(tmp_path: Path) -> None:
    assert [each for each in openings(tmp_path, written(good())) if "not-judged" not in each.key] == []


# ---- Each rule of the devices
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


def test_the_same_name_below_two_aes_is_no_collision(tmp_path: Path) -> None:
    entries = good() | {"dicomAETitle=TWO": {"objectClass": ["dicomNetworkAE"]}}
    rule = {"objectClass": ["dcmArchiveAttributeCoercion2"], "dcmDIMSE": ["C-STORE"]}
    entries |= {"cn=a,dicomAETitle=WARD": rule, "cn=a,dicomAETitle=TWO": rule}
    keys = {each.key for each in openings(tmp_path, written(entries))}
    assert keys == {f"device.arc.coercion.{title}/a.dcmDIMSE" for title in ("WARD", "TWO")}


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

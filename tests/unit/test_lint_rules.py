"""Each rule of Orthanc is shown to speak and to be silent; the rules are sound; silent mistakes are named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.lint import lint
from pacs_hardening.lint.notices import known_keys
from pacs_hardening.lint.rules import Rule, load
from pacs_hardening.model import Severity

ROOT = Path(__file__).parents[2]
RULES = load("orthanc").rules
# Values for conditions that are patterns: one that the rule is about, one that it is not.
PATTERNS = {
    "AcceptedSopClasses": (["1.2.840.10008.5.1.4.1.1.*"], ["1.2.840.10008.5.1.4.1.1.2"]),
    "AcceptedTransferSyntaxes": (["1.2.840.10008.1.?"], ["1.2.840.10008.1.2"]),
    "DicomModalities.*.Host": ("ct.example", "10.1.2.3"),
    "DicomTlsCiphersAccepted": (["ECDHE-RSA-AES256-GCM-SHA384", "AES128-SHA"], ["ECDHE-RSA-AES256-GCM-SHA384"]),
    "SslCiphersAccepted": (["ECDHE-RSA-AES128-SHA"], ["TLS_AES_128_GCM_SHA256"]),
    "Plugins": (["/usr/share/orthanc/plugins/"], ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"]),
    "OrthancPeers.*.Url": ("http://h/", "https://h/"),
    "DicomWeb.Servers.*.Url": ("http://h/", "https://h/"),
    "ServeFolders.Folders.*": ("/etc", "/srv/help/pages"),
    "Authorization.UncheckedFolders": (["/ui/app/", "/studies"], ["/ui/app/"]),
    "Authorization.UncheckedLevels": (["system"], ["instance"]),
    "Authorization.WebServiceRootUrl": ("http://auth:8000/", "https://auth:8000/"),
    "OrthancExplorer2.Keycloak.Url": ("http://login:8080/", "https://login:8080/"),
}
# What follows from several options, and options from which it does.
DERIVED: dict[str, dict[str, dict[str, Any]]] = {
    "_web": {"remote": {"RemoteAccessAllowed": True}, "local": {"RemoteAccessAllowed": False}, "off": {}},
    "_login": {"": {}},
}


def configuration(rule: Rule, *, bad: bool) -> dict[str, Any]:
    """One in which everything that the rule asks for beside its own key is so, and its key is ``bad`` or not."""
    document: dict[str, Any] = {"Name": "archive"}
    for wanted, so in ((rule.only_if, True), (rule.unless, False)):
        for key, value in (wanted or {}).items():
            if key in DERIVED:
                document |= DERIVED[key][value] if so else {}
                continue
            path = [*rule.key.split(".")[:-1], key[1:]] if key.startswith(".") else key.split(".")
            if so or not isinstance(value, list):
                put(document, path, first(value) if so else other(value))
    ((kind, wanted),) = rule.when.items()
    path = rule.key.split(".")
    if kind in ("password", "name"):
        put(
            document,
            [
                *path[:-1],
                {"password": "orthanc", "name": ("/" if path[0] == "ServeFolders" else "a:b") if bad else "ab"}[kind],
            ],
            secret(kind, wanted, bad),
        )
    elif kind == "absent":
        put(document, path if wanted is not bad else path[:-1], ["x"] if wanted is not bad else {})
    elif kind == "empty":
        put(document, path, ({} if bad else {"clinician": "a long pass phrase"}) if wanted else ["x"] if bad else [])
    elif kind in ("matches", "differs"):
        put(document, path, PATTERNS[rule.key][0 if bad else 1])
    else:
        value = {"above": lambda: wanted + 1, "below": lambda: wanted - 1}.get(kind, lambda: first(wanted))()
        put(document, path, value if bad else {"is": lambda: other(value)}.get(kind, lambda: wanted)())
    return document


def secret(kind: str, wanted: str, bad: bool) -> str:
    return {"known": "orthanc", "weak": "short"}.get(wanted, "x") if bad else "a long pass phrase"


def first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def other(value: Any) -> Any:
    return not value if isinstance(value, bool) else value + 4 if isinstance(value, int) else "something else"


def put(document: dict[str, Any], path: list[str], value: Any) -> None:
    names = ["node" if part == "*" else part for part in path]
    for name in names[:-1]:
        document = document.setdefault(name, {})
    if names:
        document.setdefault(names[-1], value)


def opened(folder: Path, document: dict[str, Any], *, behind_guard: bool = False) -> set[tuple[str, str, Severity]]:
    (folder / "orthanc.json").write_text(json.dumps(document, indent=1))
    result = lint(folder, behind_guard=behind_guard)
    return {(each.key, each.opens, each.severity) for each in result.openings}


def said(rule: Rule, found: set[tuple[str, str, Severity]]) -> list[Severity]:
    pattern = re.escape(rule.key).replace(r"\*", "[^.]+")
    return [severity for key, opens, severity in found if opens == rule.opens and re.fullmatch(pattern, key)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.key}-{next(iter(rule.when))}")
def test_each_rule_speaks_and_is_silent(rule: Rule, tmp_path: Path) -> None:
    assert said(rule, opened(tmp_path, configuration(rule, bad=True))) == [rule.severity]
    assert said(rule, opened(tmp_path, configuration(rule, bad=False))) == []
    guarded = said(rule, opened(tmp_path, configuration(rule, bad=True), behind_guard=True))
    assert guarded == [Severity.INFO if rule.guard else rule.severity]


@pytest.mark.parametrize("product", ["orthanc", "dcmqrscp", "dcm4chee", "dcm4chee-image", "keycloak", "wildfly"])
def test_the_rules_are_sound(product: str) -> None:
    loaded = load(product)
    exist = set(re.findall(r"^\| `([a-z-]+\.[a-z0-9-]+)`", (ROOT / "docs" / "catalogue.md").read_text(), re.MULTILINE))
    assert exist
    for rule in [*loaded.rules, *loaded.notices.values()]:
        assert set(rule.controls) <= exist, rule.key
        assert rule.opens, rule.key
        assert rule.use, rule.key
        assert rule.source, rule.key
        assert not re.search(r"\.$", rule.opens + rule.use), rule.key
        assert len(rule.when) == (1 if rule.key else 0)
    assert len(loaded.rules) >= {"orthanc": 35, "dcmqrscp": 8}.get(product, 10)
    assert len({(rule.key, rule.opens) for rule in loaded.rules}) == len(loaded.rules)


def test_rules_and_conditions_name_keys_that_exist() -> None:
    loaded = load("orthanc")
    for rule in loaded.rules:
        for key in [rule.key, *(k for k in [*(rule.only_if or {}), *(rule.unless or {})] if not k.startswith("."))]:
            section, _, last = key.rpartition(".")
            undocumented = ("OrthancExplorer2.Inbox", "ServeFolders.Folders")
            assert last == "*" or section in undocumented or key in DERIVED or last in known_keys(loaded, section), key


def test_only_endpoints_of_the_archive_itself_become_notes() -> None:
    guarded = {rule.key for rule in RULES if rule.guard}
    assert guarded == {
        "DicomCheckModalityHost", "DicomModalities.*.UseDicomTls", "DicomTlsCiphersAccepted", "DicomTlsEnabled",
        "DicomTlsMinimumProtocolVersion", "DicomTlsRemoteCertificateRequired", "SslCiphersAccepted", "SslEnabled",
        "SslMinimumProtocolVersion", "MultitenantDicom.Servers",
    }  # fmt: skip


def keys(path: Path, minimum: Severity = Severity.LOW) -> dict[str, tuple[int, str]]:
    return {each.key: (each.line, each.use) for each in lint(path).openings if each.severity >= minimum}


@pytest.mark.parametrize(
    ("text", "key", "line", "use"),
    [
        ('{\n"DicomAlwaysAllowEchoo": false}', "DicomAlwaysAllowEchoo", 2, '"DicomAlwaysAllowEcho"'),
        ('{\n"dicomAlwaysAllowStore": false}', "dicomAlwaysAllowStore", 2, '"DicomAlwaysAllowStore"'),
        ('{\n"RegistredUsers": {}}', "RegistredUsers", 2, '"RegisteredUsers"'),
        ('{"DicomModalities": {"a": {\n"AllowFnd": false}}}', "DicomModalities.a.AllowFnd", 2, '"AllowFind"'),
        ('{"DicomWeb": {\n"SSL": true}}', "DicomWeb.SSL", 2, '"Ssl"'),
        ('{"DicomAet": "A",\n"DicomAet": "B"}', "DicomAet", 2, "the key once"),
        ('{"DicomAet": "A"}\n"DicomPort": 1', "(text after the end)", 2, "one object, with everything in it"),
        ('{\n"DicomTlsEnabled": "true"}', "DicomTlsEnabled", 2, "true or false, without quotation marks"),
        ('{\n"AuthenticationEnabled": "false"}', "AuthenticationEnabled", 2, "true or false, without quotation marks"),
        ('{\n"LimitFindResults": "100"}', "LimitFindResults", 2, "a number, without quotation marks"),
        ('{\n"OverwriteInstances": true}', "OverwriteInstances", 2, '"Never" (up to 1.12.11: false)'),
    ],
)
def test_silent_mistakes(text: str, key: str, line: int, use: str, tmp_path: Path) -> None:
    (tmp_path / "orthanc.json").write_text(text)
    assert keys(tmp_path / "orthanc.json")[key] == (line, use)


def test_a_plugin_s_own_section_is_no_mistake_and_an_unknown_key_only_a_note(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text('{"DicomAet": "A", "PostgreSQL": {"Whatever": 1},\n"MyOwnPlugin": {}}')
    assert "PostgreSQL" not in keys(tmp_path, Severity.INFO)
    assert "MyOwnPlugin" not in keys(tmp_path)
    assert keys(tmp_path, Severity.INFO)["MyOwnPlugin"][0] == 2


def test_two_files_that_define_one_key(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"DicomAet": "A"}')
    (tmp_path / "b.json").write_text('{\n\n"DicomAet": "B"}')
    (found,) = [each for each in lint(tmp_path).openings if each.opens.startswith("Two files")]
    assert (found.file, found.line, found.key) == (str(tmp_path / "b.json"), 3, "DicomAet")


def test_an_entry_that_is_a_list_may_do_everything(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text('{"DicomModalities": {\n"ct": ["CT1", "ct.example", 104]}}')
    found = keys(tmp_path / "o.json")
    for service in ("Store", "Find", "Get", "Move", "Echo", "FindWorklist", "NAction", "EventReport"):
        assert found[f"DicomModalities.ct.Allow{service}"][0] == 2


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("${ALLOW}", Severity.INFO),
        ('"${ALLOW}"', Severity.INFO),
        ("${ALLOW:-true}", Severity.CRITICAL),
        ("${ALLOW:-false}", None),
    ],
)
def test_placeholders_are_values(value: str, severity: Severity | None, tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text('{"DicomAlwaysAllowFind": ' + value + "}")
    found = [each.severity for each in lint(tmp_path / "o.json").openings if each.key == "DicomAlwaysAllowFind"]
    assert found == ([] if severity is None else [severity])


@pytest.mark.parametrize(
    ("password", "found"),
    [
        ("orthanc", True),
        ("short", True),
        ("", True),
        (None, True),
        ("${PASSWORD}", False),
        ("a long pass phrase", False),
    ],
)
def test_passwords(password: str | None, found: bool, tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text(
        json.dumps({"RegisteredUsers": {"jane.doe": "a long pass phrase", "orthanc": password}})
    )
    assert ("RegisteredUsers.orthanc" in keys(tmp_path / "o.json")) is found
    assert "RegisteredUsers.jane.doe" not in keys(tmp_path / "o.json")


def test_what_only_the_environment_decides_is_taken_for_what_opens_more(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text(
        '{"RemoteAccessAllowed": ${REMOTE},\n"AuthenticationEnabled": false, "MaximumStorageSize": "${SIZE}",\n'
        '"MaximumStorageMode": "Recycle", "DicomTlsEnabled": "${TLS}", "DicomTlsMinimumProtocolVersion": 2}'
    )
    found = keys(tmp_path / "o.json")
    assert found["AuthenticationEnabled"][0] == 2
    assert {"MaximumStorageMode", "DicomTlsMinimumProtocolVersion"} <= set(found)


def test_variables_of_the_image(tmp_path: Path) -> None:
    (tmp_path / "site.env").write_text(
        "# a comment\nORTHANC__DICOM_ALWAYS_ALLOW_ECHO=true\nORTHANC_DICOM_ALWAYS_ALLOW_STORE=false\n"
        'export ORTHANC__DICOM_WEB__SSL="false"\nORTHANC__REGISTERED_USERS={"orthanc": "orthanc"}\n'
        "VERBOSE_STARTUP=true\nORTHANC__LIMIT_FIND_RESULTS=100\nORTHANC__STORE_MD5_FOR_ATTACHMENTS=false\n"
        "ORTHANC__DICOM_CHEK_CALLED_AET=true\n"
        'ORTHANC_JSON={"ExecuteLuaEnabled": true}\nOTHER=1\n'
    )
    found = keys(tmp_path / "site.env")
    lines = {
        "DicomAlwaysAllowEcho": 2, "ORTHANC_DICOM_ALWAYS_ALLOW_STORE": 3, "DicomAlwaysAllowStore": 1, "DicomWeb.Ssl": 4,
        "RegisteredUsers.orthanc": 5, "ORTHANC__REGISTERED_USERS": 5, "VERBOSE_STARTUP": 6, "StoreMD5ForAttachments": 8,
        "DicomChekCalledAet": 9, "ExecuteLuaEnabled": 10,
    }  # fmt: skip
    assert {key: found[key][0] for key in lines} == lines
    assert not {"LimitFindResults", "OTHER", "AuthenticationEnabled", "RegisteredUsers"} & set(found)


def test_variables_come_after_the_files_of_their_folder(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text('{"DicomAlwaysAllowStore": true,\n"RegisteredUsers": {"a": "short"}}')
    (tmp_path / "site.env").write_text("ORTHANC__DICOM_ALWAYS_ALLOW_STORE=false\nORTHANC_PASSWORD_SECRET=pw\n")
    found = keys(tmp_path)
    assert "DicomAlwaysAllowStore" not in found
    assert "RegisteredUsers.orthanc" not in found
    assert found["RegisteredUsers.a"][0] == 2

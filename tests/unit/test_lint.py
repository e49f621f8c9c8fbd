"""``pacs-hardening lint``: the hardened configuration is clean, each mistake in it is named, and every way to end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacs_hardening.cli.main import main
from pacs_hardening.launch.environment import Environment
from pacs_hardening.lint import lint
from pacs_hardening.lint.rules import load
from pacs_hardening.model import BadInput, Severity

ROOT = Path(__file__).parents[2]
ORTHANC = ROOT / "environments" / "orthanc"
FILES = ("config/orthanc.json", "config/users.json")

# What each weakness that edits Orthanc's own files must be called: key, and a piece of the line it stands in.
NAMED = {
    "all-sop-classes": ("AcceptedSopClasses", '"AcceptedSopClasses"'),
    "all-transfer-syntaxes": ("AcceptedTransferSyntaxes", '"AcceptedTransferSyntaxes"'),
    "anonymous-echo": ("DicomAlwaysAllowEcho", "DicomAlwaysAllowEcho"),
    "anonymous-find": ("DicomAlwaysAllowFind", '"DicomAlwaysAllowFind"'),
    "anonymous-get": ("DicomAlwaysAllowGet", "DicomAlwaysAllowGet"),
    "anonymous-move": ("DicomAlwaysAllowMove", "DicomAlwaysAllowMove"),
    "anonymous-store": ("DicomAlwaysAllowStore", "DicomAlwaysAllowStore"),
    "any-called-ae": ("DicomCheckCalledAet", "DicomCheckCalledAet"),
    "default-credentials": ("RegisteredUsers.orthanc", '"orthanc": "orthanc"'),
    "file-export": ("RestApiWriteToFileSystemEnabled", "RestApiWriteToFileSystemEnabled"),
    "lua-scripts": ("ExecuteLuaEnabled", "ExecuteLuaEnabled"),
    "open-webdav": ("WebDavEnabled", "WebDavEnabled"),
    "unlimited-bodies": ("MaximumRequestBodySizeMB", "MaximumRequestBodySizeMB"),
    "verbose-errors": ("HttpDescribeErrors", "HttpDescribeErrors"),
    "factory-ae-title": ("DicomModalities.new-device.AET", "STORESCP"),
    "literal-paths": ("AuthenticationEnabled", "AuthenticationEnabled"),
    "identified-logs": ("DeidentifyLogs", '"DeidentifyLogs"'),
    "loose-ae-titles": ("StrictAetComparison", "StrictAetComparison"),
    "misspelt-key": ("DicomCheckCalledAET", "DicomCheckCalledAET"),
    "modality-may-read": ("DicomModalities.modality.AllowFind", '"modality"'),
    "unlimited-queries": ("LimitFindResults", "LimitFindResults"),
    "overwrite": ("OverwriteInstances", "OverwriteInstances"),
    "repeated-key": ("LimitFindResults", "LimitFindResults"),
    "rest-writes-files": ("RestApiWriteToFileSystemEnabled", "RestApiWriteToFileSystemEnabled"),
    "stale-move-destination": ("DicomModalities.old-test.AET", "STORESCP"),
    "stale-node": ("DicomModalities.old-workstation.AllowFind", "old-workstation"),
    "unknown-sop-classes": ("UnknownSopClassAccepted", "UnknownSopClassAccepted"),
    "viewer-may-store": ("DicomModalities.viewer.AllowStore", '"viewer"'),
    "web-authentication-off": ("AuthenticationEnabled", "AuthenticationEnabled"),
}


def weaknesses() -> dict[str, dict[str, Any]]:
    """Those that replace text in a file that lint reads."""
    loaded = {path.stem: tomllib.loads(path.read_text()) for path in sorted((ORTHANC / "weak").glob("*.toml"))}
    return {name: weak for name, weak in loaded.items() if any(r["file"] in FILES for r in weak.get("replace", ()))}


def weakened(folder: Path, weak: dict[str, Any]) -> dict[str, str]:
    texts = {file: (ORTHANC / file).read_text() for file in FILES}
    for replace in weak["replace"]:
        if replace["file"] in FILES:
            assert texts[replace["file"]].count(replace["find"]) == 1
            texts[replace["file"]] = texts[replace["file"]].replace(replace["find"], replace["with"])
    for file, text in texts.items():
        (folder / Path(file).name).write_text(text)
    return {Path(file).name: text for file, text in texts.items()}


def test_the_hardened_configuration_is_clean_behind_its_guard(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(ORTHANC / "config"), "--behind-guard"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[-1].startswith("PASS  2 files of Orthanc")
    assert re.search(r"orthanc\.json:98: SslEnabled = false \(INFO; critical where no guard stands in front\)", said)


def test_without_its_guard_the_same_configuration_is_open(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(ORTHANC / "config")]) == 1
    assert "orthanc.json:98: SslEnabled = false (CRITICAL)" in capsys.readouterr().out


def test_every_weakness_of_these_files_has_a_name() -> None:
    # `open-storage` is a matter of the folder it names, `researcher-in-clinic` of who a node is: no file shows either.
    assert set(weaknesses()) - {"open-storage", "researcher-in-clinic", "few-workers"} == set(NAMED)


def test_the_research_side_is_clean_behind_its_guard(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(ORTHANC / "config" / "research"), "--behind-guard"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("PASS  2 files of Orthanc")


@pytest.mark.parametrize("name", sorted(NAMED))
def test_each_weakness_is_named(name: str, tmp_path: Path) -> None:
    weak = weaknesses()[name]
    texts = weakened(tmp_path, weak)
    result = lint(tmp_path, behind_guard=True)
    assert result.exit_status(Severity.LOW) == 1
    key, words = NAMED[name]
    found = [each for each in result.openings if each.key == key and each.severity >= Severity.LOW]
    assert found, [each.key for each in result.openings]
    assert words in texts[Path(found[0].file).name].split("\n")[found[0].line - 1]
    spoken = [each for each in result.openings if each.severity >= Severity.LOW]
    concerned = {control for each in spoken for control in (*each.controls, f"config.{each.theme}")}
    # A guard that compares paths fails a control of the guard; the archive's part of it is the missing password.
    assert concerned & {*Environment.load("orthanc").weaknesses[name].refutes} or name == "literal-paths"


def test_what_is_found_is_said_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "orthanc.json"
    file.write_text('{\n  "DicomAlwaysAllowStore": true\n}\n')
    assert main(["lint", str(file)]) == 1
    said = capsys.readouterr().out
    assert f"{file}:2: DicomAlwaysAllowStore = true (CRITICAL)\n    opens: Anybody" in said
    assert "use:   false" in said
    assert "authorisation.refuses-anonymous-store" in said
    assert f"{file}:1: DicomAlwaysAllowEcho is absent, which means true (MEDIUM)" in said


def test_what_is_found_is_said_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "orthanc.json"
    file.write_text('{"DicomAlwaysAllowGet": true}')
    assert main(["lint", str(file), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["product"], said["exit_status"], said["files"]) == ("Orthanc", 1, [str(file)])
    (found,) = [each for each in said["openings"] if each["key"] == "DicomAlwaysAllowGet"]
    assert (found["line"], found["value"], found["severity"]) == (1, "true", "critical")


@pytest.mark.parametrize(("level", "status"), [("low", 1), ("critical", 0), ("info", 1)])
def test_fail_on(level: str, status: int, tmp_path: Path) -> None:
    texts = weakened(tmp_path, weaknesses()["unlimited-queries"])
    assert texts
    assert main(["lint", str(tmp_path), "--behind-guard", "--fail-on", level]) == status


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("orthanc.json", '{\n  "DicomAet": "A"\n  "DicomPort": 1\n}', "orthanc.json:3:3: expected"),
        ("orthanc.json", "[]", "orthanc.json:1:1: a configuration is one object"),
        ("other.json", '{"compilerOptions": {}}', "no key of Orthanc"),
        ("haproxy.cfg", "global\n  maxconn 5\n", "haproxy.cfg:1:1: neither a configuration of Orthanc nor of dcmqrscp"),
        ("empty", "", "neither"),
        ("latin1.json", b'{\n"Name": "\xe9" 1}', "latin1.json:2:13: expected"),
        ("dcmqrscp.cfg", "NetworkTCPPort = 104\nAETable BEGIN\n", "dcmqrscp.cfg:2:1: AETable BEGIN without"),
        ("dcmqrscp.cfg", "AETable BEGIN\nHostTable BEGIN\n", "dcmqrscp.cfg:2:1: HostTable must"),
        ("site.env", 'ORTHANC_JSON={"a":\n', "site.env:1:1: ORTHANC_JSON"),
    ],
)
def test_what_cannot_be_parsed(
    name: str, text: str | bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["lint", str(tmp_path / name)]) == 10
    assert words in capsys.readouterr().err


def test_a_folder_without_a_configuration(tmp_path: Path) -> None:
    assert main(["lint", str(tmp_path)]) == 10


@pytest.mark.parametrize("path", ["/no/such/file", "/dev/null", "a\0b"])
def test_a_path_that_cannot_be_used(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", path]) == 4
    assert capsys.readouterr().err.startswith("ERROR: ")


def test_a_file_of_any_size_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big.json").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(BadInput, match="more than"):
        lint(tmp_path / "big.json")


@pytest.mark.parametrize("options", [["--fail-on", "awful"], ["--no-such"], []])
def test_options_that_cannot_be_used(options: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lint", *options, *([str(ORTHANC)] if options else [])])
    assert ended.value.code == 4


def test_secrets_are_never_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "orthanc.json").write_text(
        '{"RemoteAccessAllowed": true,\n'
        '"RegisteredUsers": {"alice": "hunter2-1",\n"a:b": "hunter2-2", "alice": "hunter2-3"},'
        '"OrthancPeers": {"p": ["http://u:hunter2-4@h/", "u", "hunter2-5"],'
        '"q": {"Url": "http://h/", "Pasword": "hunter2-6"}},'
        '"HttpProxxy": "u:hunter2-7@h", "Pkcs11": {"Pin": "hunter2-8"}, "DicomTlsEnabled": "hunter2-9"}'
    )
    (tmp_path / "site.env").write_text('ORTHANC__REGISTERED_USERS={"bob":"hunter2-10"}\nORTHANC_PASSWORD=hunter2-11\n')
    for options in ([], ["--json"]):
        assert main(["lint", str(tmp_path), *options]) == 1
        said = capsys.readouterr()
        assert "RegisteredUsers.alice" in said.out
        if not options:  # merged, and each still where it stands
            assert f"{tmp_path}/orthanc.json:3: RegisteredUsers.a:b" in said.out
            assert f"{tmp_path}/site.env:1: RegisteredUsers.bob" in said.out
        assert "hunter2" not in said.out + said.err
    for text in ('{"RegisteredUsers": {"alice": "hunter2-1}}', '{"RegisteredUsers": {"alice": hunter2-1}}'):
        (tmp_path / "orthanc.json").write_text(text)
        assert main(["lint", str(tmp_path / "orthanc.json")]) == 10
        said = capsys.readouterr()
        assert "hunter2" not in said.out + said.err


def test_what_comes_out_of_a_file_is_made_safe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\\u001b[2J\\u202e\\r\\nPASS"
    (tmp_path / "o.json").write_text(
        '{"DicomModalities": {"' + hostile + '": ["STORESCP", "h", 1]}, "AcceptedSopClasses": ["*' + hostile + '"]}'
    )
    assert main(["lint", str(tmp_path / "o.json")]) == 1
    said = capsys.readouterr().out
    assert not re.search("[\x1b\u202e\r]", said)
    assert not re.search("^PASS", said, re.MULTILINE)
    assert "\\x1b[2J" in said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("${A}"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "Url", "AET"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(sorted({rule.key.split(".")[0] for rule in load("orthanc").rules}))
WORDS = [
    "HostTable",
    "VendorTable",
    "AETable",
    "BEGIN",
    "END",
    "=",
    "ANY",
    "RW",
    "(1, 1mb)",
    "(A, b, 1)",
    "ct1",
    "ct1#",
    "'",
]
LINES = st.lists(st.sampled_from([*WORDS, "MaxAssociations", "NetworkTCPPort", "\x0b", "99"]), max_size=6).map(" ".join)
NAMES = [
    "ORTHANC__",
    "ORTHANC_",
    "ORTHANC___",
    "ORTHANC__DICOM_WEB__SSL",
    "ORTHANC__DICOM_WEB",
    "ORTHANC_JSON",
    "ORTHANC_PASSWORD",
]
VARIABLES = st.tuples(st.sampled_from(NAMES), JSON.map(json.dumps) | st.text()).map("=".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.dictionaries(KEYS, JSON, min_size=1).map(json.dumps).map(lambda text: ("o.json", text))
    | st.lists(LINES).map(lambda lines: ("dcmqrscp.cfg", "\n".join(["NetworkTCPPort = 1", *lines])))
    | st.lists(VARIABLES, min_size=1).map(lambda lines: ("site.env", "\n".join(lines)))
)
def test_whatever_stands_in_a_file_ends_in_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given_file: tuple[str, str]
) -> None:
    name, text = given_file
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    assert main(["lint", str(tmp_path / name)]) in (0, 1, 10)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", capsys.readouterr().out)


def test_it_loads_nothing_heavy(tmp_path: Path) -> None:
    """What the gate needs takes longer to import than three hundred lines take to read."""
    filling = "".join(
        f'"site{n}": {{"AET": "SITE{n}", "Host": "h", "Port": 1, "AllowFind": true}},\n' for n in range(300)
    )
    (tmp_path / "o.json").write_text('{"DicomModalities": {\n' + filling + "}}")
    code = (
        "import sys; from pacs_hardening.cli.main import main\n"
        f"status = main(['lint', {str(tmp_path / 'o.json')!r}])\n"
        "heavy = {'pydicom', 'pynetdicom', 'pytest', 'docker', 'sslyze', 'cryptography'} & set(sys.modules)\n"
        "print(status, sorted(heavy), file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, timeout=60, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert run.stderr.split("\n")[-2] == "1 []"

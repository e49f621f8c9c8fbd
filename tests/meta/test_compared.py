"""Baselines and waivers in real gate runs: what is forgiven, what is not, and what is said."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from pacs_hardening.report.json_report import digest
from tests.meta.gating import GateRun, run_gate
from tests.meta.test_fail_closed import archive

FIND = "authorisation.refuses-anonymous-find"
WAIVER = '[[waiver]]\ncontrol = "{control}"\ntarget = "{target}"\nreason = "r"\nowner = "IT"\nexpires = 2999-01-01\n'


def at_home_there(findings: Path, target: Path) -> None:
    """What an archive that keeps its port would have: those of the tests have another port each time."""
    report = json.loads(findings.read_text())
    facts = report["target"]["facts"]
    now = tomllib.loads(target.read_text())["endpoints"]
    text = findings.read_text()
    for before, after in zip(facts["endpoints"].split(", "), now, strict=True):
        text = text.replace(before.partition("://")[2], after.partition("://")[2])
    report = json.loads(text)
    findings.write_text(json.dumps({**report, "digest": digest(report)}))


@pytest.mark.parametrize("edit", [{"status": "FAIL"}, {"actual": "something else"}])
def test_a_baseline_that_was_edited_is_refused(tmp_path: Path, edit: dict[str, str]) -> None:
    asked = ("--environment", "embedded", "-k", "anonymous_echo")
    assert run_gate(tmp_path / "r", *asked).status == 0
    file = tmp_path / "r" / "findings.json"
    report = json.loads(file.read_text())
    report["findings"] = [{**finding, **edit} for finding in report["findings"]]
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(report))
    run = run_gate(tmp_path / "again", *asked, "--baseline", str(edited))
    assert run.status == 4
    assert "its digest is that of something else" in run.output


def test_only_what_is_new_fails_and_what_was_mended_is_named(tmp_path: Path) -> None:
    report, other = tmp_path / "report", tmp_path / "other"
    for name in ("then", "worse", "mended"):
        (tmp_path / name).mkdir()
    with archive(tmp_path / "then", anonymous=["find"]) as target:
        asked = ["--target", str(target), "-k", "anonymous_find or anonymous_echo"]
        assert run_gate(report, *asked).status == 1
        again = run_gate(report, *asked, "--baseline", str(report / "findings.json"))
    assert again.status == 0, again.output
    assert again.statuses[f"{FIND}[STUDY]"] == "FAIL", "known, and not hidden"
    assert f"{FIND}[STUDY]" in again.findings["baseline"]["known"]
    known = len(again.findings["baseline"]["known"])
    assert re.match(rf"{known} failures? (is|are) known from the baseline and still open", again.findings["why"])
    asked = ["-k", "anonymous_find or anonymous_echo", "--baseline", str(report / "findings.json")]
    with archive(tmp_path / "worse", anonymous=["find", "echo"]) as target:
        elsewhere = run_gate(other, "--target", str(target), *asked)
        assert elsewhere.status == 4, "the same name, and another port"
        assert "is of the endpoints" in elsewhere.output
        at_home_there(report / "findings.json", target)
        worse = run_gate(other, "--target", str(target), *asked)
    assert worse.status == 1
    assert worse.findings["baseline"]["new"] == ["authorisation.refuses-anonymous-echo"]
    with archive(tmp_path / "mended") as target:
        at_home_there(report / "findings.json", target)
        mended = run_gate(other, "--target", str(target), *asked)
    assert mended.status == 0, mended.output
    assert f"{FIND}[STUDY]" in mended.findings["baseline"]["fixed"]


def test_a_baseline_of_another_archive_is_refused(gate_run: Callable[..., GateRun], tmp_path: Path) -> None:
    assert run_gate(tmp_path / "r", "--environment", "embedded", "-k", "anonymous_echo").status == 0
    run = gate_run("--target", "dicom://h:1?called=A&calling=B", "--baseline", str(tmp_path / "r" / "findings.json"))
    assert run.status == 4
    assert "is of 'embedded', and this run is of 'h:1'" in run.output


def test_what_becomes_of_a_waiver(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"

    def waived(control: str, *more: str, target: str = "*", words: str = "") -> GateRun:
        file.write_text(WAIVER.format(control=control, target=target) + (f'evidence = "{words}"\n' if words else ""))
        return run_gate(
            tmp_path / "r",
            "--environment",
            "embedded",
            "--waivers",
            str(file),
            "-k",
            "anonymous_echo or wrong_called",
            *more,
        )

    echo, weak = "authorisation.refuses-anonymous-echo", ("--weakness", "anonymous-echo")
    covered = waived(echo, *weak, words="C-ECHO served")
    assert (covered.status, covered.statuses[echo]) == (0, "WAIVED"), covered.output
    unfitting = waived(echo, *weak, "--fail-on", "critical", words="something else")
    assert unfitting.status == 1, "below the threshold, and a waiver that covers nothing"
    assert "does not cover what was found" in unfitting.findings["why"]
    needless = waived(echo)
    assert needless.status == 0
    assert needless.findings["notes"]["Waivers"] == [f"{echo}: holds now; remove the waiver of IT"]
    elsewhere = waived(echo, target="ward-*")
    assert elsewhere.status == 4
    assert "'ward-*' matches none of: embedded" in elsewhere.output

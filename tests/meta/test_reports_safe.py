"""Every report of real runs: no secret, no patient's value, and nothing that a hostile archive wrote is alive in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pacs_hardening.run.written import REPORTS
from tests.meta.gating import PROFILE, run_gate
from tests.meta.test_fail_closed import archive
from tests.unit.browsing import browser

NAME = "<script>window.owned=1</script> =1+1 ##vso[x] ](http://evil.example)"


def written(folder: Path) -> dict[str, str]:
    found = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    assert set(REPORTS) <= set(found)
    return found


def test_no_report_holds_a_secret_or_a_patient_value(tmp_path: Path) -> None:
    """An archive that hands everything to everybody: the suite sees patients, and repeats none of them."""
    report = tmp_path / "report"
    with archive(tmp_path, anonymous=["echo", "find", "get", "move", "store"], default_credentials=True) as target:
        files = [path for path in tmp_path.rglob("*") if path.is_file() and "pass" in path.name]
        secrets = {path.read_text().strip() for path in files}
        keys = {line for path in tmp_path.rglob("*.key") for line in path.read_text().splitlines()[1:3]}
        run = run_gate(report, "--target", str(target), "--allow", "writes", "--profile", PROFILE)
    assert run.status == 1, run.output
    assert len(secrets) >= 2
    for name, text in {**written(report), "output": run.output}.items():
        assert not {secret for secret in secrets | keys if secret in text}, name
        assert not re.search(r"TEST\^|SYNTHETIC(\^N|-)\d", text), f"{name} repeats a patient's name or number"
        assert "19000101" not in text, f"{name} repeats a birth date"


def test_a_hostile_archive_in_the_page(tmp_path: Path) -> None:
    report = tmp_path / "report"
    with archive(tmp_path, banner=True, anonymous=["find"]) as target:
        target.write_text(re.sub(r"(?m)^name = .*$", f"name = '{NAME}'", target.read_text()))
        run = run_gate(report, "--target", str(target), "-k", "anonymous_find or product_version or anonymous_ui")
    assert run.status == 1, run.output
    assert "##vso[" not in run.output
    for name, text in written(report).items():
        assert "##vso[" not in text, name
        if name != "findings.json":
            assert name.endswith((".sarif", ".csv", ".svg")) or "<script>window" not in text, name
    with browser(tmp_path / "profile") as chromium:
        chromium.open(report / "report.html")
        assert chromium.run("return window.owned === undefined")
        assert chromium.complaints() == []
        assert "<script>window.owned=1</script>" in chromium.run("return document.querySelector('.about').innerText")


@pytest.mark.parametrize("name", ["report.html", "results.sarif", "summary.md"])
def test_an_old_report_never_stands_for_a_run_that_did_not_happen(tmp_path: Path, name: str) -> None:
    report = tmp_path / "report"
    report.mkdir()
    (report / name).write_text("PASS of yesterday")
    assert run_gate(report, "--environment", "nowhere").status == 4
    assert not (report / name).exists()

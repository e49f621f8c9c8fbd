"""Several targets: one report, one exit status, and nothing that got lost counts as a pass."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from pacs_hardening.cli import gate
from pacs_hardening.cli import main as cli
from pacs_hardening.model import BadInput
from pacs_hardening.run import fleet
from tests.meta.test_fail_closed import archive

TARGET = 'name = "{name}"\ncalled_aet = "PACS"\nendpoints = ["dicom://127.0.0.1:{port}"]\n[nodes.all]\naet = "GATE"\n'


def targets(folder: Path, *names: str, port: int = 9) -> Path:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        (folder / f"{number}.toml").write_text(TARGET.format(name=name, port=port))
    return folder


def test_what_is_asked(tmp_path: Path) -> None:
    folder = targets(tmp_path / "f", "a", "b")
    listed = tmp_path / "list"
    listed.write_text("# ours\nf/0.toml\n\ndicom://h:104?called=A&calling=B\n")
    ask = fleet.asked(["--target", str(folder), f"--target=@{listed}", "--report", "r", "-k", "x", "--allow=active"])
    assert ask.targets == (
        str(folder / "0.toml"),
        str(folder / "1.toml"),
        str(folder / "0.toml"),
        "dicom://h:104?called=A&calling=B",
    )
    assert (ask.report, ask.others) == (Path("r"), ("-k", "x", "--allow=active"))


@pytest.mark.parametrize(
    ("arguments", "several"),
    [(["--target", "a"], False), (["--target=a", "--target", "b"], True), (["--target", "@x"], True), ([], False),
     (["--target", "."], True), (["--environment", "embedded"], False)],
)  # fmt: skip
def test_when_it_is_a_fleet(arguments: list[str], several: bool) -> None:
    assert gate._several(arguments) is several


def test_bad_input_is_found_before_anything_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", "--target", str(targets(tmp_path / "f", "same", "same"))]) == 4
    assert "two targets are named 'same'" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert cli.main(["gate", "--target", str(tmp_path / "empty")]) == 4
    assert "names no target; accepted: a folder with *.toml" in capsys.readouterr().err
    waivers = tmp_path / "w.toml"
    rows = 'control = "web.refuses-anonymous-ui"\ntarget = "lab-*"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    waivers.write_text(f"[[waiver]]\n{rows}")
    with pytest.raises(BadInput, match="'lab-\\*' matches none of: a, b"):
        fleet.run(
            fleet.asked(["--target", str(targets(tmp_path / "g", "a", "b")), "--waivers", str(waivers)]), gate.gate
        )


def test_an_open_archive_among_closed_ones_fails_all_and_one_report_says_which(tmp_path: Path) -> None:
    """Three at once: hardened, open to anybody's query, and a dead port."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with archive(tmp_path / "one") as closed, archive(tmp_path / "two", anonymous=["find"]) as opened:
        folder = targets(tmp_path / "fleet", "dead")
        for name, file in (("closed", closed), ("opened", opened)):
            for beside in file.parent.iterdir():
                if beside.is_file() and beside.suffix != ".toml":
                    shutil.copy(beside, folder / f"{name}-{beside.name}")
            text = file.read_text().replace('name = "embedded"', f'name = "{name}"')
            text = re.sub(r'"private/', f'"{file.parent}/private/', text)
            (folder / f"{name}.toml").write_text(re.sub(r'_file = "', f'_file = "{name}-', text))
        report = tmp_path / "report"
        status = cli.main(
            ["gate", "--target", str(folder), "--report", str(report), "-k", "anonymous_find or anonymous_echo"]
        )
    assert status == 1
    page = (report / "report.html").read_text()
    assert "Not every archive is closed" in page
    assert "1 of 3 archives fail, 1 inconclusive, 1 pass." in page
    verdicts = {
        name: json.loads((report / name / "findings.json").read_text())["verdict"]
        for name in ("closed", "opened", "dead")
    }
    assert verdicts == {"closed": "pass", "opened": "fail", "dead": "inconclusive"}
    assert len(json.loads((report / "results.sarif").read_text())["runs"]) == 3
    assert (report / "junit.xml").read_text().count("<testsuite ") == 3


def test_a_run_that_gets_lost_is_no_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = targets(tmp_path / "f", "a", "b")
    ask = fleet.asked(["--target", str(folder), "--report", str(tmp_path / "r"), "--no-such-option"])
    assert fleet.run(ask, gate.gate) == 10
    assert "INCONCLUSIVE  a" in capsys.readouterr().out
    assert "exit status 4" in (tmp_path / "r" / "report.html").read_text()


def killed(arguments: list[str]) -> int:
    """A gate that dies where it is asked of ``0.toml``, and says of any other that it passed, without a report."""
    if any(argument.endswith("0.toml") for argument in arguments):
        os.kill(os.getpid(), signal.SIGKILL)
    print("PASS")
    return 0


def test_a_process_that_is_killed_spoils_no_other_and_nothing_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = targets(tmp_path / "f", "a", "b")
    assert fleet.run(fleet.asked(["--target", str(folder), "--report", str(tmp_path / "r")]), killed) == 10
    said = capsys.readouterr().out
    assert re.search(r"INCONCLUSIVE +a +the gate ended with exit status -9", said)
    assert re.search(r"INCONCLUSIVE +b +the gate ended with exit status 0: PASS", said)

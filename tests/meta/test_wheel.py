"""What is installed is the whole suite: built as a wheel, and through the sdist, run in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def build(source: Path, folder: Path, kind: str) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Surroundings in which the wheel comes before this checkout, whose dependencies serve."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)  # noqa: S202 - our own
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    return {**kept, "PYTHONPATH": str(site)}


def run(installed: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=installed,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_nothing_of_the_checkout_is_used(installed: dict[str, str], tmp_path: Path) -> None:
    ask = "import pacs_hardening.catalogue as c, pacs_hardening.launch.environment as e; print(c.suite(), e.root())"
    for place in run(installed, tmp_path, "-c", ask).stdout.split():
        assert place.startswith(installed["PYTHONPATH"])


def test_the_gate_of_the_wheel_judges_and_reports(installed: dict[str, str], tmp_path: Path) -> None:
    gate = ["-m", "pacs_hardening", "gate", "--environment", "embedded", "--report", "report"]
    done = run(installed, tmp_path, *gate)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"report"}, "nothing else is written"
    report = json.loads((tmp_path / "report" / "findings.json").read_text())
    assert len({finding["control"] for finding in report["findings"]}) > 50
    assert "<style>" in (tmp_path / "report" / "report.html").read_text()
    weak = run(installed, tmp_path, *gate[:5], "--weakness", "anonymous-find", "-k", "anonymous_find")
    assert weak.returncode == 1, weak.stdout + weak.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["target", "new"], 'called_aet = "PACS"'),
        (["target", "new", "--schema"], "urn:pacs-hardening:target:1"),
        (["catalogue"], "`transport.refuses-plaintext-dimse`"),
        (["gate", "--help"], "--baseline"),
    ],
)
def test_every_command_finds_its_data(
    installed: dict[str, str], tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = run(installed, tmp_path, "-m", "pacs_hardening", *arguments)
    assert done.returncode == 0, done.stderr
    assert words in done.stdout


def test_a_wheel_built_from_the_sdist_is_the_same(wheel: Path, tmp_path: Path) -> None:
    sdist = build(ROOT, tmp_path / "sdist", "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    again = build(source, tmp_path / "again", "wheel")
    listed = [sorted(zipfile.ZipFile(each).namelist()) for each in (wheel, again)]
    assert listed[0] == listed[1]
    assert not [name for name in listed[0] if "__pycache__" in name]

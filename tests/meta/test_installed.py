"""What is installed is the whole suite: every command, from a wheel, in an environment and a folder of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.meta.gating import PROFILE
from tests.meta.installing import PYTHONS, ROOT, Installed, demand, install

PASSING = ROOT / "fixtures" / "data" / "corpus" / "orthanc-blank-calling.case"
# Options by the names that other plugins have, such as pytest-profiling's; any that ours took as well would be fatal.
NEIGHBOUR = """
def pytest_addoption(parser):
    for name in ("profile", "target", "config", "environment", "report", "baseline", "allow", "image", "controls"):
        parser.addoption(f"--{name}", dest=name)
"""
VENDOR = '''
import pytest
from pacs_hardening.model import Impact, Severity, control

def test_our_archive_answers(target, authorised):
    assert target.endpoints
    authorised.echo()

@control(Severity.HIGH, Impact.PASSIVE, exposure="Our licence server can be asked by anyone.")
def test_refuses_our_licence_request(target, authorised):
    """Our archive MUST refuse strangers its licence. GET -> 401."""
    authorised.echo()
'''


def build(source: Path, folder: Path, kind: str) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module", params=PYTHONS)
def every(request: pytest.FixtureRequest, wheel: Path) -> Installed:
    return install(demand(request.param), wheel)


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Installed:
    """With the Python that runs these tests."""
    return install(demand(f"python{sys.version_info[0]}.{sys.version_info[1]}"), wheel)


@pytest.fixture
def neighbour(installed: Installed) -> Iterator[None]:
    """Another plugin beside ours, which nobody asked for either."""
    site = installed.package.parent
    about = site / "pytest_neighbour-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-neighbour\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[pytest11]\nneighbour = pytest_neighbour\n")
    (site / "pytest_neighbour.py").write_text(NEIGHBOUR)
    yield
    shutil.rmtree(about)
    (site / "pytest_neighbour.py").unlink()


def test_every_command_works_where_it_is_installed(every: Installed, tmp_path: Path) -> None:
    (tmp_path / "orthanc.json").write_text('{"RemoteAccessAllowed": true, "AuthenticationEnabled": false}')
    ours = str(tmp_path / "ours.toml")
    for arguments, status, words in (
        (["--version"], 0, "findings.json 2"),
        (["--help"], 0, "replay"),
        (["catalogue"], 0, "`transport.refuses-plaintext-dimse`"),
        (["versions"], 0, "Orthanc"),
        (["lint", "orthanc.json"], 1, "AuthenticationEnabled"),
        (["lint", "nowhere"], 4, "nowhere"),
        (["target", "new"], 0, 'called_aet = "PACS"'),
        (["target", "new", "--schema"], 0, "urn:pacs-hardening:target:1"),
        (["target", "new", ours], 0, "is written"),
        (["target", "check", "dicom://127.0.0.1:1?called=A&calling=B"], 10, "127.0.0.1"),
        (["replay", str(PASSING), "--environment", "embedded"], 0, "PASS"),
        (["up", "--help"], 0, "--weakness"),
        (["gate", "--help"], 0, "--baseline"),
        (["gate", "--environment", "embedded", "-k", "anonymous_echo"], 0, "PASS"),
        (["gate", "--environment", "embedded", "--weakness", "anonymous-echo", "-k", "anonymous_echo"], 1, "FAIL"),
    ):
        done = every.command(tmp_path, *arguments)
        assert done.returncode == status, f"{arguments}: {done.stdout}{done.stderr}"
        assert words in done.stdout + done.stderr, arguments
        assert "Traceback" not in done.stderr, arguments
    assert {path.name for path in tmp_path.iterdir()} == {"orthanc.json", "ours.toml"}, "nothing else is written"


def test_nothing_of_the_checkout_is_used(installed: Installed, tmp_path: Path) -> None:
    ask = "import pacs_hardening.run.catalogue as c, pacs_hardening.launch.environment as e; print(c.suite(), e.root())"
    for place in installed.run(tmp_path, "-c", ask).stdout.split():
        assert Path(place).is_relative_to(installed.package)


def test_the_whole_gate_judges_and_reports(installed: Installed, tmp_path: Path) -> None:
    asking = ("gate", "--environment", "embedded", "--profile", PROFILE, "--report", "report")
    done = installed.command(tmp_path, *asking)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"report"}, "nothing else is written"
    report = json.loads((tmp_path / "report" / "findings.json").read_text())
    assert len({finding["control"] for finding in report["findings"]}) > 50
    assert report["left_out"] == []
    assert "<style>" in (tmp_path / "report" / "report.html").read_text()


@pytest.mark.usefixtures("neighbour")
def test_a_run_that_never_asked_for_the_plugin_never_sees_it(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_theirs(): pass\n")
    done = installed.run(tmp_path, "-X", "importtime", "-m", "pytest", "-p", "no:cacheprovider", "--profile=x")
    assert done.returncode == 0, done.stdout
    assert "pacs_hardening" not in done.stderr + done.stdout


@pytest.mark.usefixtures("neighbour")
def test_loaded_without_anything_to_judge_it_is_light(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_theirs(): pass\n\ndef test_ours(target): pass\n")
    loaded = ("-X", "importtime", "-m", "pytest", "-p", "pacs_hardening.plugin", "-p", "no:cacheprovider")
    done = installed.run(tmp_path, *loaded)
    assert done.returncode == 1, "what needs an archive says so"
    assert "the fixture `target` needs something to judge: --pacs-environment NAME or --pacs-target" in done.stdout
    assert "1 passed, 1 error" in done.stdout
    heavy = {"pynetdicom", "pydicom", "cryptography", "docker", "sslyze", "testinfra", "jsonschema"}
    assert not heavy & set(re.findall(r"\| +([\w]+)$", done.stderr, re.M))


@pytest.mark.usefixtures("neighbour")
def test_a_project_of_a_vendors_own(installed: Installed, tmp_path: Path) -> None:
    """An ordinary test with our fixtures, and a control, beside another plugin that has options of the same names."""
    (tmp_path / "test_licence.py").write_text(VENDOR)
    asking = ("-m", "pytest", "-p", "pacs_hardening.plugin", "-p", "no:cacheprovider", "--pacs-environment", "embedded")
    done = installed.run(tmp_path, *asking, "--profile=x", "--pacs-report", "report")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
    assert " ".join(done.stdout.rpartition("\n\n")[2].split()).startswith("PASS What was asked holds; ")
    report = json.loads((tmp_path / "report" / "findings.json").read_text())
    assert [finding["control"] for finding in report["findings"]] == ["licence.refuses-our-licence-request"]
    only_tests = installed.run(tmp_path, *asking, "-k", "answers")
    assert only_tests.returncode == 10, "its control was left out"
    (tmp_path / "test_licence.py").write_text(VENDOR.replace("assert target.endpoints", "assert not target.endpoints"))
    assert installed.run(tmp_path, *asking).returncode == 1, "a test that fails is not covered by a verdict"


@pytest.mark.usefixtures("neighbour")
def test_controls_of_a_vendors_own_beside_those_of_the_suite(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "test_licence.py").write_text(VENDOR)
    asking = ("gate", "--environment", "embedded", "--controls", "ours", "--report", "report")
    done = installed.command(tmp_path, *asking, "-k", "licence or anonymous_echo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 controls hold" in " ".join(done.stdout.split())
    for name in ("findings.json", "report.html", "junit.xml", "results.sarif", "findings.csv"):
        assert "licence.refuses-our-licence-request" in (tmp_path / "report" / name).read_text(), name


def test_a_pipeline_keeps_its_set_of_controls(installed: Installed, tmp_path: Path) -> None:
    """Two controls that version 1 does not have yet, one of them known open, are not asked, and are named."""
    file = installed.package / "contract" / "controls-versions.toml"
    before, newer = file.read_text(), ["authorisation.refuses-anonymous-echo", "web.refuses-anonymous-metrics"]
    file.write_text("".join(line for line in before.splitlines(keepends=True) if not any(n in line for n in newer)))
    asking = ("gate", "--environment", "embedded", "--weakness", "anonymous-echo", "-k", "anonymous")
    try:
        assert installed.command(tmp_path, *asking).returncode == 1
        done = installed.command(tmp_path, *asking, "--controls-version", "1")
        version = installed.command(tmp_path, "--version").stdout
        (tmp_path / "ours.toml").write_text('extends = "baseline"\ncontrols_version = 1\n')
        by_profile = installed.command(tmp_path, *asking, "--profile", "ours.toml")
    finally:
        file.write_text(before)
    assert "controls 2," in version
    for run in (done, by_profile):
        assert run.returncode == 0, run.stdout + run.stderr
        assert "Newer than version 1 of the controls, and not asked" in run.stdout
        assert all(f"- {name}" in run.stdout for name in newer)
        assert "controls were not asked" in " ".join(run.stdout.rpartition("\n\n")[2].split())


def test_a_wheel_built_from_the_sdist_is_the_same(wheel: Path, tmp_path: Path) -> None:
    sdist = build(ROOT, tmp_path / "sdist", "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    again = build(source, tmp_path / "again", "wheel")
    listed = [sorted(zipfile.ZipFile(each).namelist()) for each in (wheel, again)]
    assert listed[0] == listed[1]
    assert not [name for name in listed[0] if "__pycache__" in name]

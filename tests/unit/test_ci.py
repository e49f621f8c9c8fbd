"""The other scripts of ci/, with stand-ins for what they start, and the locks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def stand_in(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout whose set-up and engine say that they ran, and whose tools say what they were asked."""
    stand_in(tmp_path / "ci" / "setup", "")
    stand_in(tmp_path / "ci" / "engine", 'echo engine; exit "${ENGINE:-0}"')
    stand_in(tmp_path / ".venv" / "bin" / "pacs-hardening", 'echo "$@"; exit 10')
    for tool in ("ruff", "mypy"):
        stand_in(tmp_path / ".venv" / "bin" / tool, f"echo {tool}")
    for script in ("gate", "test", "env"):
        shutil.copy(ROOT / "ci" / script, tmp_path / "ci")
    return tmp_path


def run(command: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments], env=os.environ | environment, cwd="/", capture_output=True, text=True, timeout=60
    )


# --- ci/gate


@pytest.mark.parametrize(
    ("arguments", "engine", "said"),
    [
        ([], "0", ["engine", "gate --environment orthanc"]),
        (["--allow", "active"], "0", ["engine", "gate --environment orthanc --allow active"]),
        ([], "3", ["engine", "gate --environment embedded"]),
        (["--environment", "orthanc"], "3", ["engine", "gate --environment orthanc"]),
        (["--environment=dcmtk"], "0", ["engine", "gate --environment=dcmtk"]),
        (["--environment", "embedded"], "3", ["gate --environment embedded"]),
        (["--target", "dicom://h:104"], "3", ["gate --target dicom://h:104"]),
        (["--target=a b.toml"], "3", ["gate --target=a b.toml"]),
        (["--help"], "3", ["gate --help"]),
    ],
)
def test_gate_makes_what_is_needed_and_hands_over(
    tree: Path, arguments: list[str], engine: str, said: list[str]
) -> None:
    result = run(tree / "ci" / "gate", *arguments, ENGINE=engine)
    assert result.stdout.splitlines() == said
    assert result.returncode == 10


def test_gate_says_what_it_gates_instead(tree: Path) -> None:
    result = run(tree / "ci" / "gate", ENGINE="3")
    assert "gates the embedded archive and says nothing about Orthanc" in result.stderr


# --- ci/test


PYTEST = '[ "$2" = pytest ] || exec python3 "$@"\necho "engine required: $PACS_REQUIRE_ENGINE"\n'


def fake_pytest(tree: Path, tests: int, skipped: int, status: int) -> None:
    report = f'<testsuites><testsuite tests="{tests}" skipped="{skipped}"/></testsuites>'
    body = f"{PYTEST}echo '{report}' > \"${{3#--junitxml=}}\"; echo 'closing line'; exit {status}"
    stand_in(tree / ".venv" / "bin" / "python", body)


def test_test_runs_linters_first_and_ends_with_the_closing_line(tree: Path) -> None:
    fake_pytest(tree, 3, 1, 0)
    result = run(tree / "ci" / "test", PACS_REQUIRE_ENGINE="")
    tested = ["engine required: 1", "closing line"]
    assert result.stdout.splitlines() == ["engine", "ruff", "ruff", "mypy", *tested * 3]
    assert result.returncode == 0
    chosen = run(tree / "ci" / "test", "-k", "one", PACS_REQUIRE_ENGINE="")
    assert chosen.stdout.splitlines() == ["engine", "ruff", "ruff", "mypy", *tested], "what is chosen is chosen once"


@pytest.mark.parametrize("failing", ["tests/unit", "tests/meta", "tests/meta/test_kill_matrix.py"])
def test_what_fails_in_one_part_is_not_covered_by_the_others(tree: Path, failing: str) -> None:
    report = '<testsuites><testsuite tests="3" skipped="0"/></testsuites>'
    body = f'{PYTEST}echo \'{report}\' > "${{3#--junitxml=}}"; [ "${{*: -1}}" != {failing} ]'
    stand_in(tree / ".venv" / "bin" / "python", body)
    assert run(tree / "ci" / "test").returncode == 1


@pytest.mark.parametrize(("tests", "skipped", "status", "exits"), [(3, 3, 0, 1), (0, 0, 5, 5), (3, 0, 1, 1)])
def test_test_fails_where_a_test_failed_or_none_ran(
    tree: Path, tests: int, skipped: int, status: int, exits: int
) -> None:
    fake_pytest(tree, tests, skipped, status)
    assert run(tree / "ci" / "test").returncode == exits


def test_test_requires_an_engine_on_ci(tree: Path) -> None:
    fake_pytest(tree, 1, 0, 0)
    result = run(tree / "ci" / "test", ENGINE="3", CI="true", PACS_REQUIRE_ENGINE="")
    assert "engine required: 1" in result.stdout
    assert "no container engine, where one is expected" in result.stderr


def test_test_stops_at_a_linter(tree: Path) -> None:
    fake_pytest(tree, 1, 0, 0)
    stand_in(tree / ".venv" / "bin" / "ruff", "exit 1")
    result = run(tree / "ci" / "test")
    assert (result.returncode, "closing line" in result.stdout) == (1, False)


# --- ci/setup


def test_setup_says_that_there_is_no_python(tmp_path: Path) -> None:
    (tmp_path / "ci").mkdir()
    shutil.copy(ROOT / "ci" / "setup", tmp_path / "ci")
    for name in ("pyproject.toml", "requirements-dev.lock", "requirements-build.lock"):
        (tmp_path / name).touch()
    for name in ("bash", "cat", "cksum", "dirname", "env", "flock", "rm"):
        found = shutil.which(name)
        assert found
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).symlink_to(found)
    stand_in(tmp_path / "bin" / "python3", "exit 1")  # too old
    result = run(tmp_path / "ci" / "setup", PATH=str(tmp_path / "bin"), PYTHON="")
    assert result.returncode == 1
    assert result.stderr == ("ci/setup: no Python 3.11 or newer found (looked for python3, python3.11 to python3.14)\n")
    assert not (tmp_path / ".venv").exists()


# --- the locks

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_locks_pin_every_dependency_with_hashes_and_name_no_host() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    installed = project["project"]["dependencies"]
    ours = [*installed, *project["dependency-groups"]["dev"], *project["build-system"]["requires"]]
    for lock, wanted in (("requirements.lock", installed), ("requirements-dev.lock", ours)):
        names = {re.split(r"[^a-z0-9-]", want.lower())[0] for want in wanted}
        assert names <= pins(lock).keys(), "run ci/lock"
    for lock in LOCKS:
        text = (ROOT / lock).read_text()
        assert "://" not in text
        assert "index-url" not in text
        for entry in re.split(r"\n(?=[a-z])", text)[1:]:
            assert "--hash=sha256:" in entry


def test_what_builds_and_what_is_installed_is_part_of_what_is_tested() -> None:
    for lock in LOCKS:
        assert pins(lock).items() <= pins("requirements-dev.lock").items()

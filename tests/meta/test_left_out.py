"""In whatever way controls are left out of a run, the run knows which, and its verdict says how many."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pacs_hardening.model.naming import control_id
from pacs_hardening.run.catalogue import keyed
from tests.meta.gating import GateRun

Run = Callable[..., GateRun]
CONTROLS = Path(__file__).parents[1] / "controls"
ASSOCIATION, CASE = CONTROLS / "test_association.py", "association.refuses-malformed-ae-titles"
SILENTLY = """
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "anonymous_metrics" in item.name]
"""
OWN = '''
from pacs_hardening.model import Impact, Severity, control

@control(Severity.LOW, Impact.PASSIVE, exposure="x.", references=("x",))
def test_{name}(target, authorised):
    """The archive MUST do so. a -> b."""
    authorised.echo()
    assert {holds}
'''


@pytest.fixture(scope="module")
def whole() -> set[str]:
    return set(keyed())


def test_what_the_suite_has_is_what_pytest_finds(whole: set[str]) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", str(CONTROLS)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    found = set()
    for area, name, case in re.findall(r"test_(\w+)\.py::test_(\w+)(.*)", listed):
        found.add(f"{area.replace('_', '-')}.{name.replace('_', '-')}{case}")
    assert found == whole


def demand_all_accounted_for(run: GateRun, whole: set[str]) -> None:
    left_out, asked = set(run.findings["left_out"]), set(run.statuses)
    assert asked.isdisjoint(left_out)
    assert asked | left_out == whole
    assert asked, run.output
    controls = len({control_id(key) for key in left_out} - {control_id(key) for key in asked})
    last = " ".join(run.output.rpartition("\n\n")[2].split())
    assert re.search(rf"\b{controls} controls (and \d+ cases? )?were not asked", last), last
    assert "Every stranger" not in last


@pytest.mark.parametrize(
    "options",
    [
        ["-k", "anonymous_metrics"],
        [str(ASSOCIATION)],
        ["-o", "python_files=test_association.py"],
        ["--ignore-glob=*test_[b-z]*.py"],
        ["-m", "parametrize", "-k", "association"],
        ["-o", "python_functions=test_refuses_malformed_*", str(ASSOCIATION)],
    ],
    ids=["-k", "file", "python_files", "ignore", "-m", "python_functions"],
)
def test_controls_left_out_by_an_option(gate_run: Run, whole: set[str], options: list[str]) -> None:
    run = gate_run("--environment", "embedded", *options)
    assert run.status == 0, run.output
    demand_all_accounted_for(run, whole)


def test_a_case_left_out(gate_run: Run, whole: set[str]) -> None:
    """And a profile that requires the control is not served with its other cases."""
    case = next(key for key in sorted(whole) if control_id(key) == CASE)
    node = f"tests/controls/test_association.py::test_{CASE.partition('.')[2].replace('-', '_')}"
    without = ("--deselect", f"{node}[{case.partition('[')[2]}")
    asking = ("--environment", "embedded", str(ASSOCIATION), *without)
    run = gate_run(*asking)
    demand_all_accounted_for(run, whole)
    assert {case for case in run.findings["left_out"] if control_id(case) == CASE} == {case}
    assert "and 1 case were not asked" in " ".join(run.output.split())


def test_a_required_control_counts_in_every_case(gate_run: Run, tmp_path: Path) -> None:
    profile = tmp_path / "ours.toml"
    profile.write_text(f'extends = "baseline"\nrequired = ["{CASE}"]\n')
    asking = ("--environment", "embedded", str(ASSOCIATION), "--profile", str(profile))
    assert gate_run(*asking).status == 0
    run = gate_run(*asking, "-k", "not malformed or empty")
    assert run.status == 10, run.output
    assert f"required but not measured: {CASE}" in " ".join(run.output.split())


def test_controls_left_out_by_a_conftest_of_the_users(gate_run: Run, whole: set[str], tmp_path: Path) -> None:
    """Which tells nobody what it takes away; beside it stands a control of the user's own."""
    (tmp_path / "conftest.py").write_text(SILENTLY)
    (tmp_path / "test_ours.py").write_text(OWN.format(name="refuses_nothing", holds=True))
    run = gate_run("--environment", "embedded", "--controls", str(tmp_path), "-k", "anonymous or ours")
    assert run.status == 0, run.output
    demand_all_accounted_for(run, {*whole, "ours.refuses-nothing"})
    assert "ours.refuses-nothing" in run.findings["left_out"]


@pytest.mark.parametrize(("holds", "status"), [(True, 0), (False, 10)])
def test_controls_of_ones_own_are_asked_beside_those_of_the_suite(
    gate_run: Run, whole: set[str], tmp_path: Path, holds: bool, status: int
) -> None:
    (tmp_path / "test_ours.py").write_text(OWN.format(name="refuses_something", holds=holds))
    run = gate_run("--environment", "embedded", "--controls", str(tmp_path), "-k", "ours or anonymous_metrics")
    assert run.status == status, run.output
    demand_all_accounted_for(run, {*whole, "ours.refuses-something"}) if holds else None
    assert run.statuses["ours.refuses-something"] == ("PASS" if holds else "ERROR")
    assert ("2 of 2 controls hold" in " ".join(run.output.split())) == holds


def test_an_id_that_the_suite_has_already_is_refused(gate_run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_association.py").write_text(OWN.format(name="refuses_malformed_ae_titles", holds=True))
    run = gate_run("--environment", "embedded", "--controls", str(tmp_path))
    assert run.status == 4, run.output
    assert "is the id of a control of" in run.output

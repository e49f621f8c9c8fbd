"""The suite judged by itself: what is hardened passes, and every weakness is caught by the control that names it."""

from __future__ import annotations

import fnmatch
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.catalogue import controls, refutations
from pacs_hardening.launch.environment import Environment, discover
from tests.meta.gating import GateRun, area, asked, cases, control_id, engine_required, is_whole

Matrix = Callable[[str, str], GateRun]


@pytest.mark.parametrize(("environment", "weakness"), cases())
def test_matrix(environment: str, weakness: str, matrix: Matrix, request: pytest.FixtureRequest) -> None:
    """Given an environment, hardened or weakened by one defect; when a user gates it; then the hardened one passes,
    the weakened one fails by the controls that name the defect, and every status is as was reviewed."""
    engine_required(environment)
    loaded, run = Environment.load(environment), matrix(environment, weakness)
    failed = {control_id(key) for key, status in run.statuses.items() if status == "FAIL"}
    errors = [key for key, status in run.statuses.items() if status == "ERROR"]
    assert not errors, f"could not be measured: {errors}\n{run.output}"
    if weakness:
        assert run.status == 1, run.output
        refutes = set(loaded.weaknesses[weakness].refutes)
        assert refutes, "a weakness names what it refutes"
        assert refutes <= failed, f"survived: {refutes - failed}\n{run.output}"
    else:
        assert run.status == 0, run.output
        assert not failed
    names = asked(environment, weakness, whole=is_whole(request.config))
    _compare(loaded.folder / "expected", weakness, names, run, request.config.getoption("accept"))


def _compare(folder: Path, weakness: str, names: set[str], run: GateRun, accept: bool) -> None:
    """``hardened.json`` holds every status; a weakness's file only those in which it differs, so that a new control
    touches one file and what a weakness breaks can be read at a glance."""
    hardened = {} if not weakness else json.loads((folder / "hardened.json").read_text())
    file = folder / f"{weakness or 'hardened'}.json"
    if accept:
        folder.mkdir(exist_ok=True)
        differs = {key: status for key, status in sorted(run.statuses.items()) if hardened.get(key) != status}
        file.write_text(json.dumps(differs, indent=1) + "\n")
    expected = hardened | (json.loads(file.read_text()) if file.exists() else {})
    compared = run.statuses.keys() | {key for key in expected if {area(key), control_id(key)} & names}
    changed = {
        key: f"expected {expected.get(key, 'nothing')}, now {run.statuses.get(key, 'nothing')}"
        for key in sorted(compared)
        if expected.get(key) != run.statuses.get(key)
    }
    assert not changed, f"{file.name} differs (review, then --accept):\n" + "\n".join(
        f"{k}: {v}" for k, v in changed.items()
    )


def unrefuted(environment: str) -> dict[str, str]:
    """Controls that this environment cannot be made to fail, each with the reason: by name, or by a pattern for many
    that have one reason."""
    file = discover()[environment] / "unrefuted.toml"
    excepted: dict[str, Any] = tomllib.loads(file.read_text()) if file.exists() else {}
    for group in excepted.pop("group", []):
        for pattern in group["controls"]:
            found = fnmatch.filter((control.id for control in controls()), pattern)
            assert found, f"{file}: {pattern} is the name of no control"
            excepted |= dict.fromkeys(found, group["reason"])
    return excepted


@pytest.mark.parametrize("environment", discover())
def test_every_control_is_refuted_or_excepted(environment: str) -> None:
    """No weakness, no control: what cannot be made to fail on this archive stands in one list, with its reason."""
    killed = {control for control, where in refutations().items() if environment in where}
    excepted = unrefuted(environment)
    known = {control.id for control in controls()}
    assert killed | excepted.keys() == known, (
        f"neither refuted nor excepted: {sorted(known - killed - excepted.keys())}; "
        f"unknown: {sorted((killed | excepted.keys()) - known)}"
    )
    assert not killed & excepted.keys(), "excepted and yet refuted"
    assert all(reason.strip() for reason in excepted.values())


def test_every_control_is_refuted_and_measured_somewhere() -> None:
    """Read from the reviewed results: each control FAILs in some environment and PASSes in some."""
    results = [json.loads(f.read_text()) for folder in discover().values() for f in folder.glob("expected/*.json")]
    seen = {(control_id(key), status) for result in results for key, status in result.items()}
    for control in controls():
        assert (control.id, "FAIL") in seen, f"{control.id} never fails"
        assert (control.id, "PASS") in seen, f"{control.id} never passes"


@pytest.mark.parametrize("environment", discover())
def test_expected_has_no_leftovers(environment: str, request: pytest.FixtureRequest) -> None:
    """Every file in ``expected`` belongs to a weakness that still exists."""
    files = {file.stem: file for file in discover()[environment].glob("expected/*.json")}
    known = {"hardened", *Environment.load(environment).weaknesses}
    if request.config.getoption("accept"):
        for name in files.keys() - known:
            files.pop(name).unlink()
    assert files.keys() == known

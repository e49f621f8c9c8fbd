"""Older generations and what packages ship: really run, compared with what was reviewed, and written into the docs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pacs_hardening.launch.definition.results import FILE, Results, read, spread
from pacs_hardening.launch.environment import Environment, discover
from pacs_hardening.model import Status, waiver
from pacs_hardening.report.versions import render
from pacs_hardening.run.catalogue import cases, controls
from pacs_hardening.run.versions import column, variants, versions
from tests.meta import accepting
from tests.meta.gating import GateRun, engine_required

ROOT = Path(__file__).parents[2]
# The research side is of the current generation always, and hostile peers would take minutes on what is shipped.
OTHER_SIDES = ("-k", "not test_redaction and not test_robustness")
OTHERS = {each.label: each for each in variants() if each.variant.label}


@pytest.fixture(scope="session")
def base_images() -> None:
    """Those of older generations are made when somebody asks for them."""
    wanted = sorted({each.variant.generation for each in OTHERS.values() if each.variant.generation})
    subprocess.run([ROOT / "ci" / "engine", *wanted], check=True, timeout=900)


@pytest.mark.parametrize("label", OTHERS)
def test_version(label: str, gate_run: Callable[..., GateRun], request: pytest.FixtureRequest) -> None:
    """Given an older generation, or an archive as it is shipped; when it is gated; then the hardened one passes with
    what it cannot express waived, the shipped one fails, and every control ends as was reviewed."""
    if os.environ.get("PACS_VERSIONS") != "1":
        pytest.skip("NOT RUN: twelve versions take a quarter of an hour; PACS_VERSIONS=1 asks for them")
    environment = OTHERS[label]
    engine_required(environment.name)
    request.getfixturevalue("base_images")
    generation = ("--generation", environment.variant.generation) if environment.variant.generation else ()
    shipped = ("--as-shipped",) if environment.variant.as_shipped else ()
    run = gate_run("--environment", environment.name, *generation, *shipped, *OTHER_SIDES, limit=600)
    assert run.status == (1 if environment.variant.as_shipped else 0), run.output
    name = column(environment)
    if request.config.getoption("accept"):
        accepting.change(environment.folder, lambda results: _with(results, name, run))
    expected = _spread(read(environment.folder).versions.get(name, {}))
    assert run.statuses == expected, (
        f"{environment.folder / FILE} ({name}) differs: ci/accept, and review what it changes"
    )


def _spread(column: Mapping[str, Status]) -> dict[str, Status]:
    """Each control with its case -> status."""
    return {key: st for control, status in column.items() for key, st in spread({status: (control,)}, cases()).items()}


def _with(results: Results, name: str, run: GateRun) -> Results:
    """The columns in the order of ``variants``; the others as they are."""
    known = {each: _spread(column) for each, column in results.versions.items()}
    known[name] = {key: Status(status) for key, status in run.statuses.items()}
    ordered = [column(each) for each in OTHERS.values()]
    return replace(results, versions={each: known[each] for each in ordered if each in known})


def test_the_committed_table_is_the_generated_one() -> None:
    """`pacs-hardening versions > docs/versions.md` rewrites it."""
    assert (ROOT / "docs" / "versions.md").read_text() == render(controls(), versions())


@pytest.mark.parametrize("name", discover())
def test_waivers_of_an_environment_name_controls_and_are_not_expired(name: str) -> None:
    known, today = [control.id for control in controls()], date.today()
    current = Environment.load(name)
    for each in (current, *(Environment.load(name, None, generation) for generation in current.generations)):
        for file, data in each.variant.waivers.items():
            if data["waiver"]:
                waiver.check(data, file, known=known, today=today)

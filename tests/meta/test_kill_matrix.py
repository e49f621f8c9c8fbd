"""The suite judged by itself: what is hardened passes, and every weakness is caught by the control that names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pacs_hardening.launch.definition import mistakes
from pacs_hardening.launch.definition.results import FILE, Results, read
from pacs_hardening.launch.environment import Environment, discover, root
from pacs_hardening.model.naming import control_id, covers
from pacs_hardening.run.catalogue import cases, controls, refutations
from tests.meta import accepting
from tests.meta.gating import GateRun, area, asked, engine_required, is_whole, only, pairs

Matrix = Callable[[str, str], GateRun]


@pytest.mark.parametrize(("environment", "weakness"), pairs())
def test_matrix(environment: str, weakness: str, matrix: Matrix, request: pytest.FixtureRequest) -> None:
    """Given an environment, hardened or weakened by one defect; when a user gates it; then the hardened one passes,
    the weakened one fails by the controls that name the defect, and every status is as was reviewed."""
    engine_required(environment)
    loaded, run = Environment.load(environment), matrix(environment, weakness)
    failed = {control_id(key) for key, status in run.statuses.items() if status == "FAIL"}
    errors = [key for key, status in run.statuses.items() if status == "ERROR"]
    assert not errors, f"could not be measured: {errors}\n{run.output}"
    names = asked(environment, weakness, request.config)
    everything = names != only(request.config)
    if weakness and everything:
        assert run.status == 1, run.output
        refutes = set(loaded.weaknesses[weakness].refutes)
        assert refutes <= failed, f"survived: {refutes - failed}\n{run.output}"
    if not weakness:
        assert run.status == 0 or not everything, run.output
        assert not failed
    if request.config.getoption("accept"):
        _accept(loaded, weakness, run, everything and (not weakness or is_whole(request.config)))
    expected = _expected(loaded, read(loaded.folder), weakness)
    compared = run.statuses.keys() | {key for key in expected if {area(key), control_id(key)} & names}
    changed = [
        f"{key}: expected {expected.get(key, 'nothing')}, now {run.statuses.get(key, 'nothing')}"
        for key in sorted(compared)
        if expected.get(key) != run.statuses.get(key)
    ]
    where = f"{loaded.folder / FILE} ({weakness or 'hardened'})"
    assert not changed, f"{where} differs; ci/accept, and review what it changes:\n" + "\n".join(changed)


def _expected(environment: Environment, results: Results, weakness: str) -> dict[str, str]:
    if not weakness:
        return {**results.of_hardened(cases())}
    return {**results.of_weakened(weakness, environment.weaknesses[weakness].breaks, cases())}


def _accept(environment: Environment, weakness: str, run: GateRun, everything: bool) -> None:
    """A weakness that changes nothing beside what it refutes stands there too: it was looked at."""

    def changed(results: Results) -> Results:
        bare = replace(results, weaknesses={}) if weakness else replace(results, hardened={})
        known = {} if everything else _expected(environment, results, weakness)
        groups = accepting.grouped(known | run.statuses, _expected(environment, bare, weakness), cases())
        if weakness:
            return replace(results, weaknesses={**results.weaknesses, weakness: groups})
        return replace(results, hardened=groups)

    accepting.change(environment.folder, changed)


@pytest.mark.parametrize("environment", discover())
def test_every_control_is_refuted_or_exempt(environment: str) -> None:
    """No weakness, no control: what cannot be made to fail on this archive stands in one list, with its reason."""
    results = read(discover()[environment])
    killed = {control for control, by in refutations().items() if any(environment in where for where in by.values())}
    known = {control.id for control in controls()}
    exempt = {control for control in known if results.reason(control)}
    assert killed | exempt == known, (
        f"neither refuted nor exempt: {sorted(known - killed - exempt)}; unknown: {sorted(killed - known)}"
    )
    assert not killed & exempt, "exempt and yet refuted"
    loaded, vocabulary = Environment.load(environment), mistakes.read(root())
    for weakness in results.weaknesses:  # a mistake's list leaves out what is exempt here: what happens must agree
        statuses = _expected(loaded, results, weakness)
        failed = {control_id(key) for key, status in statuses.items() if status == "FAIL"}
        assert not exempt & failed & {*map(control_id, vocabulary[weakness].refutes)}, weakness


@pytest.mark.parametrize("environment", discover())
def test_every_mistake_is_in_the_vocabulary(environment: str) -> None:
    """An environment of the suite gives the patch and the words for its administrator, and no mistake of its own."""
    assert Environment.load(environment).weaknesses.keys() <= mistakes.read(root()).keys()


def test_every_mistake_is_made_somewhere_and_has_names_of_its_own() -> None:
    vocabulary = mistakes.read(root())
    made = {name for environment in map(Environment.load, discover()) for name in environment.weaknesses}
    assert vocabulary.keys() == made
    names = [*vocabulary, *(name for each in vocabulary.values() for name in each.formerly)]
    assert len(names) == len({*names})
    refuted = {control_id(name) for each in vocabulary.values() for name in each.refutes}
    assert refuted <= {control.id for control in controls()}
    for mistake in vocabulary.values():
        for name in mistake.refutes:
            assert len([key for key in cases() if covers(name, key)]) > name.count(",")


def test_every_control_is_refuted_and_measured_somewhere() -> None:
    """Read from the reviewed results: each control FAILs in some environment and PASSes in some."""
    seen = set()
    for environment in map(Environment.load, discover()):
        results = read(environment.folder)
        for weakness in ("", *results.weaknesses):
            seen |= {(control_id(key), status) for key, status in _expected(environment, results, weakness).items()}
    for control in controls():
        assert (control.id, "FAIL") in seen, f"{control.id} never fails"
        assert (control.id, "PASS") in seen, f"{control.id} never passes"


@pytest.mark.parametrize("environment", discover())
def test_results_are_those_of_weaknesses_that_exist(environment: str, request: pytest.FixtureRequest) -> None:
    """Every weakness was reviewed, and nothing is said of one that is gone."""
    loaded = Environment.load(environment)
    if request.config.getoption("accept"):
        accepting.change(loaded.folder, lambda results: _without_leftovers(results, loaded))
    assert read(loaded.folder).weaknesses.keys() == loaded.weaknesses.keys()


def _without_leftovers(results: Results, environment: Environment) -> Results:
    kept = {name: groups for name, groups in results.weaknesses.items() if name in environment.weaknesses}
    return replace(results, weaknesses=kept)


@pytest.mark.parametrize("environment", discover())
def test_results_say_something_of_controls_that_exist(environment: str) -> None:
    """A control that was renamed or lost a case would be looked at no more where the results use its old name."""
    results = read(discover()[environment])
    groups = [results.hardened, *results.weaknesses.values()]
    names = {name for each in groups for found in each.values() for name in found}
    names |= {name for each in results.exempt for name in each.controls}
    names |= {name for column in results.versions.values() for name in column}
    for name in names:
        found = [key for key in cases() if covers(name, key)]
        said = name.partition("[")[2].count(",")
        assert len(found) > said, f"{name} is no control with such cases"


@pytest.mark.parametrize("environment", discover())
def test_results_are_written_as_they_are_read(environment: str) -> None:
    """Nothing but what was measured changes when something is accepted."""
    folder = discover()[environment]
    assert (folder / FILE).read_text() == accepting.render(read(folder))

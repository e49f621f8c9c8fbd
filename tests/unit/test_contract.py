"""What pipelines rely on: names of before go on working, and a set of controls stays as it was."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from pacs_hardening import contract, profiles
from pacs_hardening.model import BadInput
from pacs_hardening.run import options
from pacs_hardening.run.catalogue import controls

FOLDER = Path(contract.__file__).parent
PINNED = "--controls-version"


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """One control and one option had another name before."""
    rows = {
        "control": {"web.old-name": contract.Renamed("web.old-name", "web.refuses-anonymous-ui", "2026-11-29")},
        "option": {"tls-profile": contract.Renamed("tls-profile", "profile", "2026-11-29")},
    }
    monkeypatch.setattr(contract, "renamed", rows.__getitem__)
    monkeypatch.setattr(options, "renamed", rows.__getitem__)


def test_every_listed_control_exists_or_is_called_something_else_now() -> None:
    rows = tomllib.loads((FOLDER / "controls-versions.toml").read_text())["version"]
    counted = Counter(contract.of_today(name) for row in rows for name in row["controls"])
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    assert max(counted.values()) == 1
    assert counted.keys() <= {control.id for control in controls()}


def test_old_names_lead_to_what_exists_and_to_nothing_old() -> None:
    ids = {control.id for control in controls()}
    for each in contract.renamed("control").values():
        assert each.new in ids, each.old
        assert each.old not in ids, each.old
    for each in contract.renamed("option").values():
        assert each.new in options.OPTIONS, each.old
        assert each.old not in options.OPTIONS, each.old


def test_a_control_that_is_listed_nowhere_is_of_the_version_in_the_making() -> None:
    listed = [control.id for control in controls() if contract.since(control.id) == 1]
    assert contract.newest([*listed, "web.refuses-something-new"]) > contract.newest(listed)


@pytest.mark.parametrize("number", [-1, 0, 99])
def test_a_version_that_there_is_not_is_refused(number: int) -> None:
    with pytest.raises(BadInput, match=f"no version {number} of the controls; known: 1 to"):
        contract.demand_version(number, [control.id for control in controls()], PINNED)


@pytest.mark.usefixtures("moved")
def test_a_control_by_its_old_name_keeps_its_case() -> None:
    assert contract.of_today("web.old-name") == "web.refuses-anonymous-ui"
    assert contract.of_today("web.old-name[dicom]") == "web.refuses-anonymous-ui[dicom]"
    assert contract.of_today("web.other[dicom]") == "web.other[dicom]"
    assert contract.notes(["web.old-name[a]", "web.old-name[b]", "web.other"]) == (
        "web.old-name is called web.refuses-anonymous-ui since 2026-11-29; the old name still works",
    )


@pytest.mark.usefixtures("moved")
def test_a_profile_that_requires_a_control_by_its_old_name(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text('extends = "baseline"\nrequired = ["web.old-name"]\ncontrols_version = 1\n')
    ours = profiles.load(str(file))
    assert ours.required == ours.own == {"web.refuses-anonymous-ui"}
    assert ours.controls_version == 1
    assert "web.old-name is called" in ours.notes[0]


@pytest.mark.usefixtures("moved")
@pytest.mark.parametrize("given", [["--tls-profile", "strict"], ["--tls-profile=strict"]])
def test_an_option_by_its_old_name(given: list[str]) -> None:
    parser = pytest.Parser(_ispytest=True)
    options.register(parser)
    known = parser.parse(options.prefixed(given))
    assert known.pacs_profile == "strict"


def test_what_is_none_of_our_options_goes_to_pytest_as_it_is() -> None:
    given = ["-k", "web", "--tb=short", "--target=h", "--report", "r", "--strict", "x--target"]
    assert options.prefixed(given) == ["-k", "web", "--tb=short", "--pacs-target=h", "--pacs-report", "r", *given[-2:]]

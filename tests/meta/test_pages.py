"""The pages for users: what they show works as it stands, and every link leads somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pacs_hardening import profiles
from pacs_hardening.model import waiver
from pacs_hardening.run import catalogue
from pacs_hardening.run.options import usage
from pacs_hardening.run.written import REPORTS
from tests.meta.gating import GateRun

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "environments" / "README.md", *(ROOT / "docs").glob("*.md")])


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_shown_is_one(page: Path) -> None:
    known = {*re.findall(r"--[a-z-]+", usage()), "--help", "--behind-guard", "--json", "--schema", "--weakness"}
    for line in re.findall(r"(?m)^.*pacs-hardening gate.*$", page.read_text()):
        command = line.partition("pacs-hardening gate")[2].partition("`")[0].partition(" #")[0]
        assert {word.partition("=")[0] for word in shlex.split(command) if word.startswith("--")} <= known, line


def test_the_control_of_the_page_runs(gate_run: Callable[..., GateRun], tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(blocks("docs/extending.md", "python")[0])
    run = gate_run(str(tmp_path / "test_mine.py"), "--environment", "embedded")
    assert run.status == 0, run.output
    assert run.statuses == {"mine.refuses-anonymous-echo": "PASS"}


def test_the_waiver_and_the_profile_of_the_pages_are_accepted(tmp_path: Path) -> None:
    known = [control.id for control in catalogue.controls()]
    text = blocks("docs/it-team.md", "toml")[0]
    (found,) = waiver.parse(text, "page", known=known, today=date(2026, 11, 25), targets=["radiology-main"])
    assert found.evidence == "/metrics"
    path = tmp_path / "ours.toml"
    path.write_text(blocks("docs/pipelines.md", "toml")[0])
    assert profiles.load(str(path)).own <= set(known)


def test_every_report_is_explained() -> None:
    page = (ROOT / "docs" / "pipelines.md").read_text()
    assert {name for name in REPORTS if f"`{name}`" not in page} == set()

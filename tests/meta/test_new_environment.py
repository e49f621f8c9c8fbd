"""To add an archive, add a folder: a copy under another name is found, started and judged, with no other change."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from pacs_hardening.launch.environment import discover, root
from tests.meta.gating import PROFILE, GateRun, engine_required

ORIGINAL = "dcmtk"


def test_a_copied_folder_is_discovered_and_gated(tmp_path: Path, gate_run: Callable[..., GateRun]) -> None:
    engine_required(ORIGINAL)
    for neighbour in root().iterdir():
        if neighbour.is_dir() and neighbour.name not in discover():
            shutil.copytree(neighbour, tmp_path / neighbour.name)  # what environments share
    shutil.copytree(root() / ORIGINAL, tmp_path / "another")
    assert list(discover(tmp_path)) == ["another"]
    asking = ("--environments", str(tmp_path), "--environment", "another", "--profile", PROFILE)
    run = gate_run(*asking)
    assert run.status == 0, run.output
    assert "PASS" in run.statuses.values()
    weak = gate_run(*asking, "--weakness", "any-calling-ae", "-k", "anonymous_echo")
    assert weak.status == 1, weak.output
    assert weak.statuses["authorisation.refuses-anonymous-echo"] == "FAIL"

"""Whatever the report says, the verdict is the same: every word of it may be another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacs_hardening.report import meaning, words
from tests.meta.gating import PROFILE, run_warm_gate
from tests.meta.reworded import spoken

ASKED = {
    "": ("--profile", PROFILE),
    "normalized-looked-up": ("-k", "normalized_services or test_association"),
    "client-certificate-optional": ("-k", "test_transport"),
}


def test_all_that_speaks_is_reworded() -> None:
    assert {"text", "codes", "error", "outcome"} <= {*spoken(words)}
    assert "meaning" in spoken(meaning)


@pytest.mark.parametrize("weakness", ASKED)
def test_no_status_hangs_on_a_word(weakness: str, tmp_path: Path) -> None:
    """Given the hardened archive, and weakened ones; when the report says one and the same word of everything, or
    nothing at all; then every status is what it was."""
    weakened = ("--weakness", weakness) if weakness else ()
    runs = {}
    for name, more in {"plain": (), "nothing": ("--reworded", ""), "x": ("--reworded", "x")}.items():
        if name == "x" and not weakness:
            continue  # the whole suite, once more
        folder = tmp_path / name
        folder.mkdir()
        plugin = ("-p", "tests.meta.reworded") if more else ()
        runs[name] = run_warm_gate(folder, "--environment", "embedded", *weakened, *ASKED[weakness], *plugin, *more)
    assert runs["plain"].statuses
    assert ("FAIL" in runs["plain"].statuses.values()) is bool(weakness)
    for run in runs.values():
        assert (run.status, run.statuses) == (runs["plain"].status, runs["plain"].statuses), run.output

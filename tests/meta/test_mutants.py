"""A fixed sample of mutants: what was killed when it was reviewed is killed now (`ci/mutants` measures many more)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pacs_hardening.mutants.generate import every
from pacs_hardening.mutants.mutant import NAMED, UNNAMED
from pacs_hardening.mutants.run import run
from pacs_hardening.mutants.score import render

REVIEWED = Path(__file__).with_name("mutants.json")


def test_the_score_of_a_sample_is_as_reviewed(request: pytest.FixtureRequest) -> None:
    """Given the mutants of mutants.json; when each is proven open and gated; then none is unproven, and each that was
    killed when the file was reviewed is killed. One more that is killed fails nothing: `--accept` writes it down."""
    reviewed: dict[str, bool] = json.loads(REVIEWED.read_text())
    known = {each.title: each for each in (*every(NAMED), *every(UNNAMED))}
    assert reviewed.keys() <= known.keys(), "no such mutant any more: choose another one"
    results = run([known[title] for title in reviewed])
    said = render(results)
    assert not [each.title for each in results if each.unproven], said
    killed = {each.title: bool(each.killed_by) for each in results}
    if request.config.getoption("accept"):
        REVIEWED.write_text(json.dumps(killed, indent=1) + "\n")
    assert not [title for title, was in reviewed.items() if was and not killed[title]], said

"""The catalogue is generated from the controls, and its shape is the same everywhere."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from pacs_hardening.report.catalogue import render
from pacs_hardening.run.catalogue import controls, found_mutants, refutations, supports

ROOT = Path(__file__).parents[2]
IMPERATIVE = re.compile(
    "(accepts-only|admits-only|binds|bounds|confines|declares|describes-no|disables|drops|emits|encrypts|exposes-nothing|"
    "flags|forbids|grants|has|is-not|is-read|keeps|limits|listens|mounts|offers-only|prefers|presents|protects|publishes|"
    "records|redacts|refuses|removes|replaces|requires|reveals-no|runs|sends|serves|sets|stores-no|supports|survives|"
    "throttles)-"
)


def test_ids_are_unique_and_state_the_secure_behaviour() -> None:
    counted = Counter(control.id for control in controls())
    assert counted
    assert max(counted.values()) == 1
    for control in controls():
        assert IMPERATIVE.match(control.id.partition(".")[2]), control.id


def test_requirements_can_be_published() -> None:
    for control in controls():
        assert re.search(r"\b(MUST|SHOULD)\b", control.title), f"{control.id} states no requirement"
        assert len(control.title) <= 160, control.id
        assert "->" in control.requirement, f"{control.id} does not show the exchange"
        assert control.exposure.endswith("."), control.id
        assert control.references, control.id


def test_the_committed_catalogue_is_the_generated_one() -> None:
    """`pacs-hardening catalogue > docs/catalogue.md` rewrites it."""
    assert (ROOT / "docs" / "catalogue.md").read_text() == render(
        controls(), refutations(), supports(), found_mutants()
    )

"""The catalogue is generated from the controls, and its shape is the same everywhere."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from pacs_hardening.catalogue import controls, refutations
from pacs_hardening.report.catalogue import render

ROOT = Path(__file__).parents[2]
IMPERATIVES = ("refuses-", "requires-", "limits-", "binds-", "accepts-only-", "offers-only-", "presents-", "supports-")
IMPERATIVES += ("sets-", "reveals-no-", "keeps-", "runs-", "mounts-", "drops-", "forbids-", "confines-", "is-not-")
IMPERATIVES += ("listens-", "publishes-", "protects-", "has-")
IMPERATIVES += ("survives-", "serves-", "bounds-")


def test_ids_are_unique_and_state_the_secure_behaviour() -> None:
    counted = Counter(control.id for control in controls())
    assert counted
    assert max(counted.values()) == 1
    for control in controls():
        assert control.id.partition(".")[2].startswith(IMPERATIVES), control.id


def test_requirements_can_be_published() -> None:
    for control in controls():
        assert re.search(r"\b(MUST|SHOULD)\b", control.title), f"{control.id} states no requirement"
        assert len(control.title) <= 160, control.id
        assert "->" in control.requirement, f"{control.id} does not show the exchange"
        assert control.exposure.endswith("."), control.id
        assert control.references, control.id


def test_the_committed_catalogue_is_the_generated_one() -> None:
    """`pacs-hardening catalogue > docs/catalogue.md` rewrites it."""
    assert (ROOT / "docs" / "catalogue.md").read_text() == render(controls(), refutations())

"""Overlays: each control supports evidence for something, and nothing in them is made up or left over."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase

import pytest

from pacs_hardening.model import Violation
from pacs_hardening.profiles import load, names
from pacs_hardening.profiles.overlays import Requirement, requirements, supported
from pacs_hardening.run.catalogue import controls
from pacs_hardening.run.gate import Gate
from pacs_hardening.run.recording import record

IDS = [control.id for control in controls()]


@pytest.mark.parametrize("control", IDS)
def test_each_control_supports_evidence_for_something(control: str) -> None:
    assert supported(control)


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_each_row_names_controls_that_exist_and_its_source(requirement: Requirement) -> None:
    for pattern in requirement.controls:
        assert any(fnmatchcase(each, pattern) for each in IDS), pattern
    assert requirement.source
    assert any(character.isdigit() for character in requirement.source) or "current edition" in requirement.source
    assert requirement.title[0].isupper()
    assert not requirement.title.endswith(".")


def test_each_requirement_stands_once() -> None:
    assert max(Counter((each.name, each.id) for each in requirements()).values()) == 1


def test_what_is_said_is_one_line() -> None:
    assert "HIPAA 164.312(e)(1) Transmission security" in supported("transport.refuses-plaintext-dimse")
    assert "NIST 800-53 CM-6 Configuration Settings" in supported("config.requires-a-login")
    assert supported("no.such-control") == ()


def test_the_gate_says_it_with_each_finding() -> None:
    control = controls()[0]
    gate = Gate(load("baseline"))
    assert record(gate, control, "", None, 0.1).supports == supported(control.id)
    failed = record(gate, control, "", Violation("a refusal", "an answer", fix=("set X",)), 0.1)
    assert (failed.supports, failed.fix) == (supported(control.id), ("set X",))


def test_an_overlay_is_no_profile() -> None:
    assert not {"hipaa", "ihe-atna"} & {*names()}

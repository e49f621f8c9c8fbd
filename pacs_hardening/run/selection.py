"""Which controls are asked, in which order, what is left out of them, and what of them is waived."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from .. import contract
from ..model import BadInput, Impact
from ..model import waiver as waivers
from .catalogue import keyed
from .gate import Gate
from .items import control, demand_one_file_an_id, keys
from .options import given


def of_version(gate: Gate, controls: list[pytest.Item]) -> list[pytest.Item]:
    """Without those of the suite's controls that are newer than the version that was asked for. Raises BadInput."""
    number, suites = gate.controls_version, {each.id for each in keyed().values()}
    if number is None:
        return controls
    contract.demand_version(number, suites, "--controls-version")
    gate.newer = tuple(sorted(name for name in suites if contract.since(name) > number))
    return [item for item in controls if (found := control(item)) and found.id not in gate.newer]


def gentleness(item: pytest.Item) -> tuple[Impact, bool]:
    """Last of all what a weak target does not survive: nothing after it could be measured."""
    found = control(item)
    return (found.impact, found.area == "robustness") if found else (Impact.PASSIVE, False)


def count(config: pytest.Config, gate: Gate, controls: list[pytest.Item]) -> None:
    """What will be asked, and what will not, however it came to be left out. Raises BadInput."""
    gate.expected_items = len(controls)
    demand_one_file_an_id(controls)
    gate.there |= keyed()
    _read_waivers(config, gate)
    gate.left_out = tuple(sorted(gate.there.keys() - keys(controls).keys()))


def _read_waivers(config: pytest.Config, gate: Gate) -> None:
    path, today = given(config, "waivers"), datetime.now(UTC).date()
    known = {each.id for each in gate.there.values()} | contract.renamed("control").keys()
    if unknown := sorted(gate.profile.own - known):
        said = f"--profile {gate.profile.name}: required: unknown control {unknown[0]!r}"
        raise BadInput(f"{said}; `pacs-hardening catalogue` lists them")
    own = gate.environment.variant.waivers if gate.environment else {}
    try:
        for file, data in own.items():
            gate.waivers += waivers.check(data, file, known=None, today=today)
        if path is not None:
            gate.waivers += waivers.parse(path.read_text(), str(path), known=known, today=today, targets=(gate.name,))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read: {error}") from error
    gate.old_names += contract.notes(each.control for each in gate.waivers)
    gate.waivers = tuple(replace(each, control=contract.of_today(each.control)) for each in gate.waivers)

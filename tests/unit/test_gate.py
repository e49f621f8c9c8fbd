"""A gate run without a target: what becomes of findings when the target turns out to be dead."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from math import inf
from pathlib import Path
from typing import Any, cast

import pytest

from pacs_hardening.embedded import start
from pacs_hardening.launch.environment import Environment
from pacs_hardening.model import (
    Configuration,
    Control,
    Impact,
    Severity,
    Status,
    Target,
    Unmeasurable,
    Violation,
)
from pacs_hardening.model.finding import Run, Verdict
from pacs_hardening.model.running import Running
from pacs_hardening.model.waiver import Waiver
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.profiles import load
from pacs_hardening.run import product
from pacs_hardening.run.alive import Alive
from pacs_hardening.run.exploring import claimed
from pacs_hardening.run.gate import Gate
from pacs_hardening.run.opening import opened
from pacs_hardening.run.recording import record
from pacs_hardening.run.result import result
from pacs_hardening.space.dimension import Base, Kind


@dataclass
class Pulse(Authorised):
    """Serves until it is told to die."""

    alive: bool = True

    def pulse(self, service: str = "") -> None:
        if not self.alive:
            raise Unmeasurable("silent")


def a_control(name: str) -> Control:
    return Control(f"area.{name}", "It MUST hold.", "It is open.", Severity.HIGH, Impact.PASSIVE)


def test_what_passed_since_the_last_pulse_is_doubted() -> None:
    """Given a target that died at some time after its last pulse; when the next pulse fails; then what passed since is
    ERROR, what passed before stays, and a failure stays a failure."""
    peer = Pulse(alive=True)
    gate = Gate(load("baseline"), target=Target("t", "T", ()), authorised=peer, alive=Alive(("dicom",)))
    gate.check_pulse(a_control("before"))
    record(gate, a_control("before"), "", None, 0.0)
    record(gate, a_control("since"), "first case", None, 0.0)
    record(gate, a_control("open"), "", Violation("refusal", "served"), 0.0)
    peer.alive = False
    with pytest.raises(Unmeasurable, match=r"after area\.dead the target no longer served"):
        gate.check_pulse(a_control("dead"))
    assert [finding.status for finding in gate.findings] == [Status.PASS, Status.ERROR, Status.FAIL]
    assert result(gate).verdict.exit_status == 1, "what was found open stays found"
    gate.findings.pop()
    assert result(gate).verdict.exit_status == 10


def test_what_to_change_is_said_in_the_words_of_the_product_that_a_target_names() -> None:
    named = Gate(load("baseline"), target=Target("t", "T", ()), product=product.load("orthanc"))
    control = Control("web.refuses-anonymous-rest", "It MUST.", "It is open.", Severity.HIGH, Impact.PASSIVE)
    assert "orthanc.json" in " ".join(record(named, control, "", Violation("refusal", "served"), 0.0).fix)
    unknown = Gate(load("baseline"), target=Target("t", "T", ()))
    assert not record(unknown, control, "", Violation("refusal", "served"), 0.0).fix


def test_what_to_change_is_the_line_of_the_configuration_where_that_is_known(tmp_path: Path) -> None:
    """Given an archive whose configuration is known; when nothing stands in front of it, then the cause of a failure is
    in there, and other ways to the same effect are not named; when something does, then it may be there as well."""
    (tmp_path / "orthanc.json").write_text('{"RemoteAccessAllowed": true,\n "AuthenticationEnabled": false}')
    control = Control("web.refuses-anonymous-rest", "It MUST.", "It is open.", Severity.HIGH, Impact.PASSIVE)
    said = []
    for guarded in (False, True):
        gate = Gate(load("baseline"), environment=Environment.load("orthanc"))
        files = {"archive": Configuration(tmp_path / "orthanc.json", behind_guard=guarded)}
        gate.running = Running(Target("t", "T", ()), lambda: "", None, lambda: "", configurations=files)
        said.append(record(gate, control, "", Violation("refusal", "served"), 0.0).fix)
    line = "orthanc.json:2: AuthenticationEnabled: use true, and users in RegisteredUsers"
    assert said[0] == (line,)
    assert said[1][0] == line
    assert "haproxy.cfg" in " ".join(said[1])


def test_what_was_shown_for_one_control_shows_nothing_for_the_next(tmp_path: Path) -> None:
    """Given an archive that dies between two controls; when the second asks for its positive control; then that is not
    answered from memory."""
    raw = tomllib.loads((Environment.load("embedded").folder / "environment.toml").read_text())
    with start(raw, tmp_path) as running:
        peer = Authorised(running.target)
        gate = Gate(load("baseline"), target=running.target, authorised=peer)
        gate.permit(a_control("first"))
        peer.echo()
    gate.permit(a_control("second"))
    with pytest.raises(Unmeasurable):
        peer.echo()


def test_an_archive_that_takes_nothing_in_is_judged_and_proves_nothing(tmp_path: Path) -> None:
    """Given an archive whose authorised node may read only; when a gate that may write opens it; then its controls run,
    since what it reads out can still be found open, and that none of them may pass is noted."""
    raw = tomllib.loads((Environment.load("embedded").folder / "environment.toml").read_text())
    raw["nodes"]["all"]["permits"] = raw["nodes"]["store"]["permits"] = ["echo", "find"]
    gate = Gate(load("baseline"), start=start(raw, tmp_path))
    with opened(gate) as running:
        assert running.target.sample_study is None
        assert gate.alive.asked == ("dicom", "web"), "it serves what it may"


@pytest.mark.parametrize("bears", ["nothing", "a waiver", "a baseline"])
def test_where_something_is_known_and_borne_all_causes_are_looked_for(bears: str) -> None:
    """A pass then says that there is nothing else."""
    waiver = Waiver("web.x", "*", "reason", "owner", date(2999, 1, 1))
    before = Run("t", (), Verdict("fail", 1, "w")) if bears == "a baseline" else None
    gate = Gate(load("baseline"), waivers=(waiver,) if bears == "a waiver" else (), baseline=before)
    base: Base[Any] = Base("b", Kind.STRANGER, None, ())
    claim = claimed("somebody", [base], cast(Any, None), 1.0, gate)
    assert (claim.further == inf) is (bears != "nothing")

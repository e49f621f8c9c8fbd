"""Absence of evidence is never a pass: each case is a real gate run in a process of its own, none exits 0."""

from __future__ import annotations

import re
import socket
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from fixtures.scripted import scripted
from pacs_hardening import embedded
from pacs_hardening.config import targetfile
from pacs_hardening.launch.environment import discover
from tests.meta.gating import GateRun

Run = Callable[..., GateRun]


@contextmanager
def archive(folder: Path, **settings: Any) -> Iterator[Path]:
    """An embedded archive with a fault, in this process; yields a target file that leads to it."""
    raw = tomllib.loads((discover()["embedded"] / "environment.toml").read_text())
    raw["settings"] = settings
    private = folder / "private"
    private.mkdir(mode=0o700)
    with embedded.start(raw, private) as running:
        yield targetfile.write(running.target, folder)


def assert_inconclusive(run: GateRun, reason: str = "") -> None:
    assert run.status == 10, run.output
    assert "INCONCLUSIVE" in run.output
    assert re.search(reason, run.output, re.S), run.output
    assert run.findings.get("verdict", "inconclusive") == "inconclusive"


def test_target_port_closed(gate_run: Run) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port, and it is closed
        port = unused.getsockname()[1]
        assert_inconclusive(
            gate_run("--target", f"dicoms://127.0.0.1:{port}?called=PACS&calling=GATE"), "cannot be reached"
        )


def test_target_dies_in_the_middle(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, dies_after=400) as target:
        run = gate_run("--target", str(target))
    assert_inconclusive(run)
    assert "PASS" in run.statuses.values(), "it was alive at first"
    assert "ERROR" in run.statuses.values()


def test_target_hangs_after_accept(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, hangs_after_accept=True) as target:
        assert_inconclusive(gate_run("--target", str(target)), "handshake was not\\s+answered")


def test_a_configuration_that_cannot_be_parsed(gate_run: Run, tmp_path: Path) -> None:
    """Where it stops being one is said with line and column, and what stands there is not."""
    (tmp_path / "orthanc.json").write_text('{\n  "RegisteredUsers": {"clinician" "a-long-secret"}\n}')
    with archive(tmp_path) as target:
        target.write_text(f'config = "orthanc.json"\n{target.read_text()}')
        run = gate_run("--target", str(target), "-k", "config")
    assert_inconclusive(run, r"orthanc\.json:2:\d+: ")
    assert "a-long-secret" not in run.output


def test_target_is_silent_after_tls(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, silent_after_tls=True) as target:
        assert_inconclusive(gate_run("--target", str(target)), "no answer within")


def test_target_that_never_stops_talking(gate_run: Run, tmp_path: Path) -> None:
    """A TCP service that is no DICOM at all."""

    def chatter(connection: socket.socket, _: Event) -> None:
        connection.sendall(b"SSH-2.0-nothing to do with DICOM\r\n" * 4)

    with scripted(chatter) as endpoint:
        assert_inconclusive(gate_run("--target", f"dicom://127.0.0.1:{endpoint.port}?called=PACS&calling=GATE"))


def test_engine_stopped(gate_run: Run, tmp_path: Path) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/no-engine.sock"}
    assert_inconclusive(gate_run("--environment", "orthanc", env=nowhere), "engine")


def test_wrong_ae_title_of_the_authorised_node(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path) as target:
        text = re.sub(r'aet = "ALL-[0-9A-F]+"', 'aet = "ALL-WRONG"', target.read_text())
        target.write_text(text)
        assert_inconclusive(gate_run("--target", str(target)), "positive control failed")


def test_wrong_password_of_the_web_user(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path) as target:
        table = tomllib.loads(target.read_text())["users"]["clinician"]
        (target.parent / table["password_file"]).write_text("not the password")
        assert_inconclusive(gate_run("--target", str(target)), r"answers\s+HTTP\s+401")


CONTROL = """
import pytest
from pacs_hardening.model import Impact, Severity, control

@control(Severity.LOW, Impact.{impact}, exposure="x.", references=("x",))
def test_refuses_something(target, authorised):
    '''The archive MUST refuse something. a -> b.'''
    {body}
"""


@pytest.fixture
def own_control(tmp_path: Path) -> Callable[..., str]:
    def write(body: str, impact: str = "PASSIVE", mark: str = "") -> str:
        file = tmp_path / "test_own.py"
        text = CONTROL.format(body=body, impact=impact)
        file.write_text(text.replace("@control", f"{mark}\n@control", 1))
        return str(file)

    return write


def test_control_that_raises(gate_run: Run, own_control: Callable[..., str]) -> None:
    run = gate_run(own_control("raise RuntimeError('broken')"), "--environment", "embedded")
    assert_inconclusive(run, "RuntimeError: broken")


def test_control_without_positive_control(gate_run: Run, own_control: Callable[..., str]) -> None:
    assert_inconclusive(gate_run(own_control("pass"), "--environment", "embedded"), "no authorised\\s+peer succeeded")


def test_every_control_skipped(gate_run: Run, own_control: Callable[..., str]) -> None:
    path = own_control("pass", mark="@pytest.mark.skip(reason='not today')")
    assert_inconclusive(gate_run(path, "--environment", "embedded"), "not today")


def test_every_control_beyond_the_permitted_impact(gate_run: Run, own_control: Callable[..., str]) -> None:
    path = own_control("authorised.echo()", impact="DISRUPTIVE")
    run = gate_run(path, "--environment", "embedded", "--allow", "passive")
    assert_inconclusive(run, "no control was measured")


def test_no_control_selected(gate_run: Run) -> None:
    assert_inconclusive(gate_run("--environment", "embedded", "-k", "no_such_control"), "no control was measured")


@pytest.mark.parametrize("option", ["--collect-only", "--setup-only", "--setup-plan"])
def test_nothing_executed(gate_run: Run, option: str) -> None:
    assert gate_run("--environment", "embedded", "-k", "anonymous_echo", option).status == 10


def test_required_control_not_measured(gate_run: Run) -> None:
    run = gate_run("--environment", "embedded", "--profile", "strict", "-k", "anonymous_echo")
    assert_inconclusive(run, "required but not measured")


def test_stopped_at_the_first_inconclusive_control(gate_run: Run, own_control: Callable[..., str]) -> None:
    """What ``-x`` leaves out is missing evidence."""
    path = own_control("raise RuntimeError('broken')")
    run = gate_run(path, "-x", "--environment", "embedded")
    assert_inconclusive(run)

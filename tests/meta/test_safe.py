"""A safe tool: it talks to its target only, listens on loopback only, shows no secret and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.meta.gating import PROFILE, GateRun, engine_required
from tests.meta.test_fail_closed import archive

Run = Callable[..., GateRun]

# Runs the gate and writes down every address that this process connects or binds to, or looks up.
WATCHED = """
import json, sys
seen = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.sendto"):
        seen.append([event, arguments[1] if isinstance(arguments[1], str) else list(arguments[1])[:1]])
    elif event == "socket.getaddrinfo":
        seen.append([event, [arguments[0]]])
sys.addaudithook(hook)
from pacs_hardening.cli.main import main
status = main(["gate", *sys.argv[2:]])
open(sys.argv[1], "w").write(json.dumps(seen))
sys.exit(status)
"""


@pytest.mark.parametrize("environment", ["embedded", "orthanc"])
def test_talks_to_the_target_only(environment: str, tmp_path: Path) -> None:
    engine_required(environment)
    log = tmp_path / "seen.json"
    command = [sys.executable, "-c", WATCHED, str(log), "--environment", environment, "-k", "anonymous or obsolete"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    addresses = {address if isinstance(address, str) else str(address[0]) for _, address in json.loads(log.read_text())}
    assert "127.0.0.1" in addresses
    strange = {
        a for a in addresses if a not in ("127.0.0.1", "::1", "localhost", "None") and not a.endswith("docker.sock")
    }
    assert not strange


def test_shows_no_secret(gate_run: Run, tmp_path: Path) -> None:
    with archive(tmp_path, default_credentials=True) as target:
        files = [path for path in tmp_path.rglob("*") if path.is_file() and "pass" in path.name]
        secrets = [path.read_text().strip() for path in files]
        run = gate_run("--target", str(target), "--allow", "writes", "--profile", PROFILE, "-v")
        assert run.status == 1, "it has a factory password, which is reported"
    assert len(secrets) >= 2, "a password and a passcode at least"
    everything = run.output + json.dumps(run.findings)
    for secret in secrets:
        assert len(secret) >= 8
        assert secret not in everything


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A gate run whose temporary files go to ``folder``, caught in the middle of its first control."""
    folder.mkdir(exist_ok=True)
    control = folder.parent / "test_waits.py"
    control.write_text(
        "from pacs_hardening.model import Impact, Severity, control\n"
        "@control(Severity.LOW, Impact.PASSIVE, exposure='x.', references=('x',))\n"
        "def test_refuses_to_end(target, authorised):\n"
        "    '''The archive MUST wait. a -> b.'''\n"
        "    import sys, threading\n"
        "    print('IN THE MIDDLE', file=sys.stderr, flush=True)\n"
        "    threading.Event().wait(200)\n"
    )
    command = [sys.executable, "-m", "pacs_hardening", "gate", "-s", str(control), *arguments]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background
    process = subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(folder)}, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    signal.signal(signal.SIGINT, before)
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    try:
        assert process.stderr is not None
        assert any("IN THE MIDDLE" in line for line in process.stderr), "it never got to its control"
        yield process
    finally:
        watchdog.cancel()
        process.kill()
        process.wait(30)
        if process.stderr is not None:
            process.stderr.close()


def _things(pid: int) -> list[str]:
    """Containers, networks and volumes that carry the label of a run of the process ``pid``."""
    found = []
    for kind, field in (("container", "{{.ID}}"), ("network", "{{.Name}}"), ("volume", "{{.Name}}")):
        everything = ["--all"] if kind == "container" else []
        command = ["docker", kind, "ls", *everything, "--filter", "label=pacs-hardening.owner"]
        labels = ["--format", f'{field} {{{{.Label "pacs-hardening.owner"}}}}']
        listed = subprocess.run([*command, *labels], capture_output=True, text=True, check=True).stdout
        found += [f"{kind} {line}" for line in listed.splitlines() if f"/{pid}/" in f"{line}/"]
    return found


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_leaves_nothing_behind_when_interrupted(tmp_path: Path, how: signal.Signals) -> None:
    engine_required("orthanc")
    with started(tmp_path / "temporary", "--environment", "orthanc") as process:
        assert len(_things(process.pid)) >= 5
        process.send_signal(how)
        assert process.wait(60) == 2
    assert not _things(process.pid)
    assert not list((tmp_path / "temporary").iterdir())


def test_leaves_nothing_behind_after_a_hard_kill_and_the_next_start(gate_run: Run, tmp_path: Path) -> None:
    engine_required("orthanc")
    folder = tmp_path / "temporary"
    with started(folder, "--environment", "orthanc") as living:
        with started(folder, "--environment", "orthanc") as killed:
            killed.kill()
            killed.wait(30)
            assert _things(killed.pid), "a killed run cannot clean up"
        run = gate_run("--environment", "orthanc", "-k", "anonymous_echo", env={"TMPDIR": str(folder)})
        assert run.status == 0, run.output
        assert not _things(killed.pid)
        assert _things(living.pid), "another run that lives is left alone"
        living.send_signal(signal.SIGTERM)
        assert living.wait(60) == 2
    assert not list(folder.iterdir())


def test_publishes_on_loopback_only(tmp_path: Path) -> None:
    engine_required("orthanc")
    with started(tmp_path / "temporary", "--environment", "orthanc") as process:
        containers = [line.split()[1] for line in _things(process.pid) if line.startswith("container")]
        ports = ["docker", "inspect", "--format", "{{json .NetworkSettings.Ports}}", *containers]
        listed = subprocess.run(ports, capture_output=True, text=True, check=True).stdout.splitlines()
        bound = [b for line in listed for bindings in json.loads(line).values() for b in bindings or []]
        assert {b["HostIp"] for b in bound} == {"127.0.0.1"}
        assert len(bound) == 2, "the guard's two endpoints"

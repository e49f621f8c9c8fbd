"""The embedded archive in a process of its own: the same archive, and nothing of it outlives whoever started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pacs_hardening.launch.environment import Environment
from pacs_hardening.model import BadInput, Unmeasurable
from pacs_hardening.probes.authorised import Authorised

STARTED = """
import sys
from pacs_hardening.launch.environment import Environment
if __name__ == "__main__":
    with Environment.load("embedded").start(apart=True) as running:
        print(running.target.endpoints[0].port, flush=True)
        sys.stdin.read()
"""


def test_it_serves_and_can_be_looked_into() -> None:
    with Environment.load("embedded").start(apart=True) as running:
        Authorised(running.target).find()
        assert str(os.getpid()) not in running.fingerprint()
        assert running.fingerprint() == running.fingerprint()
        assert running.audit is not None
        assert running.audit(0, 5.0)
        assert running.usage is not None
        assert running.usage().processes == 1
    with pytest.raises(Unmeasurable, match="has ended"):
        running.fingerprint()


def test_what_cannot_be_used_is_said_as_in_this_process() -> None:
    environment = Environment.load("embedded")
    raw = {**environment.raw, "settings": {"no_such_setting": 1}}
    from pacs_hardening import embedded

    with pytest.raises(BadInput, match="no_such_setting"), embedded.start(raw, Path(), apart=True):
        pass


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_whoever_started_it(tmp_path: Path, how: signal.Signals) -> None:
    script = tmp_path / "started.py"
    script.write_text(STARTED)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, str(script)], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as suite:
        assert suite.stdout is not None
        port = int(suite.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=10) as held:
            suite.send_signal(how)
            while held.recv(4096):  # until the archive has closed it
                pass
        suite.wait(10)

"""A shell on a host, through testinfra: every command has a deadline of ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from ...model import Unmeasurable

Shell = Any  # testinfra.host.Host, which is imported only where a host is looked into: it brings pytest along
DEADLINE_S = 60.0
_T = TypeVar("_T")


def connect(url: str) -> Shell:
    """``docker://name``, ``local://`` or ``ssh://user@host``; ssh asks nothing and leaves no connection behind."""
    import testinfra  # type: ignore[import-untyped]  # brings pytest along, so not before a host is really looked into

    alone = {"controlpersist": 0, "ssh_extra_args": "-o BatchMode=yes"} if url.startswith("ssh://") else {}
    shell = testinfra.get_host(url, **alone)
    shell.backend.run_local = partial(_bounded, shell.backend)  # testinfra's own waits for ever
    return shell


def _bounded(backend: Any, command: str, *args: str) -> Any:
    line = backend.encode(backend.quote(command, *args))
    with subprocess.Popen(  # noqa: S602  as testinfra does: it has quoted every part
        line,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired as error:
            raise Unmeasurable(f"cannot look into {backend.hostname}: no answer within {DEADLINE_S:.0f} s") from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return backend.result(process.returncode, line, out, err)


def run(shell: Shell, command: str, accepted: Sequence[int] = (0,)) -> bytes:
    """What ``command`` prints. Raises Unmeasurable where it ends with another status."""
    done = checked(shell, command, lambda: shell.run(command))
    if done.rc not in accepted:
        words = done.stderr.strip().splitlines()[-1:] or ["no output"]
        raise Unmeasurable(f"cannot look into {shell.backend.hostname}: status {done.rc}: {words[0]}")
    return bytes(done.stdout_bytes)


def checked(shell: Shell, what: str, call: Callable[[], _T]) -> _T:
    try:
        return call()
    except (OSError, RuntimeError, AssertionError, ValueError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unmeasurable(f"cannot look into {shell.backend.hostname}: {what}: {first}") from error


def read_json(shell: Shell, command: str) -> Any:
    return json.loads(run(shell, command))

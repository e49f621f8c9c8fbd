"""What server processes hold, read from /proc: of this process, or of all processes in containers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...model import Unmeasurable
from ...model.usage import Usage
from .engine import Api, errors_named

# One line a process: resident kilobytes, threads, open descriptors. Shell built-ins only, so that it adds no process of
# its own but itself, which is left out.
SCRIPT = """for p in /proc/[0-9]*; do
  [ "$p" = "/proc/$$" ] && continue
  r=; t=
  while read -r k v _; do case $k in VmRSS:) r=$v;; Threads:) t=$v;; esac; done 2>/dev/null <"$p/status"
  set -- "$p"/fd/*
  [ -n "$r" ] && echo "$r $t $#"
done"""


def of_containers(api: Api, containers: Mapping[str, str]) -> Usage:
    """Raises Unmeasurable where one of them cannot be asked any more."""
    with errors_named("cannot look into the containers"):
        return total(line for each in containers.values() for line in _run(api, each))


def _run(api: Any, container: str) -> list[str]:
    made = api.exec_create(container, ["sh", "-c", SCRIPT], stderr=False)
    return str(api.exec_start(made["Id"]).decode(errors="replace")).splitlines()


def total(lines: Iterable[str]) -> Usage:
    """Raises Unmeasurable where there is no process."""
    rows = [[int(number) for number in line.split()] for line in lines if line.strip()]
    if not rows:
        raise Unmeasurable("no process of the server can be seen")
    memory, threads, descriptors = (sum(column) for column in zip(*rows, strict=True))
    return Usage(memory << 10, descriptors, threads, len(rows))

"""Before an archive that somebody uses is disturbed: the name of each of its hosts, typed."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ..model import BadInput, Target


def confirm(target: Target, given: Iterable[str]) -> None:
    """Raises BadInput unless every host of ``target`` was named, as an option or now on a terminal."""
    hosts = dict.fromkeys(endpoint.host for endpoint in target.endpoints)
    allowed = set(given)
    if strange := sorted(allowed - hosts.keys()):
        raise BadInput(f"--yes-disrupt {strange[0]}: the target has no such host; its hosts: {', '.join(hosts)}")
    for host in hosts:
        if host in allowed:
            continue
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise BadInput(f"--allow disruptive can take an archive out of service; say so: --yes-disrupt {host}")
        sys.stderr.write(f"Malformed and exhausting traffic can take {host} out of service.\nType its name to go on: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip() != host:
            raise BadInput(f"--allow disruptive: {host} was not confirmed; nothing was started")

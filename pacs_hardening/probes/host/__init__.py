"""Probe: a host or container as its engine describes it, and as it looks from inside, through testinfra.

Inside, only what every distribution has is used (a shell, /proc, find, tar, grep), as the service's own user. No value
of a secret leaves this package: facts name the place where one was found.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from ...model import Target, Unmeasurable
from . import engine, inside
from .facts import (
    Binding,
    Container,
    Entry,
    Host,
    Kept,
    Listener,
    Network,
    Process,
    Stored,
)
from .secrets import kept, mentioned
from .shell import (
    Shell,
    checked,
    connect,
    read_json,
    run,
)

__all__ = [
    "Binding", "Container", "Entry", "Host", "Kept", "Listener", "Network", "Process", "Stored",
    "contents", "look", "stored",
]  # fmt: skip


def look(hosts: Mapping[str, str], target: Target) -> dict[str, Host]:
    """Service -> facts, side by side. Raises Unmeasurable where a host cannot be looked into."""
    if not hosts:
        return {}
    secrets = {
        f"a secret of user {name}": secret.reveal() for name, user in target.users.items() for secret in user.secrets
    }
    for name, node in target.nodes.items():
        if node.identity is not None:
            secrets[f"the passcode of node {name}"] = node.identity.passcode.reveal()
    with ThreadPoolExecutor(len(hosts)) as pool:
        seen = pool.map(lambda name: _host(name, hosts[name], secrets), hosts)
        return {host.name: host for host in seen}


def _host(name: str, url: str, secrets: Mapping[str, str]) -> Host:
    shell = connect(url)
    container: Container | None = None
    told: tuple[str, ...] = ()
    if url.startswith("docker://"):
        container, told = _told(urlsplit(url).netloc, secrets)
    mounts = inside.mounted(run(shell, "cat /proc/mounts").decode(errors="replace"))
    ours = os.getpid() if url == "local://" else 0
    seen, said = inside.processes(run(shell, inside.PROCESSES).decode(), secrets, ours)
    tables = [f"if test -e /proc/net/{family}; then cat /proc/net/{family}; fi" for family in ("tcp", "tcp6")]
    return Host(
        name=name,
        url=url,
        container=container,
        processes=seen,
        listeners=tuple(listener for table in tables for listener in inside.listeners(run(shell, table))),
        root_read_only="ro" in mounts.get("/", ()),
        mentions=tuple(dict.fromkeys((*told, *said))),
        kept=kept(run(shell, inside.files(container=container is not None), accepted=(0, 1)), secrets, mounts),
        logs=inside.logs(run(shell, inside.LOGS).decode(errors="replace")),
        healthy=container is not None and _is_healthy(shell, container),
        packages=inside.packages(run(shell, inside.PACKAGES).decode()),
        release=run(shell, ". /etc/os-release && echo $VERSION_CODENAME").decode().strip(),
    )


def _told(identifier: str, secrets: Mapping[str, str]) -> tuple[Container, tuple[str, ...]]:
    """What the engine says, and where secrets stand in it."""
    local = connect("local://")
    details = checked(local, "docker inspect", local.docker(identifier).inspect)
    linked = {each["NetworkID"] for each in details["NetworkSettings"]["Networks"].values()}
    networks = [
        engine.network(read_json(local, f"docker network inspect {each}")[0]) for each in sorted(linked) if each
    ]
    history = run(local, f"docker history --no-trunc --format '{{{{.CreatedBy}}}}' {details['Image']}").decode()
    told = mentioned(secrets, environment=details["Config"]["Env"] or (), history=history.splitlines())
    return engine.described(details, networks), told


def _is_healthy(shell: Shell, container: Container) -> bool:
    """No command is no sign of health, and neither is one that does not end within the deadline."""
    if not container.health:
        return False
    try:
        run(shell, engine.health_command(container.health))
    except Unmeasurable:
        return False
    return True


def stored(hosts: Iterable[Host], uid: str) -> list[Stored]:
    """Every file, on whatever can be written to, that holds ``uid``: where the archive keeps what it was sent."""
    found = []
    for host in hosts:
        shell = connect(host.url)
        mounts = inside.mounted(run(shell, "cat /proc/mounts").decode(errors="replace"))
        searched = " ".join(sorted(inside.writable(mounts)))
        if not searched:
            continue
        command = f"timeout 50 grep -rlsF -D skip -- {uid} {searched} || test $? -lt 3"  # 1: nowhere; 2: unreadable
        for path in run(shell, command).decode(errors="replace").splitlines():
            parents = ["/" + "/".join(path.split("/")[1:n]) for n in range(1, path.count("/") + 1)]
            quoted = " ".join("'" + each.replace("'", r"'\''") + "'" for each in (*parents, path))
            lines = run(shell, f"stat -c '%a %u %n' -- {quoted}").decode(errors="replace")
            found.append(Stored(host, inside.entries(lines)))
    return found


_PASSING = "tmp var/tmp dev/shm run var/log var/spool"


def passing(url: str) -> bytes:
    """What stands where programs put what is for a moment, as a tar archive. What may not be read is left out."""
    there = f"$(for each in {_PASSING}; do [ -d $each ] && [ ! -L $each ] && echo $each; done)"
    return run(connect(url), f"cd / && tar --create --ignore-failed-read --exclude='*.sock' {there} 2>/dev/null")


def contents(url: str, folder: str) -> bytes:
    """A folder with everything in it, as a tar archive. Raises Unmeasurable where it cannot be read."""
    return run(connect(url), f"tar --create --directory='{folder}' .")

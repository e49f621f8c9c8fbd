"""What the engine says of a container."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from .facts import Binding, Container, Network


def described(details: Mapping[str, Any], networks: Sequence[Network]) -> Container:
    """``details`` is what ``docker inspect`` prints."""
    config, host = details["Config"], details["HostConfig"]
    spaces = {"pid": "PidMode", "ipc": "IpcMode", "network": "NetworkMode", "uts": "UTSMode", "user": "UsernsMode"}
    bindings = details["NetworkSettings"]["Ports"] or {}
    binds = [each.split(":")[0] for each in host.get("Binds") or ()]
    log = host.get("LogConfig") or {}
    health = tuple((config.get("Healthcheck") or {}).get("Test") or ())
    return Container(
        user=config["User"],
        privileged=bool(host["Privileged"]),
        shared=tuple(name for name, key in spaces.items() if host.get(key) == "host"),
        read_only=bool(host["ReadonlyRootfs"]),
        added=tuple(host.get("CapAdd") or ()),
        unconfined=any(re.fullmatch("seccomp[=:]unconfined", each) for each in host.get("SecurityOpt") or ()),
        memory=max(0, host["Memory"] or 0),
        pids=max(0, host["PidsLimit"] or 0),
        exposed=frozenset(int(port.partition("/")[0]) for port in config.get("ExposedPorts") or {}),
        published=tuple(
            Binding(inside, each["HostIp"] or "0.0.0.0", int(each["HostPort"]))  # noqa: S104  what the engine means by ""
            for inside, bound in sorted(bindings.items())
            for each in bound or ()
        ),
        networks=tuple(networks),
        mounted=tuple(
            sorted({*binds, *(each["Source"] for each in details.get("Mounts") or () if each["Type"] == "bind")})
        ),
        log=log.get("Type", ""),
        log_bounded=log.get("Type") != "json-file" or bool((log.get("Config") or {}).get("max-size")),  # "local" is
        health=() if health[:1] == ("NONE",) else health,
        condition=((details.get("State") or {}).get("Health") or {}).get("Status", ""),
    )


def health_command(health: Sequence[str]) -> str:
    """For a shell. The engine writes ``CMD`` before arguments, and ``CMD-SHELL`` before a line."""
    kind, *words = health
    return words[0] if kind == "CMD-SHELL" else shlex.join(words)


def network(details: Mapping[str, Any]) -> Network:
    """One of what ``docker network inspect`` prints. The bridge masquerades unless it is told not to."""
    options = details.get("Options") or {}
    off = options.get("com.docker.network.bridge.enable_ip_masquerade") == "false"
    return Network(details["Name"], bool(details["Internal"]), details["Driver"] != "null" and not off)

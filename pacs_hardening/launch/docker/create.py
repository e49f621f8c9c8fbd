"""The networks, volumes and containers of one run, made side by side and locked down; nothing is started."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]

from ...model import Unmeasurable
from ...pki import authority
from ..definition import render
from ..definition.prepared import Prepared
from ..definition.service import File, Network, Service
from . import volumes
from .engine import Api
from .side_by_side import together

SOCKET = "/var/run/docker.sock"  # where software in containers looks for the engine


@dataclass(frozen=True)
class Run:
    """``id`` names everything of this run in the engine."""

    id: str
    api: Api
    prepared: Prepared
    people: render.Identities
    pki: authority.Pki
    own: Mapping[str, Mapping[str, Path]]
    labels: Mapping[str, str]

    def name(self, what: str) -> str:
        return f"pacs-hardening-{self.id}-{what}"


def contents(run: Run) -> dict[str, tuple[volumes.Volume, ...]]:
    """Service -> its volumes with their contents. Raises BadInput for an unknown placeholder."""
    plan = run.prepared.plan
    every = {**run.prepared.hardened.services, **plan.services}  # configuration may name one that is not started
    values = render.placeholders(plan, run.people, {name: run.name(name) for name in every})
    secret = {
        "ca.pem": run.pki.ca,
        "crl.pem": run.pki.crl,
        "server.crt": run.pki.server.certificate,
        "server.key": run.pki.server.key,
        "server.pem": run.pki.server_pem,
        "collector.pem": run.pki.collector_pem,
        "sender.pem": run.pki.sender_pem,
    }

    def content(name: str, file: File) -> bytes:
        if file.secret:
            return {**secret, **run.own.get(name, {})}[file.secret].read_bytes()
        if file.package:
            return volumes.zipped(file.package)
        return render.fill(run.prepared.sources[file.source], values, file.source).encode()

    return {
        name: volumes.of_service(run.name(name), service, partial(content, name))
        for name, service in plan.services.items()
    }


def create(run: Run, references: Mapping[str, str], filled: Mapping[str, tuple[volumes.Volume, ...]]) -> dict[str, str]:
    """Networks, then containers with their volumes filled, side by side. Service -> container id."""
    plan = run.prepared.plan
    together({name: _network(run, name, network) for name, network in plan.networks.items()})
    calls = {
        name: _container(run, name, service, references[name], filled[name]) for name, service in plan.services.items()
    }
    every = [volume for each in filled.values() for volume in each]
    helper = next(iter(references.values()))

    def fill() -> str:
        volumes.fill(run.api, helper, run.name("fill"), every, run.labels)
        return ""

    made = together({**calls, "/fill": fill})
    return {name: made[name] for name in plan.services}


def _network(run: Run, name: str, network: Network) -> Callable[[], object]:
    return lambda: run.api.create_network(
        run.name(name),
        driver="bridge",
        internal=network.internal,
        options={"com.docker.network.bridge.enable_ip_masquerade": str(network.masquerade).lower()},
        labels=dict(run.labels),
    )


def _container(
    run: Run, name: str, service: Service, image: str, filled: tuple[volumes.Volume, ...]
) -> Callable[[], str]:
    def create() -> str:
        first, *others = service.networks
        made = run.api.create_container(
            image,
            name=run.name(name),
            hostname=name,
            user="{}:{}".format(*service.user),
            environment=dict(service.environment),
            labels=dict(run.labels),
            stop_signal=service.stop_signal,
            healthcheck={"test": list(service.health)} if service.health else None,
            ports=[*{*(each.port for each in service.publish), *service.exposes}],
            host_config=_host_config(run, service, filled, run.name(first)),
            networking_config=run.api.create_networking_config({run.name(first): _endpoint(run, name)}),
        )
        for other in others:  # one network at creation is all that engines before 25 accept
            run.api.connect_container_to_network(made["Id"], run.name(other), aliases=[name])
        return str(made["Id"])

    return create


def _endpoint(run: Run, name: str) -> Any:
    return run.api.create_endpoint_config(aliases=[name])


def _host_config(run: Run, service: Service, filled: tuple[volumes.Volume, ...], network: str) -> Any:
    return run.api.create_host_config(
        network_mode=network,
        privileged=service.privileged,
        read_only=service.read_only,
        cap_drop=list(service.cap_drop),
        security_opt=_security(service),
        mem_limit=service.memory or None,
        memswap_limit=service.memory or None,
        pids_limit=service.pids or -1,
        ulimits=_stack(service.stack),
        tmpfs=dict(service.tmpfs),
        init=False,
        restart_policy={"Name": "no"},
        extra_hosts=_left_out(run),
        log_config={"Type": "json-file", "Config": _kept(service.log_max)},
        port_bindings={each.port: ("127.0.0.1", 0) for each in service.publish},
        mounts=[volumes.mount(each, str(each.folder), run.labels, read_only=True) for each in filled],
        binds=[f"{_socket(run)}:{SOCKET}:ro"] if service.mounts_socket else [],
    )


def _stack(size: str) -> list[docker.types.Ulimit]:
    """glibc gives every thread a stack of the soft limit's size (pthread_create(3))."""
    octets = docker.utils.parse_bytes(size) if size else 0
    return [docker.types.Ulimit(name="stack", soft=octets, hard=octets)] if octets else []


def _left_out(run: Run) -> dict[str, str]:
    """Names of services that were not started: a guard that looks them up as it starts would wait for an answer."""
    return dict.fromkeys(run.prepared.hardened.services.keys() - run.prepared.plan.services.keys(), "127.0.0.1")


def _kept(log_max: str) -> dict[str, str]:
    return {"max-size": log_max, "max-file": "2"} if log_max else {}


def _security(service: Service) -> list[str]:
    return [
        *([] if service.new_privileges else ["no-new-privileges"]),
        *([f"seccomp={service.seccomp}"] if service.seccomp else []),
    ]


def _socket(run: Run) -> str:
    """Where this engine listens. Raises Unmeasurable where that is no socket in the file system."""
    where = os.environ.get("DOCKER_HOST") or f"unix://{SOCKET}"
    if not where.startswith("unix:"):
        raise Unmeasurable(f"{run.prepared.name}: the engine at {where} has no socket that could be mounted")
    return "/" + where.removeprefix("unix:").lstrip("/")

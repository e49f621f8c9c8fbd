"""Services as containers: locked down, on networks of their own, with every trace removed at the end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import DockerException  # type: ignore[import-untyped]

from ..model import Door, Unmeasurable
from . import images, observe, pki, render, sweep, volumes
from .build import Build
from .engine import Api, connect, errors_named
from .plan import File, Service
from .running import Running
from .together import Crew, together

READY_DEADLINE_S = 60.0
LOG_MAX = "16m"


@dataclass(frozen=True)
class _Run:
    """``id`` names everything of this run in the engine."""

    id: str
    api: Api
    build: Build
    people: render.Cast
    pki: pki.Pki
    labels: Mapping[str, str]

    def name(self, what: str) -> str:
        return f"pacs-hardening-{self.id}-{what}"


@contextmanager
def start(build: Build, folder: Path, say: Callable[[str], None]) -> Iterator[Running]:
    """The environment, up and ready; its keys are written into ``folder``. Raises Unmeasurable if it does not come up.

    Whatever happens within, even half-way through starting, leaving removes containers, networks and volumes.
    """
    with ExitStack() as stack:
        api = stack.enter_context(connect())
        people = render.cast(build.plan)
        keys = pki.make(folder / "pki", people.cns, build.plan.server_names, build.plan.server_defect)
        run_id = secrets.token_hex(4)
        run = _Run(run_id, api, build, people, keys, sweep.labels(run_id))
        filled = _volumes(run)
        with errors_named("cannot clear away what dead runs left"):
            sweep.sweep(api)
        with errors_named("cannot look for images"):
            references = images.ensure(api, build.folder, build.plan.services, say)
        waiting: Crew[None] = Crew()
        stack.callback(waiting.join, 5.0)
        stack.callback(_remove, run, say)
        with errors_named(f"cannot start {build.name}"):
            containers = _create(run, references, filled)
            _start(run, containers)
            _await(run, containers, waiting)
            doors = _doors(run, containers)
        yield Running(
            target=render.target(build.name, build.plan, people, keys, doors),
            fingerprint=lambda: observe.fingerprint(api, containers),
            arrivals=lambda: observe.arrivals(api, containers, build.plan.arrivals),
            logs=lambda: observe.logs(api, containers, people.mask),
        )


def _volumes(run: _Run) -> dict[str, tuple[volumes.Volume, ...]]:
    """Service -> its volumes with their contents. Raises BadInput for an unknown placeholder."""
    values = render.placeholders(run.build.plan, run.people)
    secret = {
        "ca.pem": run.pki.ca,
        "crl.pem": run.pki.crl,
        "server.crt": run.pki.server.certificate,
        "server.key": run.pki.server.key,
        "server.pem": run.pki.server_pem,
    }

    def content(file: File) -> bytes:
        if file.secret:
            return secret[file.secret].read_bytes()
        return render.fill(run.build.sources[file.source], values, file.source).encode()

    return {
        name: volumes.of_service(run.name(name), service, content) for name, service in run.build.plan.services.items()
    }


def _create(
    run: _Run, references: Mapping[str, str], filled: Mapping[str, tuple[volumes.Volume, ...]]
) -> dict[str, str]:
    """Networks, then containers with their volumes filled, side by side. Service -> container id."""
    plan = run.build.plan
    together({name: _network(run, name, internal) for name, internal in plan.networks.items()})
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


def _network(run: _Run, name: str, internal: bool) -> Callable[[], object]:
    return lambda: run.api.create_network(
        run.name(name),
        driver="bridge",
        internal=internal,
        options={"com.docker.network.bridge.enable_ip_masquerade": "false"},
        labels=dict(run.labels),
    )


def _container(
    run: _Run, name: str, service: Service, image: str, filled: tuple[volumes.Volume, ...]
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
            ports=[each.port for each in service.publish],
            host_config=_host_config(run, service, filled, run.name(first)),
            networking_config=run.api.create_networking_config({run.name(first): _endpoint(run, name)}),
        )
        for other in others:  # one network at creation is all that engines before 25 accept
            run.api.connect_container_to_network(made["Id"], run.name(other), aliases=[name])
        return str(made["Id"])

    return create


def _endpoint(run: _Run, name: str) -> Any:
    return run.api.create_endpoint_config(aliases=[name])


def _host_config(run: _Run, service: Service, filled: tuple[volumes.Volume, ...], network: str) -> Any:
    return run.api.create_host_config(
        network_mode=network,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=service.memory,
        memswap_limit=service.memory,
        pids_limit=service.pids,
        tmpfs=dict(service.tmpfs),
        init=False,
        restart_policy={"Name": "no"},
        log_config={"Type": "json-file", "Config": {"max-size": LOG_MAX, "max-file": "2"}},
        port_bindings={each.port: ("127.0.0.1", 0) for each in service.publish},
        mounts=[volumes.mount(each, str(each.folder), run.labels, read_only=True) for each in filled],
    )


def _start(run: _Run, containers: Mapping[str, str]) -> None:
    """First what the hardened environment keeps inside, then what it publishes: a guard looks up the name of what it
    guards when it starts, and the engine knows a name only once its container runs."""
    published = {name for name, service in run.build.hardened.services.items() if service.publish}
    for wave in (containers.keys() - published, containers.keys() & published):
        together({name: _starting(run, containers[name]) for name in containers if name in wave})


def _starting(run: _Run, container: str) -> Callable[[], object]:
    return lambda: run.api.start(container)


def _await(run: _Run, containers: Mapping[str, str], waiting: Crew[None]) -> None:
    def one(name: str, container: str) -> Callable[[], None]:
        ready = run.build.plan.services[name].ready
        return lambda: observe.await_ready(run.api, name, container, ready, run.people.mask)

    try:
        waiting.run({name: one(name, each) for name, each in containers.items()}, READY_DEADLINE_S)
    except TimeoutError as error:
        late = str(error).split(", ")
        raise Unmeasurable(
            f"not ready after {READY_DEADLINE_S:.0f} s: {error}\n"
            + observe.logs(run.api, {name: containers[name] for name in late}, run.people.mask)
        ) from None


def _doors(run: _Run, containers: Mapping[str, str]) -> tuple[Door, ...]:
    """In the order declared; those that only the weakness opens come last. Raises Unmeasurable for a dead service."""
    declared = [
        (name, each.port)
        for plan in (run.build.hardened, run.build.plan)
        for name, service in plan.services.items()
        for each in service.publish
    ]
    doors: dict[tuple[str, int], Door] = {}
    for name, container in containers.items():
        details = run.api.inspect_container(container)
        if not details["State"]["Running"]:
            raise observe.ended(run.api, name, container, run.people.mask)
        for each in run.build.plan.services[name].publish:
            bound = details["NetworkSettings"]["Ports"][f"{each.port}/tcp"][0]
            doors[name, each.port] = Door(each.service, "127.0.0.1", int(bound["HostPort"]), each.tls)
    return tuple(doors[key] for key in dict.fromkeys(declared) if key in doors)


def _remove(run: _Run, say: Callable[[str], None]) -> None:
    try:
        sweep.remove(run.api, lambda labels: labels.get(sweep.RUN) == run.id)
    except (DockerException, OSError) as error:
        say(f"could not remove everything of run {run.id}; the next start will: {error}")

"""Services as containers: locked down, on networks of their own, with every trace removed at the end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from docker.errors import DockerException  # type: ignore[import-untyped]

from ...model import Endpoint, Unmeasurable
from ...model.running import Running
from ...model.trail import Trail
from ...pki import authority, services
from ..definition import render
from ..definition.plan import with_keys
from ..definition.prepared import Prepared
from . import (
    configured,
    images,
    observe,
    sweep,
    usage,
)
from .create import Run, contents, create
from .engine import connect, errors_named
from .side_by_side import SideBySide, together


@contextmanager
def start(prepared: Prepared, folder: Path, say: Callable[[str], None]) -> Iterator[Running]:
    """The environment, up and ready; its keys are written into ``folder``. Raises Unmeasurable if it does not come up.

    Whatever happens within, even half-way through starting, leaving removes containers, networks and volumes.
    """
    with ExitStack() as stack:
        api = stack.enter_context(connect())
        people = prepared.people
        plan = prepared.plan
        keys = authority.make(folder / "pki", people.cns, plan.server_names, plan.server_defect, plan.server_key)
        own = services.make(folder / "services", keys, with_keys(prepared.hardened, plan), people.pin)
        run_id = secrets.token_hex(4)
        run = Run(run_id, api, prepared, people, keys, own, sweep.labels(run_id))
        filled = contents(run)
        _tolerantly(lambda: sweep.sweep(api), "what dead runs left", say)
        with errors_named("cannot look for images"):
            references = images.ensure(api, prepared.folder, prepared.plan.services, say, prepared.plan.pulled)
        waiting: SideBySide[None] = SideBySide()
        streams: list[Any] = []
        stack.callback(waiting.join, 5.0)
        stack.callback(observe.hang_up, streams)
        stack.callback(_remove, run, say)
        with errors_named(f"cannot start {prepared.name}"):
            containers = create(run, references, filled)
            _start(run, containers)
            _await(run, containers, waiting, streams)
            endpoints = _endpoints(run, containers)
            trail = _collect(run, containers, waiting, streams)
        seen = prepared.plan.arrivals
        target = render.target(prepared.name, prepared.plan, people, keys, endpoints)
        yield Running(
            target=replace(target, capabilities=target.capabilities | {"host", "usage"}),
            fingerprint=lambda: observe.fingerprint(api, containers),
            arrivals=None if seen is None else lambda: observe.arrivals(api, containers, seen),
            logs=lambda: observe.logs(api, containers, people.mask),
            listeners=observe.listeners(api, containers),
            audit=None if trail is None else trail.after,
            usage=lambda: usage.of_containers(api, containers),
            hosts=MappingProxyType({name: f"docker://{container}" for name, container in containers.items()}),
            configurations=MappingProxyType(configured.lay(prepared.plan, filled, folder / "configuration")),
        )


def build(every: Iterable[Prepared], say: Callable[[str], None]) -> None:
    """Make every image that is not there yet. Raises Unmeasurable."""
    with connect() as api, errors_named("cannot look for images"):
        for prepared in every:
            images.ensure(api, prepared.folder, prepared.plan.services, say, prepared.plan.pulled)


def _start(run: Run, containers: Mapping[str, str]) -> None:
    """First what the hardened environment keeps inside, then what it publishes: a guard looks up the name of what it
    guards when it starts, and the engine knows a name only once its container runs."""
    published = {name for name, service in run.prepared.hardened.services.items() if service.publish}
    for wave in (containers.keys() - published, containers.keys() & published):
        together({name: _starting(run, containers[name]) for name in containers if name in wave})


def _starting(run: Run, container: str) -> Callable[[], object]:
    return lambda: run.api.start(container)


def _await(run: Run, containers: Mapping[str, str], waiting: SideBySide[None], streams: list[Any]) -> None:
    def one(name: str, container: str) -> Callable[[], None]:
        ready = run.prepared.plan.services[name].ready
        return lambda: observe.await_ready(run.api, name, container, ready, run.people.mask, streams)

    within = max(service.ready_within for service in run.prepared.plan.services.values())
    try:
        waiting.run({name: one(name, each) for name, each in containers.items()}, within)
    except TimeoutError as error:
        late = str(error).split(", ")
        raise Unmeasurable(
            f"not ready after {within} s: {error}\n"
            + observe.logs(run.api, {name: containers[name] for name in late}, run.people.mask, lines=60)
        ) from None


def _collect(run: Run, containers: Mapping[str, str], waiting: SideBySide[None], streams: list[Any]) -> Trail | None:
    """What the environment's log server receives, from now on and before; None where it has none."""
    if not run.prepared.plan.audit:
        return None
    trail = Trail()
    stream = run.api.logs(containers[run.prepared.plan.audit], stdout=True, stderr=False, stream=True, follow=True)
    streams.append(stream)
    waiting.start(lambda: trail.follow(stream))
    return trail


def _endpoints(run: Run, containers: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """In the order declared; those that only the weakness opens come last. Raises Unmeasurable for a dead service."""
    declared = [
        (name, each.port)
        for plan in (run.prepared.hardened, run.prepared.plan)
        for name, service in plan.services.items()
        for each in service.publish
    ]
    endpoints: dict[tuple[str, int], Endpoint] = {}
    for name, container in containers.items():
        details = run.api.inspect_container(container)
        if not details["State"]["Running"]:
            raise observe.ended(run.api, name, container, run.people.mask)
        for each in [each for each in run.prepared.plan.services[name].publish if each.endpoint]:
            bound = details["NetworkSettings"]["Ports"][f"{each.port}/tcp"][0]
            endpoints[name, each.port] = Endpoint(each.service, "127.0.0.1", int(bound["HostPort"]), each.tls)
    return tuple(endpoints[key] for key in dict.fromkeys(declared) if key in endpoints)


def _remove(run: Run, say: Callable[[str], None]) -> None:
    _tolerantly(
        lambda: sweep.remove(run.api, lambda labels: labels.get(sweep.RUN) == run.id),
        f"everything of run {run.id}",
        say,
    )


def _tolerantly(removal: Callable[[], None], what: str, say: Callable[[str], None]) -> None:
    """What stays behind changes no finding, and the next start tries again."""
    try:
        removal()
    except (DockerException, OSError) as error:
        say(f"could not remove {what}; the next start will try again: {error}")

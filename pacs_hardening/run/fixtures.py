"""What a control is given: the target, its authorised peers, and what is looked at once a run. They come with the
plugin."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache, partial

import pytest

from ..canary import objects, spread, storage_classes
from ..canary.codestreams import COMPRESSED
from ..canary.table import query_keys
from ..model import (
    Endpoint,
    Missing,
    Target,
    Unmeasurable,
    Unnamed,
)
from ..model.running import Running
from ..oracles.redaction import Evidence, evidence
from ..probes.audit.everyday import happens
from ..probes.audit.trail import Trail
from ..probes.authorised import Authorised
from ..probes.configuration import Read, read
from ..probes.host import Host, look
from ..probes.listeners import CONVENTIONAL, Listener, listening
from ..probes.research.release import release
from ..probes.research.sending import accepted
from ..probes.tls.scan import TlsFacts
from ..probes.tls.scan import scan as scan_endpoints
from ..profiles import Profile, conventional_paths
from .gate import Gate
from .opening import opened
from .plugin import GATE


@pytest.fixture(scope="session")
def gate(request: pytest.FixtureRequest) -> Gate:
    return request.config.stash[GATE]


@pytest.fixture(scope="session")
def running(gate: Gate, request: pytest.FixtureRequest) -> Iterator[Running]:
    """The started environment or opened target, proven alive by an authorised peer."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with ExitStack() as stack:
        with capture.global_and_fixture_disabled():  # building an image takes a minute, and says so
            running = stack.enter_context(opened(gate))
        yield running


@pytest.fixture(scope="session")
def target(running: Running) -> Target:
    return running.target


@pytest.fixture(scope="session")
def authorised(gate: Gate, running: Running) -> Authorised:
    """The positive control: what the target's own nodes and users can do."""
    if gate.authorised is None:
        raise Unmeasurable("the target was not opened")
    return gate.authorised


@pytest.fixture(scope="session")
def arrivals(running: Running) -> Callable[[], int] | None:
    """Counts the objects that reached the environment's move destination; None where that cannot be seen."""
    return running.arrivals


@pytest.fixture(scope="session")
def trail(running: Running) -> Trail:
    """What reached the environment's log server. Raises Missing where nobody said that there is one."""
    if running.audit is None:
        raise Missing("the target names no log server at which its audit records could be seen to arrive")
    return Trail(running.audit, partial(happens, running.target))


@pytest.fixture(scope="session")
def hosts(running: Running) -> Mapping[str, Host]:
    """What each host of the target looks like, by service, looked at once; empty where nobody may look."""
    return look(running.hosts, running.target)


@pytest.fixture(scope="session")
def listeners(running: Running, target: Target) -> Callable[[], tuple[Listener, ...]]:
    """What else answers beside the endpoints of the target: at everything it publishes, or, where that is not known, at
    the ports that it names and the conventional ones, but for those that it says are not its own."""
    known = {(endpoint.host, endpoint.port) for endpoint in target.all_endpoints}
    hosts = dict.fromkeys(endpoint.host for endpoint in target.endpoints)
    ports = dict.fromkeys((*target.ports, *CONVENTIONAL))
    conventional = tuple((host, port) for host in hosts for port in ports if port not in target.not_mine)
    addresses = conventional if running.listeners is None else running.listeners
    named = [target.routes.get(name) or "" for name in ("rest", "qido")]
    paths = [*filter(None, named), *conventional_paths()["rest"], *conventional_paths()["qido"]]
    return lambda: listening([each for each in addresses if each not in known], target, paths)


@pytest.fixture(scope="session")
def configured(running: Running) -> Callable[[], Read]:
    """Reads, once, what the configuration opens that the target was started with."""

    def of() -> Read:
        if not running.configurations:
            raise Unnamed("no configuration was named that could be read (config)")
        return read(running.configurations)

    return cache(of)


@pytest.fixture(scope="session")
def profile(gate: Gate) -> Profile:
    return gate.profile


@pytest.fixture(scope="session")
def scan(target: Target) -> Callable[[Endpoint], TlsFacts]:
    """TLS versions and suites of an endpoint; all TLS endpoints are scanned side by side when the first is asked
    for."""
    facts: dict[Endpoint, TlsFacts] = {}

    def of(endpoint: Endpoint) -> TlsFacts:
        if not facts:
            facts.update(scan_endpoints([d for d in target.endpoints if d.tls], target))
        return facts[endpoint]

    return of


@pytest.fixture(scope="session")
def gathered(running: Running, authorised: Authorised) -> Callable[[], Evidence]:
    """Each call counts what the reader was served as positive controls: without copies, nothing was redacted."""
    once: list[Evidence | Unmeasurable] = []

    def of() -> Evidence:
        if running.target.research is None:
            raise Unnamed("the target names no research side")
        if not once:
            once.append(_gather(running))
        if isinstance(once[0], Unmeasurable):
            raise once[0]
        authorised.count_successes(len(once[0].released.copies))
        return once[0]

    return of


def _gather(running: Running) -> Evidence | Unmeasurable:
    assert running.target.research is not None
    target, research, seed = running.target, running.target.research, secrets.randbits(32)
    canaries = objects(seed)
    try:
        space = spread(seed, *accepted(target, research, storage_classes(), sorted(COMPRESSED)))
        sent = [*(each.dataset for each in canaries.planted), *(each.dataset for each in space.planted)]
        syntaxes = {str(each.dataset.SOPInstanceUID): each.syntax for each in space.planted}
        released = release(target, research, sent, query_keys(), running.hosts, syntaxes)
        titles = (target.called_aet, research.called_aet, *(node.aet for node in target.nodes.values()))
        return evidence(canaries, released, space, (*titles, *dict.fromkeys(each.host for each in target.endpoints)))
    except Unmeasurable as error:
        return error

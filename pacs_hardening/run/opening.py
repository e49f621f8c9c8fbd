"""A gate's target is started or opened, proven alive and served, and at the end proven to be the same still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from ..launch import owner
from ..launch.logs import followed
from ..model import Impact, Unmeasurable, Unserved
from ..model.running import Running
from ..pki.foreign import foreign
from ..probes.authorised import Authorised
from ..probes.authorised.study import store_sample_study
from ..probes.burst import measure_rate
from ..probes.web.onward import only_sends_on
from ..report import words
from ..wire import pace
from . import stopped
from .alive import SERVICES, Alive
from .gate import Gate
from .product import completed


@contextmanager
def opened(gate: Gate) -> Iterator[Running]:
    """Start or open the target, prove it alive and served, store a sample study where writing is
    allowed; at the end prove that it still is the same. Raises Unmeasurable where any of that fails."""
    gate.end_phase("import and collect")
    try:
        with _running(gate) as running:
            gate.end_phase("start")
            born = running.fingerprint()
            try:
                _prove_served(gate, running)
            except Unmeasurable as error:
                seconds = stopped.AT_ONCE_S if gate.start is not None else 0.0  # its processes are seen
                if died := stopped.within(seconds, born, running, _changed):
                    gate.stopped = stopped.by_a_handshake(gate.again, _changed) if gate.again else {}
                    raise Unmeasurable(error.said, *died) from error
                raise
            gate.end_phase("positive controls at the start")
            yield gate.running or running
            gate.end_phase("controls")
            if gate.aborted is None:
                _prove_unchanged(gate, born, running)
            gate.end_phase("positive controls at the end")
    except Unmeasurable as error:
        gate.abort(words.error(error))
        gate.distrust_passes()
        raise
    finally:
        gate.end_phase("clean-up")


@contextmanager
def _running(gate: Gate) -> Iterator[Running]:
    if gate.start is not None:
        with gate.start as running:
            yield running
    else:
        assert gate.target is not None
        pace.keep_manners(gate.target.all_endpoints, gate.rate)
        hosts, files = gate.target.hosts, gate.target.configurations
        # What its processes hold can be seen only where the suite itself started them.
        seen = gate.target.capabilities - {"usage"} | ({"host"} if hosts else set())
        with ExitStack() as stack:
            made = foreign(gate.target, stack.enter_context(owner.folder()))
            target = replace(gate.target, capabilities=seen, bad_keys={**made, **gate.target.bad_keys})
            trail = stack.enter_context(followed(gate.target.audit)) if gate.target.audit else None
            audit = trail.after if trail else None
            yield Running(target, lambda: "", None, lambda: "", hosts=hosts, configurations=files, audit=audit)


def _prove_served(gate: Gate, running: Running) -> None:
    target = running.target
    if gate.allow is not None:
        target = replace(target, ceiling=gate.allow)
    onward = [each for each in target.endpoints_of("web") if not each.tls and only_sends_on(target, each)]
    if onward and len(onward) < len(target.endpoints_of("web")):
        target = replace(target, endpoints=tuple(each for each in target.endpoints if each not in onward))
        gate.notes["Not asked: it only sends on to https"] = tuple(map(str, onward))
    if gate.environment and not all(map(target.endpoints_of, SERVICES)):  # a side that is reached through both
        target = replace(target, research=None)
    gate.authorised = Authorised(target)
    gate.alive = Alive.of(target, gate.authorised)
    for service in gate.alive.services:
        measure_rate(target.endpoints_of(service)[0], target)
    if target.ceiling >= Impact.WRITES and "dicom" in gate.alive.asked and gate.authorised.stores():
        try:
            target = replace(target, sample_study=store_sample_study(gate.authorised))
        except Unserved as refused:
            gate.alive.unproven["dicom"] = words.error(refused)
    if gate.product is not None and "web" in gate.alive.asked:
        target = completed(target, gate.product, gate.authorised)
    if target is not gate.authorised.target:
        spoilt, gate.authorised = gate.authorised.spoilt, Authorised(target)
        gate.authorised.spoilt = spoilt
    gate.target = target
    files = {name: replace(each, source=gate.source) for name, each in running.configurations.items()}
    gate.running = replace(running, target=target, configurations=files if gate.source else running.configurations)


def _prove_unchanged(gate: Gate, born: str, running: Running) -> None:
    assert gate.authorised is not None
    for service in gate.alive.asked:
        gate.authorised.pulse(service)
    if (now := running.fingerprint()) != born:
        raise Unmeasurable("a server process of the target died or restarted during the run", *_changed(born, now))


def _changed(before: str, now: str) -> list[str]:
    """The lines of a fingerprint that are new, for the report."""
    lines = [line for line in now.splitlines() if line not in before.splitlines()]
    return [f"; {line}" for line in lines]

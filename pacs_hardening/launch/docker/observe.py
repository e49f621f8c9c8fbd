"""What can be seen of running containers from inside: readiness, logs, arrivals, and that they are still the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from signal import Signals
from typing import Any

from docker.errors import NotFound  # type: ignore[import-untyped]

from ...model import Unmeasurable
from ..definition.plan import Arrivals
from .engine import Api, errors_named

TAIL_LINES = 20_000  # some megabytes: whatever was written in a run is looked through
_WRONG = re.compile(r"(?i)^[EF]\d{4} |\b(error|fatal|exception|failed|cannot|unable|denied|invalid)\b")
Mask = Callable[[str], str]


def await_ready(api: Api, service: str, container: str, ready: str, mask: Mask, streams: list[Any]) -> None:
    """Follow the log until a line holds ``ready``; an empty ``ready`` holds at once. ``streams`` gets the stream that
    is read, for ``hang_up``.

    Raises Unmeasurable with the last log lines if the log ends first, as it does when the container exits.
    """
    if not ready:
        return
    stream = api.logs(container, stream=True, follow=True)
    streams.append(stream)
    try:
        seen = b""
        for chunk in stream:
            seen = (seen + chunk)[-65536:]
            if ready.encode() in seen:
                return
    finally:
        stream._response.close()  # its own close() leaves the descriptor to the garbage collector (docker 7)
    raise ended(api, service, container, mask)


def hang_up(streams: Iterable[Any]) -> None:
    """End what ``await_ready`` still reads: the engine may keep following the log of a container that it removed."""
    for stream in streams:
        with suppress(AttributeError, OSError):  # its reader is closing it
            stream.close()


def ended(api: Api, service: str, container: str, mask: Mask) -> Unmeasurable:
    said = _worst_first(tail(api, container, 60).splitlines())
    return Unmeasurable(f"service {service} {_end(_state(api, container))}; of its log:\n{mask(said)}")


def _end(state: Mapping[str, Any]) -> str:
    """How its process ended: by a signal, where the status says so (as shells count them, 128 and more)."""
    code = int(state.get("ExitCode") or 0)
    number = code - 128
    known = number in {each.value for each in Signals}
    what = f"was ended by signal {number} ({Signals(number).name})" if known else f"exited with status {code}"
    return what + (", out of memory" if state.get("OOMKilled") else "")


def _worst_first(lines: list[str]) -> str:
    """What looks like an error, then the end of it all."""
    wrong = [line for line in lines if _WRONG.search(line)][-5:]
    return "\n".join([*wrong, *([] if wrong == lines[-10:] else ["…"] if wrong else []), *lines[-10:]])


def listeners(api: Api, containers: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    """Address and port of everything that is published, whether anybody was told of it or not."""
    bound = [
        each
        for container in containers.values()
        for port, bindings in api.inspect_container(container)["NetworkSettings"]["Ports"].items()
        for each in (bindings or () if port.endswith("/tcp") else ())
    ]
    everywhere = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - as the engine names it
    return tuple(sorted({(everywhere.get(each["HostIp"], each["HostIp"]), int(each["HostPort"])) for each in bound}))


def tail(api: Api, container: str, lines: int) -> str:
    try:
        return str(api.logs(container, tail=lines).decode(errors="replace")).rstrip()
    except NotFound:
        return "(no such container any more)"


def logs(api: Api, containers: Mapping[str, str], mask: Mask, lines: int = TAIL_LINES) -> str:
    """Every service's log, the last ``lines`` of a longer one, under its name."""
    with errors_named("cannot read the logs"):
        return "\n".join(f"=== {name}\n{mask(tail(api, each, lines))}" for name, each in containers.items())


def fingerprint(api: Api, containers: Mapping[str, str]) -> str:
    """One line a container: changes when it stops, dies, or starts again."""
    with errors_named("cannot inspect the containers"):
        return "\n".join(f"{name} {each} {_life(api, each)}" for name, each in containers.items())


def arrivals(api: Api, containers: Mapping[str, str], seen: Arrivals) -> int:
    """Objects that reached the move destination since it started."""
    with errors_named("cannot read the logs"):
        lines = api.logs(containers[seen.service]).decode(errors="replace").splitlines()
    return sum(seen.line in line for line in lines)


def _life(api: Api, container: str) -> str:
    try:
        details = api.inspect_container(container)
    except NotFound:
        return "gone"
    state = details["State"]
    how = "" if state["Status"] == "running" else f"{_end(state)}, "
    return f"{how}{state['Status']} pid={state['Pid']} started={state['StartedAt']} restarts={details['RestartCount']}"


def _state(api: Api, container: str) -> Mapping[str, Any]:
    try:
        return dict(api.inspect_container(container)["State"])
    except NotFound:
        return {}

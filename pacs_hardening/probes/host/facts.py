"""What is known of a host: frozen facts, whoever told them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """``bounding`` is the bit mask of the capabilities that it or its children can ever have."""

    pid: int
    uid: int
    name: str
    bounding: int
    no_new_privileges: bool
    seccomp: bool


@dataclass(frozen=True)
class Listener:
    """A TCP port that listens inside."""

    address: str
    port: int

    @property
    def is_local(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Binding:
    """``inside`` (such as ``8042/tcp``) is published at ``address`` and ``port`` of the engine's host."""

    inside: str
    address: str
    port: int


@dataclass(frozen=True)
class Network:
    name: str
    internal: bool
    masquerading: bool


@dataclass(frozen=True)
class Container:
    """What the engine says. ``shared``: namespaces that are the engine host's own. ``mounted``: paths of the engine's
    host. ``exposed``: ports that are declared to listen. ``memory`` and ``pids``: 0 for no limit. ``log``: the engine's
    driver for what the service prints, and ``log_bounded``: how much of it is kept has a limit. ``health``: the command
    of the health check, () for none, and ``condition``: what the engine made of it."""

    user: str
    privileged: bool
    shared: tuple[str, ...]
    read_only: bool
    added: tuple[str, ...]
    unconfined: bool
    memory: int
    pids: int
    exposed: frozenset[int]
    published: tuple[Binding, ...]
    networks: tuple[Network, ...]
    mounted: tuple[str, ...]
    log: str
    log_bounded: bool
    health: tuple[str, ...]
    condition: str


@dataclass(frozen=True)
class Kept:
    """A file that holds a secret. ``layered``: it is no mount, and so a part of the image or of the container."""

    path: str
    what: str
    mode: int
    uid: int
    layered: bool


@dataclass(frozen=True)
class Entry:
    """A file or folder."""

    path: str
    mode: int
    uid: int


@dataclass(frozen=True)
class Host:
    """One service. ``container`` is None for a host that is none. ``root_read_only`` as seen from inside; ``mentions``:
    where secrets stand that are no files; ``logs``: those that everybody can read; ``healthy``: the command of the
    health check, called inside, succeeded; ``packages``: source package -> version; ``release``: the distribution's."""

    name: str
    url: str
    container: Container | None
    processes: tuple[Process, ...]
    listeners: tuple[Listener, ...]
    root_read_only: bool
    mentions: tuple[str, ...]
    kept: tuple[Kept, ...]
    logs: tuple[Entry, ...]
    healthy: bool
    packages: Mapping[str, str]
    release: str


@dataclass(frozen=True)
class Stored:
    """A stored object: ``way`` leads from the root to the file itself, which is last."""

    host: Host
    way: tuple[Entry, ...]

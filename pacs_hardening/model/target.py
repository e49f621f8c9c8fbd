"""A target: where an archive is, who may talk to it, and what may be done to it. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from .control import Impact


@dataclass(frozen=True)
class Secret:
    """A value that no ``repr``, log or report ever shows; ``reveal`` is for the wire only."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


@dataclass(frozen=True)
class Door:
    """One TCP port that can be reached. ``service`` is ``dicom`` or ``web``; the first of each kind is
    the one that authorised nodes use, any other is a further way in that is known to exist."""

    service: str
    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        scheme = {"dicom": ("dicom", "dicoms"), "web": ("http", "https")}[self.service][self.tls]
        host = f"[{self.host}]" if ":" in self.host else self.host  # RFC 3986 3.2.2
        return f"{scheme}://{host}:{self.port}"


@dataclass(frozen=True)
class KeyPair:
    """PEM files: a certificate (with its chain, leaf first) and its private key without a password."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Identity:
    """User identity for A-ASSOCIATE (PS3.7 D.3.3.7), type 2: user name and passcode."""

    username: str
    passcode: Secret


@dataclass(frozen=True)
class Node:
    """A DICOM peer of ours. ``permits`` holds the DIMSE services (``echo find get move store``) that the
    archive is meant to grant it; empty for a node that the archive does not know."""

    name: str
    aet: str
    permits: frozenset[str] = frozenset()
    keys: KeyPair | None = None
    identity: Identity | None = None


@dataclass(frozen=True)
class User:
    """A web user with a password."""

    username: str
    password: Secret


@dataclass(frozen=True)
class Specimen:
    """UIDs of one synthetic study that this run stored, so that positive controls have something to retrieve."""

    patient_id: str
    study: str
    series: str
    instance: str
    sop_class: str


@dataclass(frozen=True)
class WebRequest:
    """An HTTP request that is particular to a product. ``path`` and ``body`` may hold ``{study}``, ``{series}`` and
    ``{instance}``; ``type`` is the body's content type; ``door`` the route
    that it belongs with; ``does`` says what the request would do.

    ``absent``: it names an object that does not exist, so that 404 says that the archive looked for it.
    ``unfinished``: only its head is sent, and a body announced that never comes; so nothing can come of it.
    """

    path: str
    method: str = "GET"
    door: str = "rest"
    body: str = ""
    type: str = ""
    does: str = ""
    absent: bool = False
    unfinished: bool = False


@dataclass(frozen=True)
class Configuration:
    """What a service was started with: a file, or a folder that it reads whole. ``behind_guard``: its own ports are
    private, and a guard in front of it ends TLS. ``source``: what it was made of, where that is somebody's own."""

    path: Path
    behind_guard: bool = False
    source: Path | None = None


@dataclass(frozen=True)
class Folder:
    """Where a host keeps what it was sent, if that can be looked into."""

    host: str
    path: str


@dataclass(frozen=True)
class Research:
    """A second archive behind the doors of the first, for those who may see de-identified studies only.

    ``sender`` is the node that may store there, under ``called_aet``, and nothing else; ``reader`` and ``user`` are the
    node and the web user who may search and retrieve there, and nothing anywhere else. ``routes``: path templates by
    name, as those of the target. ``lists``: paths that list identifiers in JSON, each with the suffixes of what hangs
    below one identifier. ``storage`` and ``arrivals``: what it has stored, and what its C-MOVE destination received;
    ``move_destination``: None where it is that of the target.
    """

    called_aet: str
    sender: str
    reader: str
    user: str
    routes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    storage: Folder | None = None
    arrivals: Folder | None = None
    move_destination: str | None = None


@dataclass(frozen=True)
class Target:
    """An archive to judge.

    ``nodes``: by role, ``all`` (every service), ``query``, ``store``, and ``unknown`` (a certificate that the
    archive's CA signed, an AE title that it does not know). ``bad_keys``: client certificates to be refused, by
    defect (``self-signed``, ``unknown-ca``, ``expired`` …). ``routes``: path templates of the web doors, by name.
    ``further``: what else strangers must be refused at the web doors; ``dangerous``: what ordinary users must be
    refused too; ``body_limit``: the most bytes of a request body. ``log_lines``: lines in the form of the archive's
    own log, for ``datetime.strftime``, that would have ``{name}`` take part in something.
    ``capabilities``: which optional doors and services exist. ``transfer_syntaxes`` and ``sop_classes``: UIDs
    that the archive declares; empty where it declares nothing. ``hosts`` and ``configurations``, by service: of a
    target that runs already what ``launch.running.Running`` has of one that was started. ``research``:
    None where there is no such archive. ``product``: an environment in whose words it is said what to change.
    """

    name: str
    called_aet: str
    doors: tuple[Door, ...]
    nodes: Mapping[str, Node] = field(default_factory=lambda: MappingProxyType({}))
    bad_keys: Mapping[str, KeyPair] = field(default_factory=lambda: MappingProxyType({}))
    users: Mapping[str, User] = field(default_factory=lambda: MappingProxyType({}))
    routes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    further: tuple[WebRequest, ...] = ()
    dangerous: tuple[WebRequest, ...] = ()
    body_limit: int | None = None
    log_lines: tuple[str, ...] = ()
    ca: Path | None = None
    server_name: str = "localhost"
    capabilities: frozenset[str] = frozenset()
    ceiling: Impact = Impact.PASSIVE
    move_destination: str | None = None
    query_limit: int | None = None
    sop_classes: tuple[str, ...] = ()
    transfer_syntaxes: tuple[str, ...] = ()
    specimen: Specimen | None = None
    research: Research | None = None
    verify_server: bool = True
    hosts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    configurations: Mapping[str, Configuration] = field(default_factory=lambda: MappingProxyType({}))
    product: str = ""

    def doors_of(self, service: str) -> tuple[Door, ...]:
        return tuple(door for door in self.doors if door.service == service)

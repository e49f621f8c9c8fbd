"""What an environment.toml says, checked; environments/README.md describes it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ...config import research
from ...config.reader import Reader, keys, renamed
from ...config.table import Table
from ...model import Node, Target
from ...model.declared import ENVIRONMENT
from ...pki.certificates import SERVER_DEFECTS, SERVER_KEYS

KINDS = ("containers", "embedded")
OWN = ("service.pem", "service.p12", "ca.p12")  # of the service itself, by its name on its networks
SECRETS = ("ca.pem", "crl.pem", "server.crt", "server.key", "server.pem", "collector.pem", "sender.pem", *OWN)
_SERVICE = (
    "dockerfile base image networks user memory pids tmpfs ready stop_signal environment exposes publish files"
    " configuration privileged read_only cap_drop new_privileges seccomp mounts_socket log_max health only_for stack"
    " ready_within"
)
READY_WITHIN_S = 60
_CAPABILITIES = ("ALL", "CHOWN", "DAC_OVERRIDE", "NET_RAW", "SETGID", "SETUID")


@dataclass(frozen=True)
class Publish:
    """A port of a container. ``service`` is ``dicom`` or ``web``; without ``endpoint`` nobody is told that it is
    there."""

    port: int
    service: str
    tls: bool
    endpoint: bool = True


@dataclass(frozen=True)
class Network:
    """``internal``: no route out. ``masquerade``: a route out to everywhere."""

    internal: bool
    masquerade: bool = False


@dataclass(frozen=True)
class File:
    """``source`` (relative to the environment), ``secret``, or a Python ``package`` of this interpreter, zipped; laid
    at ``path`` in the container with ``mode``."""

    path: PurePosixPath
    mode: int
    source: str = ""
    secret: str = ""
    package: str = ""


@dataclass(frozen=True)
class Service:
    """One container. ``base`` is the build argument BASE of its Dockerfile, where that has not its own; ``user`` is
    (uid, gid); ``ready`` is empty for a service that says nothing when it is up; ``exposes`` are further ports that are
    meant to listen inside; ``configuration`` is the one of ``files``, or the folder of them, that the service reads as
    its configuration ("" where nobody can judge it); ``health`` is a HEALTHCHECK in place of the image's (() for none);
    ``only_for`` are the areas whose controls need it (() for all): it is not started for others; ``stack`` is the size
    of each thread's stack ("" for the engine's default); ``ready_within`` is how many seconds it may take to come up.
    What has a default here is as hardened as it can be: only a weakness may give another value."""

    dockerfile: str
    base: str
    image: str
    networks: tuple[str, ...]
    user: tuple[int, int]
    memory: str
    pids: int
    tmpfs: Mapping[str, str]
    ready: str
    stop_signal: str
    environment: Mapping[str, str]
    publish: tuple[Publish, ...]
    files: tuple[File, ...]
    exposes: tuple[int, ...]
    configuration: str
    health: tuple[str, ...]
    only_for: tuple[str, ...]
    stack: str
    ready_within: int
    privileged: bool = False
    read_only: bool = True
    cap_drop: tuple[str, ...] = ("ALL",)
    new_privileges: bool = False
    seccomp: str = ""
    mounts_socket: bool = False
    log_max: str = "16m"

    def configured(self) -> tuple[File, ...]:
        """The files that ``configuration`` names."""
        inside = [file for file in self.files if file.source and file.path.is_relative_to(self.configuration)]
        return tuple(inside) if self.configuration else ()


@dataclass(frozen=True)
class Arrivals:
    """Each log line of ``service`` that holds ``line`` is one object that arrived."""

    service: str
    line: str


@dataclass(frozen=True)
class Plan:
    """``weaknesses`` are folders of weaknesses that are shared, beside the environment's own; ``nodes`` maps a role to
    what it is permitted; ``target`` is what can be said before anything is started; ``audit`` is the service that
    collects audit records, or empty; ``secrets`` are names of passwords that services share with each other;
    ``pulled`` are images of the product's own publisher, without which nothing can be built."""

    title: str
    kind: str
    weaknesses: tuple[str, ...]
    networks: Mapping[str, Network]
    services: Mapping[str, Service]
    server_names: tuple[str, ...]
    server_defect: str
    server_key: str
    nodes: Mapping[str, frozenset[str]]
    users: tuple[str, ...]
    target: Target
    arrivals: Arrivals | None
    audit: str
    secrets: tuple[str, ...] = ()
    pulled: tuple[str, ...] = ()


def read(raw: Mapping[str, Any], where: Path) -> Plan:
    """Raises BadInput, naming ``where`` and the key, for whatever is unknown, missing, or does not fit together."""
    own = {"containers": "networks services", "embedded": "settings openings"}.get(
        str(raw.get("kind")), "networks services settings"
    )
    table = Table(raw, str(where), f"title kind weaknesses pki nodes users target secrets pulled {own}")
    pki = table.table("pki", "server_names server_defect server_key")
    reader = Reader(where.parent, ENVIRONMENT)
    target = table.table(
        "target", " ".join([*keys(Target, ENVIRONMENT), "arrivals", "audit"]), renamed(Target, ENVIRONMENT)
    )
    networks = {
        name: Network(each.flag("internal"), each.flag("masquerade", False))
        for name, each in table.named("networks", "internal masquerade").items()
    }
    nodes = table.named("nodes", *reader.below(Node))
    if "all" not in nodes:
        raise table.bad("nodes", "'all' is missing, the node that proves the archive alive")
    arrivals = target.table("arrivals", "service line")
    plan = Plan(
        title=table.text("title"),
        kind=table.text("kind", pattern="|".join(KINDS)),
        weaknesses=table.texts("weaknesses", ()),
        networks=networks,
        services={name: _service(each, networks) for name, each in table.named("services", _SERVICE).items()},
        server_names=pki.texts("server_names", ("localhost", "127.0.0.1")),
        server_defect=pki.text("server_defect", "", pattern=f"|{'|'.join(SERVER_DEFECTS)}"),
        server_key=pki.text("server_key", "ec", pattern="|".join(SERVER_KEYS)),
        nodes={role: reader.read(Node, each, {"name": role, "aet": ""}).permits for role, each in nodes.items()},
        users=tuple(table.named("users", "")),
        target=_target(reader, target, nodes, table.named("users", "")),
        arrivals=Arrivals(arrivals.text("service"), arrivals.text("line", pattern=".+"))
        if "arrivals" in target
        else None,
        audit=target.text("audit", ""),
        secrets=table.texts("secrets", ()),
        pulled=table.texts("pulled", ()),
    )
    if plan.kind == "containers":
        _fits_together(plan, table, target)
    return plan


def _target(reader: Reader, table: Table, nodes: Mapping[str, Table], users: Mapping[str, Table]) -> Target:
    """What of the target is the same in every run."""
    found = reader.read(Target, table, {"name": "", "endpoints": ()})
    if found.research is not None:
        research.check(found.research, table, nodes, users)
    return replace(found, move_destination=found.move_destination or None)


def _fits_together(plan: Plan, table: Table, target: Table) -> None:
    if not any(service.publish for service in plan.services.values()):
        raise table.bad("services", "none publishes a port")
    if plan.arrivals and plan.arrivals.service not in plan.services:
        raise target.bad("arrivals", f"no service {plan.arrivals.service!r}; known: {', '.join(plan.services)}")
    if plan.audit and plan.audit not in plan.services:
        raise target.bad("audit", f"no service {plan.audit!r}; known: {', '.join(plan.services)}")


def with_keys(*plans: Plan) -> tuple[str, ...]:
    """The services that are given certificates of their own."""
    asking = (name for plan in plans for name, each in plan.services.items() if {f.secret for f in each.files} & {*OWN})
    return tuple(dict.fromkeys(asking))


def narrowed(plan: Plan, areas: Set[str]) -> Plan:
    """Without the services that no control of ``areas`` needs; what publishes a port is always there to be found."""
    services = {
        name: service
        for name, service in plan.services.items()
        if service.publish or not service.only_for or not areas or not areas.isdisjoint(service.only_for)
    }
    seen = plan.arrivals if plan.arrivals and plan.arrivals.service in services else None
    return replace(plan, services=services, arrivals=seen, audit=plan.audit if plan.audit in services else "")


def loosened(plan: Plan) -> str:
    """What of ``plan`` is less than hardened, which is a matter for weaknesses; "" where nothing is."""
    for name, network in plan.networks.items():
        if network.masquerade:
            return f"networks.{name}: masquerade"
    for name, service in plan.services.items():
        for switch in fields(Service):
            if switch.default is not MISSING and getattr(service, switch.name) != switch.default:
                return f"services.{name}: {switch.name}"
        if not service.memory or not service.pids:
            return f"services.{name}: {'pids' if service.memory else 'memory'}"
        if not all(each.endpoint for each in service.publish):
            return f"services.{name}: publish.endpoint"
    return ""


def _service(table: Table, networks: Mapping[str, Network]) -> Service:
    uid, _, gid = table.text("user", pattern=r"\d{1,9}:\d{1,9}").partition(":")
    service = Service(
        dockerfile=table.text("dockerfile", ""),
        base=table.text("base", ""),
        image=table.text("image", ""),
        networks=table.texts("networks", among=tuple(networks)),
        user=(int(uid), int(gid)),
        memory=table.text("memory", pattern=r"|\d+[kmg]"),
        pids=table.number("pids"),
        tmpfs=table.pairs("tmpfs"),
        ready=table.text("ready"),
        stop_signal=table.text("stop_signal", "SIGTERM"),
        environment=table.pairs("environment"),
        publish=tuple(
            Publish(
                each.number("port"),
                each.text("service", pattern="dicom|web"),
                each.flag("tls"),
                each.flag("endpoint", True),
            )
            for each in table.tables("publish", "port service tls endpoint", {"door": "endpoint"})
        ),
        files=tuple(_file(each) for each in table.tables("files", "source secret package path mode")),
        exposes=table.ports("exposes"),
        configuration=table.text("configuration", ""),
        privileged=table.flag("privileged", False),
        read_only=table.flag("read_only", True),
        cap_drop=table.texts("cap_drop", ("ALL",), _CAPABILITIES),
        new_privileges=table.flag("new_privileges", False),
        seccomp=table.text("seccomp", "", pattern="|unconfined"),
        mounts_socket=table.flag("mounts_socket", False),
        log_max=table.text("log_max", "16m", pattern=r"|\d+[kmg]"),
        health=table.texts("health", ()),
        only_for=table.texts("only_for", ()),
        stack=table.text("stack", "", pattern=r"|\d+[kmg]"),
        ready_within=table.number("ready_within", READY_WITHIN_S),
    )
    if service.configuration and not service.configured():
        raise table.bad("configuration", f"{service.configuration}: none of the files with a source is there")
    if service.pids < 0:
        raise table.bad("pids", f"{service.pids} is negative")
    if bool(service.dockerfile) == bool(service.image):
        raise table.bad("image", "give either dockerfile or image")
    if not service.networks:
        raise table.bad("networks", "names none")
    if service.publish and all(networks[name].internal for name in service.networks):
        raise table.bad("publish", "a port can be published only on a network that is not internal")
    return service


def _file(table: Table) -> File:
    file = File(
        path=PurePosixPath(table.text("path", pattern=r"/[^\0]+/[^\0/]+")),
        mode=int(table.text("mode", "0440", pattern="0?[0-7]{3}"), 8),
        source=table.text("source", ""),
        secret=table.text("secret", "", pattern=f"|{'|'.join(SECRETS)}"),
        package=table.text("package", "", pattern=r"|[A-Za-z_][A-Za-z0-9_]*"),
    )
    if bool(file.source) + bool(file.secret) + bool(file.package) != 1:
        raise table.bad("source", "give one of source, secret and package")
    if ".." in file.path.parts or str(file.path.parent) in ("/etc", "/usr", "/bin", "/lib", "/sbin", "/dev", "/proc"):
        raise table.bad("path", f"{file.path}: its folder becomes a volume that hides what the image has there")
    return file

"""One container of an environment, as its environment.toml says it: its ports, networks, files, and what it may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from ...config.table import Table

OWN = ("service.pem", "service.p12", "ca.p12")  # of the service itself, by its name on its networks
SECRETS = ("ca.pem", "crl.pem", "server.crt", "server.key", "server.pem", "collector.pem", "sender.pem", *OWN)
READY_WITHIN_S = 60
KEYS = (
    "dockerfile base image networks user memory pids tmpfs ready stop_signal environment exposes publish files"
    " configuration privileged read_only cap_drop new_privileges seccomp mounts_socket log_max health only_for stack"
    " ready_within"
)
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


def read(table: Table, networks: Mapping[str, Network]) -> Service:
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

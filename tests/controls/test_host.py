"""The machine that the archive runs on: what is left to somebody who has broken into one service.

The engine says what was asked for, and the inside shows what came of it; where both can be seen, both have to hold. So
far each host is a container: controls on what only an engine can say do not apply to hosts of another kind.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping

from pacs_hardening.model import (
    Impact,
    Inapplicable,
    Missing,
    Severity,
    Target,
    Unmeasurable,
    control,
)
from pacs_hardening.oracles.access import must_hold
from pacs_hardening.probes.host import (
    Container,
    Entry,
    Host,
    Stored,
    stored,
)
from pacs_hardening.profiles import management_ports
from pacs_hardening.profiles.vulnerabilities import vulnerabilities

Hosts = Mapping[str, Host]
LEAST = ("CWE-250",)
NET_BIND_SERVICE = 1 << 10  # capability(7): all that a server with a port below 1024 can need


def _no_host(expected: str, hosts: Hosts, faults: Callable[[Host], Iterable[str]]) -> None:
    if not hosts:
        raise Missing("the target names no host to look into")
    must_hold(expected, [(f"{host.name}: {fault}", ()) for host in hosts.values() for fault in faults(host)])


def _no_container(expected: str, hosts: Hosts, faults: Callable[[Host, Container], Iterable[str]]) -> None:
    if hosts and all(host.container is None for host in hosts.values()):
        raise Inapplicable("the target's hosts are no containers")
    _no_host(expected, hosts, lambda host: faults(host, host.container) if host.container else ())


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="Whoever breaks into a service of the archive is root there at once.",
    needs=("host",),
    references=LEAST,
)
def test_runs_as_non_root(hosts: Hosts) -> None:
    """Every service MUST run as a user other than root, in all of its processes.

    inspect -> a user that is not root; inside, /proc/*/status -> no effective user 0.
    """

    def faults(host: Host, container: Container) -> Iterable[str]:
        if container.user.partition(":")[0] in ("", "0", "root"):
            yield f"its user is '{container.user or 'root'}'"
        elif rooted := [each.name for each in host.processes if each.uid == 0]:
            yield f"{', '.join(rooted)} runs as root"

    _no_container("a user other than root", hosts, faults)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Whoever breaks into a service can leave programs there, or replace its own.",
    needs=("host",),
    references=("CWE-732",),
)
def test_mounts_root_filesystem_read_only(hosts: Hosts) -> None:
    """Every service MUST have a root file system that it cannot write to.

    inspect -> ReadonlyRootfs; inside, /proc/mounts -> / is ro.
    """

    def faults(host: Host, container: Container) -> Iterable[str]:
        if not (container.read_only and host.root_read_only):
            yield "its root file system can be written to"

    _no_container("a root file system that is read-only", hosts, faults)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Whoever breaks into a service can use rights of the kernel that the service never needs.",
    needs=("host",),
    references=LEAST,
)
def test_drops_capabilities(hosts: Hosts) -> None:
    """Every service MUST drop all capabilities; CAP_NET_BIND_SERVICE alone is tolerated.

    Raw sockets, foreign files and changes of user come with the default set, and no archive needs them.

    inside, /proc/*/status -> a bounding set that is empty.
    """

    def faults(host: Host, container: Container) -> Iterable[str]:
        more = {each.bounding & ~NET_BIND_SERVICE for each in host.processes} - {0}
        if more:
            yield f"its processes can have the capabilities {', '.join(f'{each:016x}' for each in sorted(more))}"
        elif extra := sorted({each.removeprefix("CAP_") for each in container.added} - {"NET_BIND_SERVICE"}):
            yield f"it is given {', '.join(extra)}"

    _no_container("no capability but NET_BIND_SERVICE", hosts, faults)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Whoever breaks into a service can become root there by way of any set-user-id program.",
    needs=("host",),
    references=LEAST,
)
def test_forbids_new_privileges(hosts: Hosts) -> None:
    """Every service MUST be kept from gaining privileges that it was not started with.

    inside, /proc/*/status -> NoNewPrivs 1 for each process.
    """

    def faults(host: Host, container: Container) -> Iterable[str]:
        if loose := [each.name for each in host.processes if not each.no_new_privileges]:
            yield f"{', '.join(loose)} may gain privileges"

    _no_container("no_new_privs", hosts, faults)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Whoever breaks into a service can try every system call on the kernel that all services share.",
    needs=("host",),
    references=LEAST,
)
def test_confines_with_seccomp(hosts: Hosts) -> None:
    """Every service MUST run under a seccomp filter.

    inspect -> not unconfined; inside, /proc/*/status -> Seccomp 2 for each process.
    """

    def faults(host: Host, container: Container) -> Iterable[str]:
        free = [each.name for each in host.processes if not each.seccomp]
        if container.unconfined or free:
            yield f"{', '.join(free) or 'it'} runs without a seccomp filter"

    _no_container("a seccomp filter", hosts, faults)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="Whoever breaks into a service has the whole machine.",
    needs=("host",),
    references=LEAST,
)
def test_is_not_privileged(hosts: Hosts) -> None:
    """Services MUST NOT be privileged, nor share a namespace with the machine.

    inspect -> Privileged false, and no namespace of the host.
    """

    def faults(host: Host, container: Container) -> Iterable[str]:
        if container.privileged:
            yield "it is privileged"
        if container.shared:
            yield f"it shares with the machine the namespaces {', '.join(container.shared)}"

    _no_container("no privileged container, and namespaces of its own", hosts, faults)


ENGINE_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "podman.sock")


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="Whoever breaks into a service can command the container engine, and so has the whole machine.",
    needs=("host",),
    references=LEAST,
)
def test_mounts_no_engine_socket(hosts: Hosts) -> None:
    """Services MUST NOT see the socket of a container engine; through a read-only mount it is commanded as well.

    inspect -> no mount of such a socket, nor of a folder that holds it.
    """

    def faults(host: Host, container: Container) -> Iterable[str]:
        for path in map(posixpath.normpath, container.mounted):
            if posixpath.basename(path) in ENGINE_SOCKETS or path in ("/", "/run", "/var", "/var/run"):
                yield f"{path} of the machine is mounted"

    _no_container("no socket of a container engine", hosts, faults)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="One service that is made to grow takes the memory of all, and the archive stands still.",
    needs=("host",),
    references=("CWE-770",),
)
def test_limits_memory(hosts: Hosts) -> None:
    """Every service MUST have a limit of memory.

    inspect -> Memory above 0.
    """
    _no_container(
        "a limit of memory", hosts, lambda host, container: [] if container.memory else ["its memory has no limit"]
    )


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="One service that is made to multiply takes the processes of all, and the archive stands still.",
    needs=("host",),
    references=("CWE-770",),
)
def test_limits_processes(hosts: Hosts) -> None:
    """Every service MUST have a limit of processes and threads.

    inspect -> PidsLimit above 0.
    """
    _no_container(
        "a limit of processes", hosts, lambda host, container: [] if container.pids else ["its processes have no limit"]
    )


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="A service listens on a port that nobody knows of, and so nobody guards.",
    needs=("host",),
    references=("CWE-1327",),
)
def test_listens_only_where_declared(hosts: Hosts) -> None:
    """Every service MUST listen on its declared ports only; loopback is its own affair.

    inside, /proc/net/tcp and tcp6 -> each listening port is one that inspect names as exposed.
    """

    def faults(host: Host, container: Container) -> Iterable[str]:
        for listener in host.listeners:
            if not listener.is_local and listener.port not in container.exposed:
                yield f"it listens at {listener}, which is not declared"

    _no_container("declared ports only", hosts, faults)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="A port of the archive is published beside those that are known and guarded.",
    needs=("host",),
    references=("CWE-1327",),
)
def test_publishes_only_declared_ports(hosts: Hosts, target: Target) -> None:
    """Every published port MUST be an endpoint of the archive that is known, at the address where it is known.

    inspect -> each published port and address is that of an endpoint.
    """
    endpoints = {(endpoint.host, endpoint.port) for endpoint in target.endpoints}

    def faults(_: Host, container: Container) -> Iterable[str]:
        for each in container.published:
            if (each.address, each.port) not in endpoints:
                yield f"{each.inside} is published at {each.address}:{each.port}, which is no known endpoint"

    _no_container("endpoints that are known", hosts, faults)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="An endpoint meant for developers or operators stands open beside the archive's own.",
    needs=("host",),
    references=("CWE-489",),
)
def test_keeps_no_debug_or_management_port(hosts: Hosts) -> None:
    """Services MUST NOT keep a port for debugging or management open towards a network that leads outside.

    A database may listen on a private network; behind a published port, or beside one, it may not.

    inside, /proc/net/tcp and tcp6; inspect -> no port of a short public list.
    """
    known = management_ports()

    def faults(host: Host) -> Iterable[str]:
        inner = host.container is not None and all(network.internal for network in host.container.networks)
        open_ports = {each.port for each in host.listeners if not each.is_local and not inner}
        if host.container is not None:
            open_ports |= {int(each.inside.partition("/")[0]) for each in host.container.published}
        for port in sorted(open_ports & known.keys()):
            yield f"port {port} is open: {known[port]}"

    _no_host("no such port", hosts, faults)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="Passwords or keys of the archive can be read by others on the machine, or by whoever gets the image.",
    needs=("host",),
    references=("CWE-526", "CWE-732"),
)
def test_protects_secrets(hosts: Hosts) -> None:
    """Passwords and private keys MUST stand in files that others cannot read, which are mounted, and nowhere else.

    Environment and command line are shown by the engine to everybody who may ask it, and inherited by each program.

    inside, files and /proc; inspect and history -> no secret in environment, command line, image or a file of mode o+r.
    """

    def faults(host: Host) -> Iterable[str]:
        yield from (f"{each}" for each in host.mentions)
        for file in host.kept:
            if file.mode & 0o007:
                yield f"{file.path} holds {file.what} and has mode {file.mode:04o}"
            elif file.layered and host.container:
                yield f"{file.path} holds {file.what} and is part of the image or container"

    _no_host("secrets in mounted files that others cannot read", hosts, faults)


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Stored images can be read by others on the machine, past every rule of the archive.",
    needs=("host", "dicom"),
    references=("CWE-732",),
)
def test_protects_storage(hosts: Hosts, target: Target) -> None:
    """The storage folder MUST belong to the archive's own user, and be closed to all others (mode 0700 or 0750).

    authorised node -> C-STORE; inside, files with the object's UID -> a folder above them of mode 0700 or 0750.
    """
    if target.sample_study is None:
        raise Missing("nothing was stored that could be looked for")
    if not hosts:
        raise Missing("the target names no host to look into")
    copies = stored(hosts.values(), target.sample_study.study)
    if not copies:
        raise Unmeasurable("the stored object was found on no host: it may be compressed, encrypted or elsewhere")
    faults = dict.fromkeys(why for each in copies if (why := _open(each)))
    must_hold("mode 0700 or 0750, owned by the service's user", [(why, ()) for why in faults])


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Others on the machine can read the archive's logs, or the logs fill its disk.",
    needs=("host",),
    references=("CWE-532", "CWE-732", "CWE-779"),
)
def test_protects_logs(hosts: Hosts) -> None:
    """Logs MUST be closed to others and bounded: they tell who was examined when, and end the archive with a full disk.

    inside, files under /var/log and *.log -> none of mode o+r; inspect -> a log driver that keeps, and has a limit.
    """

    def faults(host: Host) -> Iterable[str]:
        yield from (f"{each.path} has mode {each.mode & 0o7777:04o}" for each in host.logs)
        if host.container is not None and host.container.log == "none":
            yield "what it prints is thrown away"
        elif host.container is not None and not host.container.log_bounded:
            yield f"what it prints is kept by {host.container.log} without a limit"

    _no_host("logs that others cannot read, with a limit", hosts, faults)


USELESS = re.compile(r"(^|[;&|] *)(true|:|exit 0)['\" ]*$")  # a command that ends so succeeds whatever is sick


@control(
    Severity.LOW,
    Impact.PASSIVE,
    exposure="Nobody is told when the archive stands still, or everybody is told so while it works.",
    needs=("host",),
    references=("RFC 9110 15.5.2",),
)
def test_has_a_health_check(hosts: Hosts) -> None:
    """Every service MUST have a health check that works while strangers are refused, and that can fail.

    Many ask a page that answers 401 once a password is set; others end in `true`.

    inspect -> a command, and not 'unhealthy'; inside, that command -> status 0.
    """

    def faults(host: Host, container: Container) -> Iterable[str]:
        if not container.health:
            yield "it has no health check"
        elif USELESS.search(container.health[-1]):
            yield "its health check cannot fail"
        elif not host.healthy:
            yield "its health check fails, while the archive serves an authorised node"
        elif container.condition == "unhealthy":
            yield "the engine takes it for unhealthy, while its health check succeeds"

    _no_container("a health check that tells the truth", hosts, faults)


def _open(copy: Stored) -> str:
    """Why others can reach ``copy``; "" where a folder on the way keeps them out."""
    users = {process.uid for process in copy.host.processes}
    own: list[Entry] = [each for each in copy.way[1:-1] if each.uid in users]
    if copy.way[-1].uid not in users or not own:
        return f"{copy.host.name}: {copy.way[-1].path} is not in a folder of the service's own user"
    if all(each.mode & 0o027 for each in own):
        outermost = next((each for each in own if each.uid), own[-1])
        return f"{copy.host.name}: {outermost.path} has mode {outermost.mode & 0o7777:04o}"
    return ""


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Whoever breaks into a service can carry images out to anywhere on the Internet.",
    needs=("host",),
    references=("CWE-923",),
)
def test_has_egress_only_where_declared(hosts: Hosts) -> None:
    """Every service MUST be on networks only that lead nowhere but to the services it works with.

    Read from the engine; nothing is sent anywhere to find out.

    inspect -> each network is internal, or does not masquerade.
    """

    def faults(_: Host, container: Container) -> Iterable[str]:
        for network in container.networks:
            if network.masquerading and not network.internal:
                yield f"the network {re.sub('^pacs-hardening-[0-9a-f]+-', '', network.name)} leads out to everywhere"

    _no_container("networks without a route out", hosts, faults)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The archive runs a version whose vulnerabilities are public, and how to use them.",
    needs=("host",),
    references=("CWE-1395",),
)
def test_runs_no_known_vulnerable_version(hosts: Hosts) -> None:
    """Services MUST NOT run a version of a DICOM product with a known vulnerability that a later version mends.

    What a distribution mended in an old version counts as mended.

    inside, dpkg-query -> versions; each at or above what a dated table asks for.
    """
    table = vulnerabilities()

    def faults(host: Host) -> Iterable[str]:
        for each in table:
            version = host.packages.get(each.package, "")
            if version and (wanted := each.mended(version, host.release)):
                yield f"{each.package} {version}: {', '.join(each.ids)} ({each.line}); mended in {wanted}"

    _no_host("versions without known vulnerabilities", hosts, faults)
    if not {each.package for each in table} & {name for host in hosts.values() for name in host.packages}:
        raise Unmeasurable("no package of a known DICOM product was found: its version cannot be told")

"""Probe: a host or container as its engine describes it, and as it looks from inside, through testinfra.

Inside, only what every distribution has is used (a shell, /proc, find, tar, grep), as the service's own user. No value
of a secret leaves this module: facts name the place where one was found.
"""

from __future__ import annotations

import base64
import io
import ipaddress
import json
import re
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..model import Target, Unmeasurable

_Shell = Any  # testinfra.host.Host, which is imported only where a host is looked into: it brings pytest along


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
    host. ``exposed``: ports that are declared to listen. ``memory`` and ``pids``: 0 for no limit."""

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


@dataclass(frozen=True)
class Kept:
    """A file that holds a secret. ``layered``: it is no mount, and so a part of the image or of the container."""

    path: str
    what: str
    mode: int
    uid: int
    layered: bool


@dataclass(frozen=True)
class Host:
    """One service. ``container`` is None for a host that is none. ``root_read_only`` as seen from inside; ``mentions``:
    where secrets stand that are no files; ``packages``: source package -> version; ``release``: the distribution's."""

    name: str
    url: str
    container: Container | None
    processes: tuple[Process, ...]
    listeners: tuple[Listener, ...]
    root_read_only: bool
    mentions: tuple[str, ...]
    kept: tuple[Kept, ...]
    packages: Mapping[str, str]
    release: str


@dataclass(frozen=True)
class Entry:
    """A file or folder."""

    path: str
    mode: int
    uid: int


@dataclass(frozen=True)
class Stored:
    """A stored object: ``way`` leads from the root to the file itself, which is last."""

    host: Host
    way: tuple[Entry, ...]


def look(hosts: Mapping[str, str], target: Target) -> dict[str, Host]:
    """Service -> facts, side by side. Raises Unmeasurable where a host cannot be looked into."""
    if not hosts:
        return {}
    secrets = {f"the password of user {name}": user.password.reveal() for name, user in target.users.items()}
    for name, node in target.nodes.items():
        if node.identity is not None:
            secrets[f"the passcode of node {name}"] = node.identity.passcode.reveal()
    with ThreadPoolExecutor(len(hosts)) as pool:
        seen = pool.map(lambda name: _host(name, hosts[name], secrets), hosts)
        return {host.name: host for host in seen}


def _host(name: str, url: str, secrets: Mapping[str, str]) -> Host:
    inside = _connect(url)
    container: Container | None = None
    told: tuple[str, ...] = ()
    if url.startswith("docker://"):
        local, identifier = _connect("local://"), urlsplit(url).netloc
        details = _checked(local, "docker inspect", local.docker(identifier).inspect)
        linked = {each["NetworkID"] for each in details["NetworkSettings"]["Networks"].values()}
        networks = [network(_json(local, f"docker network inspect {each}")[0]) for each in sorted(linked) if each]
        container = described(details, networks)
        history = _run(local, f"docker history --no-trunc --format '{{{{.CreatedBy}}}}' {details['Image']}").decode()
        told = mentioned(secrets, environment=details["Config"]["Env"] or (), history=history.splitlines())
    mounts = _mounts(_run(inside, "cat /proc/mounts").decode(errors="replace"))
    seen, said = processes(_run(inside, _PROCESSES).decode(), secrets)
    return Host(
        name=name,
        url=url,
        container=container,
        processes=seen,
        listeners=tuple(
            listener
            for family in ("tcp", "tcp6")
            for listener in listeners(_run(inside, f"if test -e /proc/net/{family}; then cat /proc/net/{family}; fi"))
        ),
        root_read_only="ro" in mounts.get("/", ()),
        mentions=tuple(dict.fromkeys((*told, *said))),
        kept=kept(_run(inside, _FILES, accepted=(0, 1)), secrets, mounts),
        packages=_packages(_run(inside, _PACKAGES).decode()),
        release=_run(inside, ". /etc/os-release && echo $VERSION_CODENAME").decode().strip(),
    )


def stored(hosts: Iterable[Host], uid: str) -> list[Stored]:
    """Every file, on whatever can be written to, that holds ``uid``: where the archive keeps what it was sent."""
    found = []
    for host in hosts:
        inside = _connect(host.url)
        mounts = _mounts(_run(inside, "cat /proc/mounts").decode(errors="replace"))
        searched = " ".join(sorted(_writable(mounts)))
        if not searched:
            continue
        command = f"timeout 60 grep -rlsF -D skip -- {uid} {searched} || test $? -lt 3"  # 1: nowhere; 2: unreadable
        for path in _run(inside, command).decode(errors="replace").splitlines():
            parents = ["/" + "/".join(path.split("/")[1:n]) for n in range(1, path.count("/") + 1)]
            quoted = " ".join("'" + each.replace("'", r"'\''") + "'" for each in (*parents, path))
            lines = _run(inside, f"stat -c '%a %u %n' -- {quoted}").decode(errors="replace").splitlines()
            entries = [line.split(" ", 2) for line in lines]
            found.append(Stored(host, tuple(Entry(name, int(mode, 8), int(uid)) for mode, uid, name in entries)))
    return found


def contents(url: str, folder: str) -> bytes:
    """A folder with everything in it, as a tar archive. Raises Unmeasurable where it cannot be read."""
    return _run(_connect(url), f"tar --create --directory='{folder}' .")


# ---- What the engine says


def described(details: Mapping[str, Any], networks: Sequence[Network]) -> Container:
    """``details`` is what ``docker inspect`` prints."""
    config, host = details["Config"], details["HostConfig"]
    spaces = {"pid": "PidMode", "ipc": "IpcMode", "network": "NetworkMode", "uts": "UTSMode", "user": "UsernsMode"}
    bindings = details["NetworkSettings"]["Ports"] or {}
    binds = [each.split(":")[0] for each in host.get("Binds") or ()]
    return Container(
        user=config["User"],
        privileged=bool(host["Privileged"]),
        shared=tuple(name for name, key in spaces.items() if host.get(key) == "host"),
        read_only=bool(host["ReadonlyRootfs"]),
        added=tuple(host.get("CapAdd") or ()),
        unconfined=any(re.fullmatch("seccomp[=:]unconfined", each) for each in host.get("SecurityOpt") or ()),
        memory=max(0, host["Memory"] or 0),
        pids=max(0, host["PidsLimit"] or 0),
        exposed=frozenset(int(port.partition("/")[0]) for port in config.get("ExposedPorts") or {}),
        published=tuple(
            Binding(inside, each["HostIp"] or "0.0.0.0", int(each["HostPort"]))  # noqa: S104  what the engine means by ""
            for inside, bound in sorted(bindings.items())
            for each in bound or ()
        ),
        networks=tuple(networks),
        mounted=tuple(
            sorted({*binds, *(each["Source"] for each in details.get("Mounts") or () if each["Type"] == "bind")})
        ),
    )


def network(details: Mapping[str, Any]) -> Network:
    """One of what ``docker network inspect`` prints. The bridge masquerades unless it is told not to."""
    options = details.get("Options") or {}
    off = options.get("com.docker.network.bridge.enable_ip_masquerade") == "false"
    return Network(details["Name"], bool(details["Internal"]), details["Driver"] != "null" and not off)


# ---- What can be seen from inside

_PROCESSES = r"""for p in /proc/[0-9]*; do
 s=$(base64 -w0 <$p/status) && echo "$s|$(base64 -w0 <$p/cmdline)|$(base64 -w0 <$p/environ)"; done 2>/dev/null; true"""
_PACKAGES = r"if command -v dpkg-query >/dev/null; then dpkg-query -W -f '${source:Package} ${source:Version}\n'; fi"
# Small readable files where configuration, secrets and copies of them stand. Not the lists of packages, nor public CAs.
_FILES = r"""command -v find >/dev/null && command -v tar >/dev/null || exit 9
find /etc /home /opt /root /run /srv /tmp /usr/local /var \
 \( -path /etc/ssl/certs -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/lib/apt \) -prune -o \
 -type f -size -128k -readable -print0 2>/dev/null |
 tar --create --null --no-recursion --absolute-names --numeric-owner --ignore-failed-read --files-from=- 2>/dev/null"""


def processes(text: str, secrets: Mapping[str, str]) -> tuple[tuple[Process, ...], tuple[str, ...]]:
    """Descendants of process 1, and so not our own shell; and where secrets stand in their command lines and
    environments."""
    found: dict[int, tuple[int, Process]] = {}
    said: dict[int, tuple[str, ...]] = {}
    for line in text.splitlines():
        status, command, environ = (base64.b64decode(each).decode(errors="replace") for each in line.split("|"))
        facts = dict(each.split(":\t", 1) for each in status.splitlines() if ":\t" in each)
        pid = int(facts["Pid"])
        found[pid] = (
            int(facts["PPid"]),
            Process(
                pid=pid,
                uid=int(facts["Uid"].split()[1]),
                name=facts["Name"],
                bounding=int(facts["CapBnd"], 16),
                no_new_privileges=facts.get("NoNewPrivs") == "1",
                seccomp=facts.get("Seccomp") == "2",
            ),
        )
        arguments = [each for each in command.split("\0") if each]
        said[pid] = mentioned(secrets, environment=environ.split("\0"), arguments=arguments)
    ours = {pid for pid in found if _descends(pid, {child: parent for child, (parent, _) in found.items()})}
    if not ours:
        raise Unmeasurable("no process could be seen inside")
    return tuple(found[pid][1] for pid in sorted(ours)), tuple(each for pid in sorted(ours) for each in said[pid])


def _descends(pid: int, parents: Mapping[int, int]) -> bool:
    while pid in parents and pid != 1:
        pid = parents[pid]
    return pid == 1


def listeners(table: bytes) -> list[Listener]:
    """Of /proc/net/tcp or tcp6: those in state 0A. Addresses are words of 32 bits in the order of the machine."""
    found = []
    for line in table.decode().splitlines()[1:]:
        _, local, _, state = line.split()[:4]
        if state == "0A":
            words, port = local.split(":")
            raw = b"".join(bytes.fromhex(words[n : n + 8])[::-1] for n in range(0, len(words), 8))
            address = ipaddress.ip_address(raw)
            mapped = getattr(address, "ipv4_mapped", None)
            found.append(Listener(str(mapped or address), int(port, 16)))
    return found


_PASSWORD = r"(?:root|admin|config|db)?pass(?:word|wd|phrase|code)?"
_SECRET = rf"(?:{_PASSWORD}|secret|token|credentials?|(?:api|private|access)[_.-]?key)s?"
_NAME = re.compile(rf"(?:.*[_.-])?{_SECRET}(?:[_.-].*)?", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"\b([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S+)")


def _is_secret(name: str, value: str) -> bool:
    """A path, a switch, or the name of another variable is no secret itself."""
    value = value.strip("\"'")
    if not value or value.startswith(("/", "$")) or value.lower() in ("true", "false", "yes", "no", "0", "1"):
        return False
    return not name.lower().endswith(("_file", "_path", "-file", "-path")) and bool(_NAME.fullmatch(name))


def mentioned(
    secrets: Mapping[str, str],
    *,
    environment: Iterable[str] = (),
    arguments: Sequence[str] = (),
    history: Iterable[str] = (),
) -> tuple[str, ...]:
    """Where secrets stand, by what they are called or by their value; never the value."""

    def valued(text: str, where: str) -> list[str]:
        return [f"{what} {where}" for what, value in secrets.items() if value in text]

    found = []
    for each in environment:
        name, _, value = each.partition("=")
        if _is_secret(name, value) or valued(value, ""):
            found.append(f"a secret in the environment variable {name}")
    for argument, following in zip(arguments, (*arguments[1:], ""), strict=False):
        option, _, value = argument.partition("=")
        value = value or ("" if following.startswith("-") else following)
        if option.startswith("-") and _is_secret(option.lstrip("-"), value):
            found.append(f"a secret after the option {option} of {arguments[0]}")
        found += valued(argument, f"on the command line of {arguments[0]}")
    for step in history:
        names = [name for name, value in _ASSIGNMENT.findall(step) if _is_secret(name, value)]
        found += [f"a secret as {name} in the history of the image" for name in names]
        found += valued(step, "in the history of the image")
    return tuple(dict.fromkeys(found))


_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def kept(archive: bytes, secrets: Mapping[str, str], mounts: Mapping[str, Sequence[str]]) -> tuple[Kept, ...]:
    """The files in a tar ``archive`` that hold a secret."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        members = files.getmembers()
        if not members:
            raise Unmeasurable("no file could be read inside")
        for member in members:
            file = files.extractfile(member) if member.isfile() else None
            content = file.read() if file else b""
            what = ["a private key"] if _PRIVATE_KEY.search(content) else []
            what += [name for name, value in secrets.items() if value.encode() in content]
            path = "/" + member.name.lstrip("/")
            layered = not any(mount != "/" and (path == mount or path.startswith(f"{mount}/")) for mount in mounts)
            found += [Kept(path, each, member.mode & 0o777, member.uid, layered) for each in what]
    return tuple(found)


def _mounts(text: str) -> dict[str, list[str]]:
    """Mount point -> options; of several at one place the last, which hides the others."""
    rows = [line.split(" ") for line in text.splitlines()]
    return {row[1].replace(r"\040", " "): [row[2], *row[3].split(",")] for row in rows if len(row) >= 4}


def _writable(mounts: Mapping[str, Sequence[str]]) -> set[str]:
    """Mount points that can be written to; in place of the root the folders in which data usually stand."""
    found = {path for path, options in mounts.items() if "rw" in options}
    found = {path for path in found if not re.match(r"/(proc|sys|dev)(/|$)", path) and " " not in path}
    return (found - {"/"}) | ({"/var", "/srv", "/opt", "/home", "/data", "/mnt"} if "/" in found else set())


def _packages(text: str) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)


# ---- testinfra


def _connect(url: str) -> _Shell:
    import testinfra  # type: ignore[import-untyped]  # brings pytest along, so not before a host is really looked into

    return testinfra.get_host(url)


def _run(shell: _Shell, command: str, accepted: Sequence[int] = (0,)) -> bytes:
    done = _checked(shell, command, lambda: shell.run(command))
    if done.rc not in accepted:
        words = done.stderr.strip().splitlines()[-1:] or ["no output"]
        raise Unmeasurable(f"cannot look into {shell.backend.hostname}: status {done.rc}: {words[0]}")
    return bytes(done.stdout_bytes)


def _checked(shell: _Shell, what: str, call: Any) -> Any:
    try:
        return call()
    except (OSError, RuntimeError, AssertionError, ValueError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unmeasurable(f"cannot look into {shell.backend.hostname}: {what}: {first}") from error


def _json(shell: _Shell, command: str) -> Any:
    return json.loads(_run(shell, command))

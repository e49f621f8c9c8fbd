"""What can be seen from inside: commands that every distribution has, and what they print."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping, Sequence

from ...model import Unmeasurable
from .facts import Entry, Listener, Process
from .secrets import mentioned

PROCESSES = r"""for p in /proc/[0-9]*; do
 s=$(base64 -w0 <$p/status) && echo "$s|$(base64 -w0 <$p/cmdline)|$(base64 -w0 <$p/environ)"; done 2>/dev/null; true"""
PACKAGES = r"if command -v dpkg-query >/dev/null; then dpkg-query -W -f '${source:Package} ${source:Version}\n'; fi"
# Logs that everybody can read. stat -c, since not every find has -printf.
LOGS = r"""find /var/log /var/lib /home /opt /srv /tmp -maxdepth 4 \( -path '/var/log/*' -o -name '*.log' \) -type f \
 -perm -004 -exec stat -c '%a %u %n' {} + 2>/dev/null; true"""
_NO_SERVICE = re.compile(
    r"/var/log/(apt|installer)/|/var/log/(alternatives|bootstrap|dpkg|fontconfig)\.log|/var/log/(faillog|lastlog|wtmp)$"
)
# Small readable files where configuration, secrets and copies of them stand. Not the lists of packages, nor public CAs,
# nor what an engine keeps of containers.
_FILES = r"""command -v find >/dev/null && command -v tar >/dev/null || exit 9
find /etc /home /opt /root /run /srv /tmp /usr/local /var {depth} \
 \( -path /etc/ssl/certs -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/lib/apt \
 -o -path /var/lib/docker -o -path /var/lib/containerd -o -path /var/lib/containers \) -prune -o \
 -type f -size -128k -readable -print0 2>/dev/null |
 tar --create --null --no-recursion --absolute-names --numeric-owner --ignore-failed-read --files-from=- 2>/dev/null"""


def files(*, container: bool) -> str:
    """A machine holds more than one service, so that its folders are not read to the bottom."""
    return _FILES.format(depth="" if container else "-maxdepth 4")


def processes(text: str, secrets: Mapping[str, str], ours: int = 0) -> tuple[tuple[Process, ...], tuple[str, ...]]:
    """Descendants of process 1, and so not our own shell, nor what the process ``ours`` started; and where secrets
    stand in their command lines and environments."""
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
    theirs = {pid for pid in found if _descends(pid, {child: parent for child, (parent, _) in found.items()}, ours)}
    if not theirs:
        raise Unmeasurable("no process could be seen inside")
    return tuple(found[pid][1] for pid in sorted(theirs)), tuple(each for pid in sorted(theirs) for each in said[pid])


def _descends(pid: int, parents: Mapping[int, int], ours: int) -> bool:
    while pid in parents and pid not in (1, ours):
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


def entries(text: str) -> tuple[Entry, ...]:
    """What ``stat -c '%a %u %n'`` prints."""
    rows = [line.split(" ", 2) for line in text.splitlines()]
    return tuple(Entry(name, int(mode, 8), int(uid)) for mode, uid, name in rows)


def logs(text: str) -> tuple[Entry, ...]:
    """Of LOGS: those that services write; how packages were installed is no secret."""
    return tuple(each for each in entries(text) if not _NO_SERVICE.match(each.path))


def mounted(text: str) -> dict[str, list[str]]:
    """Mount point -> options; of several at one place the last, which hides the others."""
    rows = [line.split(" ") for line in text.splitlines()]
    return {row[1].replace(r"\040", " "): [row[2], *row[3].split(",")] for row in rows if len(row) >= 4}


def writable(mounts: Mapping[str, Sequence[str]]) -> set[str]:
    """Mount points that can be written to; in place of the root the folders in which data usually stand."""
    found = {path for path, options in mounts.items() if "rw" in options}
    found = {path for path in found if not re.match(r"/(proc|sys|dev)(/|$)", path) and " " not in path}
    return (found - {"/"}) | ({"/var", "/srv", "/opt", "/home", "/data", "/mnt"} if "/" in found else set())


def packages(text: str) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)

"""Whose a container, network, volume or temporary folder is, and whether that process is certainly dead."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

_PREFIX = "pacs-hardening."
_UNKNOWN = "-"


@dataclass(frozen=True)
class Owner:
    """One process. ``host`` is a digest of host name and machine id; ``start`` is the start time of the process in
    clock ticks since boot. A part that the system does not tell is ``-`` and never counts as a difference."""

    host: str
    boot: str
    pid_namespace: str
    pid: int
    start: str

    def __str__(self) -> str:
        return "/".join(str(part) for part in astuple(self))


def this_process() -> Owner:
    return Owner(_host(), _read("/proc/sys/kernel/random/boot_id"), _namespace(), os.getpid(), _start(os.getpid()))


def parse(text: str) -> Owner | None:
    """None for what is not an owner of ours: such things are left alone."""
    found = re.fullmatch(r"([\w-]+)/([\w-]+)/([\w-]+)/(\d{1,9})/([\w-]+)", text)
    return Owner(found[1], found[2], found[3], int(found[4]), found[5]) if found else None


def is_dead(owner: Owner) -> bool:
    """True only if that process certainly no longer runs; another host's or another pid namespace's may."""
    here = this_process()
    if owner.host != here.host:
        return False
    if _UNKNOWN not in (owner.boot, here.boot) and owner.boot != here.boot:
        return True
    if owner.pid_namespace != here.pid_namespace:
        return False
    try:
        os.kill(owner.pid, 0)  # not /proc alone: hidepid hides the living processes of other users there
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    start = _start(owner.pid)
    return start == "" or (_UNKNOWN not in (start, owner.start) and start != owner.start)


@contextmanager
def folder() -> Iterator[Path]:
    """A private temporary folder (0700) of this process, removed at the end."""
    path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{str(this_process()).replace('/', '~')}."))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sweep_folders() -> None:
    """Remove the temporary folders of this user whose owner is dead."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*~*"):
        owner = parse(path.name.removeprefix(_PREFIX).rpartition(".")[0].replace("~", "/"))
        try:
            ours = path.lstat().st_uid == os.geteuid() and not path.is_symlink()
        except FileNotFoundError:
            continue
        if ours and owner and is_dead(owner):
            shutil.rmtree(path, ignore_errors=True)


def _host() -> str:
    return hashlib.sha256(f"{socket.gethostname()}\0{_read('/etc/machine-id')}".encode()).hexdigest()[:12]


def _namespace() -> str:
    try:
        return str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        return _UNKNOWN


def _start(pid: int) -> str:
    """Empty for a process that has ended but whose parent has not yet asked for its exit status."""
    stat = _read(f"/proc/{pid}/stat")
    if stat == _UNKNOWN:
        return _UNKNOWN
    fields = stat.rpartition(")")[2].split()  # proc(5): the name before may hold blanks; then state, …, 22nd starttime
    return "" if fields[0] in "ZX" else fields[19]


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip() or _UNKNOWN
    except OSError:
        return _UNKNOWN

"""What a started environment hands over: the target, and what can be seen of it from inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from . import AuditRecord, Configuration, Target
from .usage import Usage


@dataclass(frozen=True)
class Running:
    """``fingerprint()`` names every server process with its start time, and so changes when one dies or restarts;
    ``arrivals()`` counts the objects that reached the environment's move destination (None: that cannot be
    seen); ``logs()`` is the tail of every service's log. ``hosts``: service -> the testinfra URL under which it can
    be looked into (``docker://<container>``; ``ssh://user@host`` for one that is no container); empty where nobody
    may look. A target with hosts has the capability ``host``. ``listeners``: address and port of everything of it that
    can be reached; None where that is not known. ``configurations``: service -> what it was started with, for those
    whose configuration can be read; the files hold passwords. ``audit(number, seconds)``: the records that reached the
    environment's log server, from the ``number``-th on, as soon as there is one, at most ``seconds`` later (None: no
    log server is declared). ``usage()`` is what all server processes hold now
    (None: that cannot be seen)."""

    target: Target
    fingerprint: Callable[[], str]
    arrivals: Callable[[], int] | None
    logs: Callable[[], str]
    listeners: tuple[tuple[str, int], ...] | None = None
    hosts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    configurations: Mapping[str, Configuration] = field(default_factory=lambda: MappingProxyType({}))
    audit: Callable[[int, float], Sequence[AuditRecord]] | None = None
    usage: Callable[[], Usage] | None = None

"""Who comes to an archive and what he must not get: each is refused by conditions that a mutant loosens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SERVICES = ("echo", "find", "get", "move", "store")
ROUTES = (
    "qido", "qido-series", "qido-instances", "study", "series", "instance", "study-metadata", "instance-metadata",
    "wado-uri", "stow", "system", "patients", "find", "ui", "metrics", "webdav", "delete",
)  # fmt: skip


@dataclass(frozen=True)
class Base:
    """``waived``: the conditions that stand between him and his ``goals``. ``rows``: which dimensions he can vary.
    ``keys`` and ``identity`` are roles of nodes, whose certificate and user identity he has; ``title`` as in a play."""

    area: str
    waived: tuple[str, ...]
    goals: tuple[str, ...]
    rows: tuple[str, ...]
    keys: str = ""
    title: str = ""
    identity: str = ""
    play: Mapping[str, str] = field(default_factory=dict)  # what he shows where no dimension says otherwise


BASES = {
    "device": Base("identity", ("node-known",), SERVICES, ("association",), "unknown", "{unknown}"),
    "renamed-device": Base("identity", ("node-known", "certificate-bound"), SERVICES, ("titles",), "unknown", "NOBODY"),
    "impostor": Base("identity", ("certificate-bound", "identity"), SERVICES, ("association",), "unknown", "{all}"),
    "colleague": Base(
        "identity", ("certificate-bound",), ("find", "store"), ("association",), "query", "{all}", "query"
    ),
    "nameless": Base("identity", ("identity",), SERVICES, ("association",), "all", "{all}"),
    "without-certificate": Base("identity", ("certificate", "identity"), SERVICES, ("sni",), "", "{all}"),
    "store-node": Base(
        "operation",
        ("service-permitted",),
        ("find", "get", "move"),
        ("association", "message"),
        "store",
        "{store}",
        "store",
    ),
    "query-node": Base(
        "operation", ("service-permitted",), ("store",), ("association", "message"), "query", "{query}", "query"
    ),
    "sender-of-undeclared": Base(
        "operation",
        ("sop-class",),
        ("store",),
        ("storage",),
        "all",
        "{all}",
        "all",
        {"sop-class": "1.2.840.10008.5.1.4.1.1.1.1"},
    ),
    "reader": Base("limits", ("query-limit",), ("too-many",), ("association", "limit"), "query", "{query}", "query"),
    "forger": Base("limits", ("overwrite",), ("overwrite",), ("association", "stored"), "all", "{all}", "all"),
    "mover": Base(
        "limits",
        ("destination",),
        ("elsewhere",),
        ("destination",),
        "all",
        "{all}",
        "all",
        {"destination": "ELSEWHERE"},
    ),
    "anonymous": Base("web", ("login",), ROUTES, ("web",)),
    "searcher": Base(
        "limits",
        ("query-limit",),
        ("qido", "qido-series", "qido-instances", "patients", "find"),
        ("web",),
        identity="user",
    ),
    "web-forger": Base("limits", ("overwrite",), ("stow",), ("web",), identity="user"),
    "administrator": Base("web", ("administration",), ("admin-delete", "admin-limit"), ("web",), identity="user"),
    "foreign-page": Base("web", ("origin",), ("find", "stow"), ("web",), identity="user"),
    "guesser": Base("web", ("throttle",), ("system",), ("web",)),
}

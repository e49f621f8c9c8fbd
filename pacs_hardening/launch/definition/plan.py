"""What an environment.toml says, checked; environments/README.md describes it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ...config import research
from ...config.reader import Reader, keys, renamed
from ...config.table import Table
from ...model import Node, Target
from ...model.declared import ENVIRONMENT
from ...pki.certificates import SERVER_DEFECTS, SERVER_KEYS
from .service import KEYS, OWN, Network, Service
from .service import read as read_service

KINDS = ("containers", "embedded")


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
        services={name: read_service(each, networks) for name, each in table.named("services", KEYS).items()},
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

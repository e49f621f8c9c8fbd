"""Who is who in one run: AE titles, names and passwords, made afresh, and what is written with them."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ...model import (
    BadInput,
    Endpoint,
    Impact,
    Node,
    Secret,
    Target,
    User,
)
from ...pki.authority import Pki
from .plan import Plan

_PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


@dataclass(frozen=True)
class Identities:
    """By role: AE titles (at most 16 characters), certificate CNs, user names and passwords of one run."""

    aets: Mapping[str, str]
    cns: Mapping[str, str]
    usernames: Mapping[str, str]
    passwords: Mapping[str, str] = field(repr=False)
    redaction_key: str = field(repr=False, default_factory=lambda: secrets.token_hex(32))
    pin: str = field(repr=False, default_factory=lambda: secrets.token_hex(16))  # of key stores
    between: Mapping[str, str] = field(repr=False, default_factory=dict)  # passwords of services among themselves

    def mask(self, text: str) -> str:
        """``text`` without any password, plain or as HTTP Basic credentials."""
        for role, password in self.passwords.items():
            basic = base64.b64encode(f"{self.usernames[role]}:{password}".encode()).decode()
            text = text.replace(password, "***").replace(basic, "***")
        for password in (self.redaction_key, self.pin, *self.between.values()):
            text = text.replace(password, "***")
        return text


def cast(plan: Plan) -> Identities:
    return Identities(
        aets={role: f"{role[:9].upper()}-{secrets.token_hex(3).upper()}" for role in plan.nodes},
        cns={role: f"{role}-{secrets.token_hex(4)}.nodes.invalid" for role in plan.nodes},
        usernames={role: f"{role}-{secrets.token_hex(3)}" for role in plan.users},
        passwords={role: secrets.token_hex(16) for role in plan.users},
        between={name: secrets.token_hex(16) for name in plan.secrets},
    )


def placeholders(plan: Plan, people: Identities, hosts: Mapping[str, str]) -> dict[str, str]:
    """``hosts``: service -> the name that its address resolves to, for servers that compare it."""
    values = {"CALLED_AET": plan.target.called_aet, "REDACTION_KEY": people.redaction_key}
    values["KEYSTORE_PIN"] = people.pin
    research = plan.target.research
    if research:
        values["RESEARCH_AET"] = research.called_aet
    receiver = (research and research.move_destination) or plan.target.move_destination
    if receiver:
        values["AET_RECEIVER"] = receiver
    for prefix, by_role in [
        ("AET", people.aets),
        ("CN", people.cns),
        ("USERNAME", people.usernames),
        ("PASSWORD", people.passwords),
        ("HOST", hosts),
        ("SECRET", people.between),
    ]:
        for role, value in by_role.items():
            values[f"{prefix}_{role.upper().replace('-', '_')}"] = value
    return values


def fill(text: str, values: Mapping[str, str], where: str) -> str:
    """``text`` with every ``${PLACEHOLDER}`` replaced. Raises BadInput, naming ``where``, for an unknown one."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise BadInput(f"{where}: unknown placeholder {match[0]}; known: {', '.join(sorted(values))}")
        return values[match[1]]

    return _PLACEHOLDER.sub(value, text)


def target(name: str, plan: Plan, people: Identities, pki: Pki, endpoints: tuple[Endpoint, ...]) -> Target:
    return replace(
        plan.target,
        name=name,
        endpoints=endpoints,
        nodes=MappingProxyType(
            {
                role: Node(name=role, aet=people.aets[role], permits=permits, keys=pki.nodes[role])
                for role, permits in plan.nodes.items()
            }
        ),
        bad_keys=pki.bad,
        users=MappingProxyType(
            {role: User(people.usernames[role], Secret(people.passwords[role])) for role in plan.users}
        ),
        ca=pki.ca,
        ceiling=Impact.DISRUPTIVE,
        verify_server=False,
    )

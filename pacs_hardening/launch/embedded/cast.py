"""Who takes part: nodes, users, names, keys and secrets, all made afresh for one run."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...model import BadInput, Identity, Node, Secret, User, WebRequest
from .. import pki, webrequests
from ..table import Table
from .settings import Settings


@dataclass(frozen=True)
class Cast:
    """``called`` and ``receiver`` are the AE titles of the archive and of its move destination."""

    called: str
    receiver: str
    nodes: Mapping[str, Node]
    users: Mapping[str, User]
    keys: pki.Pki
    sop_classes: tuple[str, ...]
    transfer_syntaxes: tuple[str, ...]
    capabilities: frozenset[str]
    routes: Mapping[str, str]
    further: tuple[WebRequest, ...]
    dangerous: tuple[WebRequest, ...]
    body_limit: int | None
    query_limit: int | None

    def known(self) -> dict[str, Node]:
        """The nodes that the archive knows, by AE title: those that it permits anything."""
        return {node.aet: node for node in self.nodes.values() if node.permits}

    def passcodes(self) -> dict[bytes, bytes]:
        """User identities of the known nodes."""
        identities = [node.identity for node in self.known().values() if node.identity]
        return {who.username.encode(): who.passcode.reveal().encode() for who in identities}

    def passwords(self) -> dict[bytes, bytes]:
        """Of the web users."""
        return {user.username.encode(): user.password.reveal().encode() for user in self.users.values()}


def gather(environment: Mapping[str, Any], folder: Path, settings: Settings) -> Cast:
    """Make names, secrets and, in ``folder``, keys. Raises BadInput for what ``environment`` lacks or gets wrong."""
    made = environment.get("pki", {})
    try:
        declared, tables = environment["target"], environment["nodes"]
        titles = {role: _title(role) for role in tables}
        names = tuple(made.get("server_names", ("localhost", "127.0.0.1")))
        keys = pki.make(folder, titles, names, made.get("server_defect", ""), made.get("server_key", "ec"))
        cast = Cast(
            called=_title(declared["called_aet"]),
            receiver=_title(declared["move_destination"]),
            nodes={role: _node(role, titles[role], table, keys) for role, table in tables.items()},
            users={name: User(f"{name}-{_hex()}", _secret()) for name in environment.get("users", {})},
            keys=keys,
            sop_classes=tuple(declared["sop_classes"]),
            transfer_syntaxes=tuple(declared["transfer_syntaxes"]),
            capabilities=frozenset(declared.get("capabilities", ())),
            routes=dict(declared.get("routes", {})),
            further=webrequests.read(Table(declared, "[target]", " ".join(declared)), "further"),
            dangerous=webrequests.read(Table(declared, "[target]", " ".join(declared)), "dangerous"),
            body_limit=declared.get("body_limit"),
            query_limit=declared.get("query_limit"),
        )
    except KeyError as error:
        raise BadInput(f"environment.toml of the embedded archive lacks {error}") from error
    unknown = sorted(set(settings.trusted_clients) - set(keys.bad))
    if unknown:
        raise BadInput(f"setting 'trusted_clients' cannot name {unknown[0]!r}; known: {', '.join(sorted(keys.bad))}")
    return cast


def _node(role: str, aet: str, table: Mapping[str, Any], keys: pki.Pki) -> Node:
    identity = Identity(f"{role}-{_hex()}", _secret())
    return Node(role, aet, frozenset(table.get("permits", ())), keys.nodes[role], identity)


def _title(name: str) -> str:
    """An AE title that nobody can guess. Raises BadInput where it would not fit (PS3.5 6.2: 16 characters)."""
    if len(name) > 9:
        raise BadInput(f"name {name!r} is too long: at most 9 characters fit into an AE title beside the random ones")
    return f"{name.upper()}-{_hex()}"


def _hex() -> str:
    return secrets.token_hex(3).upper()


def _secret() -> Secret:
    return Secret(secrets.token_urlsafe(18))

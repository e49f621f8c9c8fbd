"""Who takes part: nodes, users, names, keys and secrets, all made afresh for one run."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..config import research
from ..config.reader import Reader, renamed
from ..config.table import Table
from ..model import (
    BadInput,
    Identity,
    Node,
    Secret,
    Target,
    User,
)
from ..model.declared import ENVIRONMENT
from ..pki import authority
from .settings import Settings


@dataclass(frozen=True)
class Participants:
    """``called`` and ``receiver`` are the AE titles of the archive and of its move destination; ``target`` is what the
    environment declares."""

    called: str
    receiver: str
    nodes: Mapping[str, Node]
    users: Mapping[str, User]
    keys: authority.Pki
    target: Target

    def known(self) -> dict[str, Node]:
        """The nodes that the archive knows, by AE title: those that it permits anything."""
        return {node.aet: node for node in self.nodes.values() if node.permits}

    def names(self) -> dict[str, str]:
        """What stands for a placeholder in an opening: AE titles by role, of the archive, of its destination, and a
        user's name."""
        user = next(iter(self.users.values())).username if self.users else ""
        own = {"called": self.called, "receiver": self.receiver, "user": user}
        own |= {"research": self.target.research.called_aet} if self.target.research else {}
        return {**own, **{role: node.aet for role, node in self.nodes.items()}}

    def passcodes(self) -> dict[bytes, bytes]:
        """User identities of the known nodes."""
        identities = [node.identity for node in self.known().values() if node.identity]
        return {who.username.encode(): who.passcode.reveal().encode() for who in identities}

    def passwords(self) -> dict[bytes, bytes]:
        """Of the web users of the clinical side."""
        apart = self.target.research.user if self.target.research else None
        users = [user for name, user in self.users.items() if name != apart]
        return {user.username.encode(): user.password.reveal().encode() for user in users}


def gather(environment: Mapping[str, Any], folder: Path, settings: Settings) -> Participants:
    """Make names, secrets and, in ``folder``, keys. Raises BadInput for what ``environment`` lacks or gets wrong."""
    made = environment.get("pki", {})
    try:
        declared, tables = environment["target"], environment["nodes"]
        known = renamed(Target, ENVIRONMENT)
        target = Table(declared, "[target]", " ".join([*declared, *known.values()]), known)
        titles = {role: _title(role) for role in tables}
        names = tuple(made.get("server_names", ("localhost", "127.0.0.1")))
        named = Reader(folder, ENVIRONMENT).read(Target, target, {"name": "embedded", "endpoints": ()})
        if named.research is not None:
            research.check(named.research, target, tables, environment.get("users", {}))
            called = _title(named.research.called_aet)
            named = replace(named, research=replace(named.research, called_aet=called))
        keys = authority.make(folder, titles, names, made.get("server_defect", ""), made.get("server_key", "ec"))
        cast = Participants(
            called=_title(declared["called_aet"]),
            receiver=_title(declared["move_destination"]),
            nodes={role: _node(role, titles[role], table, keys) for role, table in tables.items()},
            users={name: User(f"{name}-{_hex()}", _secret()) for name in environment.get("users", {})},
            keys=keys,
            target=named,
        )
    except KeyError as error:
        raise BadInput(f"environment.toml of the embedded archive lacks {error}") from error
    unknown = sorted(set(settings.trusted_clients) - set(keys.bad))
    if unknown:
        raise BadInput(f"setting 'trusted_clients' cannot name {unknown[0]!r}; known: {', '.join(sorted(keys.bad))}")
    return cast


def _node(role: str, aet: str, table: Mapping[str, Any], keys: authority.Pki) -> Node:
    identity = Identity(f"{role}-{_hex()}", _secret())
    return Node(role, aet, frozenset(table.get("permits", ())), keys.nodes[role], identity)


def _title(name: str) -> str:
    """An AE title that nobody can guess. Raises BadInput where it would not fit (PS3.5 6.2: 16 characters)."""
    if len(name) > 9:
        raise BadInput(f"name {name!r} is too long: at most 9 characters fit into an AE title beside the random ones")
    return f"{name.upper()}-{_hex()}"


def _hex() -> str:
    """Six characters with a letter among them, so that upper and lower case differ."""
    return secrets.choice("ABCDEF") + secrets.token_hex(3)[1:].upper()


def _secret() -> Secret:
    return Secret(secrets.token_urlsafe(18))

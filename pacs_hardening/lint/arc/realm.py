"""A realm of Keycloak as it is exported, and imported at the start (RealmRepresentation of its admin REST API).

``client.<clientId>``, ``ldap.<name>`` (a user federation; each option a value, not a list of one) and ``user.<name>``
are by name; everything else stands as in the file. ``_pkce`` of a client is its method, ``_login`` says that people log
in by it, ``_secure`` of a federation that its connection is encrypted, ``password`` of a user is what the file holds.
"""

from __future__ import annotations

from pathlib import Path

from ..node import Node
from ..rules import load
from ..tree import Tree
from .reading import Reading

PRODUCT = "keycloak"
_TELLING = frozenset(["clients", "sslRequired", "bruteForceProtected", "components", "clientScopes", "roles", "users"])
_FEDERATION = "org.keycloak.storage.UserStorageProvider"


def recognises(root: Node) -> bool:
    return isinstance(root.value, dict) and "realm" in root.value and bool(_TELLING & root.value.keys())


def reading(root: Node, file: Path) -> Reading:
    members = dict(root.value)
    clients = {_name(each, "clientId"): _client(each) for each in _list(root, "clients")}
    federations = {_name(each, "name"): _federation(each) for each in _list(_of(root, "components"), _FEDERATION)}
    users = {_name(each, "username"): _user(each) for each in _list(root, "users")}
    for name, below in (("client", clients), ("ldap", federations), ("user", users)):
        if below:
            members[name] = Node(below, root.line)
    home = (str(file), root.line)
    tree = Tree({key: (node, home[0]) for key, node in members.items()}, home)
    return Reading(load(PRODUCT), (str(file),), tree, ())


def _client(node: Node) -> Node:
    value = dict(node.value)
    login = _plain(node, "standardFlowEnabled", True) and not _plain(node, "bearerOnly", False)
    value["_login"] = Node(bool(login and _plain(node, "enabled", True)), node.line)
    method = _of(_of(node, "attributes"), "pkce.code.challenge.method")
    value["_pkce"] = Node(str(method.value or ""), node.line)
    return Node(value, node.line)


def _federation(node: Node) -> Node:
    config = _of(node, "config").value or {}
    value = {name: _only(each) for name, each in config.items()} if isinstance(config, dict) else {}
    tls = str(_plain(Node(value, 0), "connectionUrl", "")).startswith("ldaps://")
    value["_secure"] = Node(tls or _plain(Node(value, 0), "startTls", "") == "true", node.line)
    return Node(value, node.line)


def _user(node: Node) -> Node:
    passwords = [_of(each, "value") for each in _list(node, "credentials")]
    said = next((each for each in passwords if isinstance(each.value, str)), None)
    return Node({**node.value, **({"password": said} if said is not None else {})}, node.line)


def _only(node: Node) -> Node:
    return node.value[0] if isinstance(node.value, list) and len(node.value) == 1 else node


def _of(node: Node, name: str) -> Node:
    value = node.value
    return value[name] if isinstance(value, dict) and name in value else Node(None, node.line)


def _list(node: Node, name: str) -> list[Node]:
    value = _of(node, name).value
    return [each for each in value if isinstance(each.value, dict)] if isinstance(value, list) else []


def _plain(node: Node, name: str, default: object) -> object:
    found = _of(node, name).value
    return default if found is None else found


def _name(node: Node, name: str) -> str:
    return str(_of(node, name).value or "unnamed")

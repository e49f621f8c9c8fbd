"""What follows from several options together, as settings of its own (they begin with "_"): rules ask for it.

``_web``: who reaches the web server: "off", "local" or "remote". ``_login``: what asks for a login where Orthanc itself
does not: "certificate", "service" (the Authorization plugin), "plugin", or "".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from .forms.setup import Setup
from .node import Node
from .tree import Tree, undecided

_LOOPBACK = re.compile(r"127(\.\d{1,3}){3}|::1|localhost", re.ASCII)
_SERVICES = ("WebServiceRootUrl", "WebServiceUserProfileUrl", "WebServiceTokenValidationUrl", "WebService")


def members(
    tree: Tree, setup: Setup, on: Collection[str], off: Collection[str], *, bind: bool
) -> dict[str, tuple[Node, str]]:
    """``on``, ``off``: the sections of plugins that variables switch. ``bind``: has it HttpBindAddresses?"""
    file, line = setup.home
    values = {"_web": _web(tree, bind=bind), "_login": _login(tree, setup.team is True, on, off)}
    return {key: (Node(value, line), file) for key, value in values.items()}


def _web(tree: Tree, *, bind: bool) -> str:
    if tree.value(["HttpServerEnabled"]) is False:
        return "off"
    bound = tree.value(["HttpBindAddresses"]) if bind else None
    local = isinstance(bound, list) and bound and all(isinstance(b, str) and _LOOPBACK.fullmatch(b) for b in bound)
    remote = tree.value(["RemoteAccessAllowed"])
    return "local" if local or not (remote is True or undecided(remote)) else "remote"


def _login(tree: Tree, team: bool, on: Collection[str], off: Collection[str]) -> str:
    if tree.value(["SslEnabled"]) is True and tree.value(["SslVerifyPeers"]) is True:
        return "certificate"
    service: Any = tree.value(["Authorization"])
    asks = isinstance(service, Mapping) and any(service.get(key) for key in _SERVICES)
    if asks and _loaded(tree, "Authorization", "authorization", team, on, off):
        return "service"
    education: Any = tree.value(["Education"])
    enabled = isinstance(education, Mapping) and education.get("Enabled") is True
    if enabled and _loaded(tree, "Education", "education", team, on, off):
        return "plugin"
    return ""


def _loaded(tree: Tree, section: str, library: str, team: bool, on: Collection[str], off: Collection[str]) -> bool:
    """The image loads a plugin whose section is there; Orthanc itself what ``Plugins`` names, or has in a folder."""
    if team:
        return section not in off
    plugins = tree.value(["Plugins"])
    named = [str(each) for each in plugins] if isinstance(plugins, list) else []
    return any(library in each.casefold() or not re.search(r"\.(so|dll|dylib)(\.[\d.]+)?$", each) for each in named)

"""A configuration of the user's own, as an environment: ``gate --config``.

Who may talk is read from it, so that somebody is seen to be served. What names another machine (paths, addresses,
private keys) is replaced, and each replacement is a line of the report; nothing else is touched. Which keys these are
says ``adopt.toml`` in the environment's folder.
"""

from __future__ import annotations

import json
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...lint.judge import default_of
from ...lint.node import Unparsable
from ...lint.rules import Product
from ...lint.run import configuration
from ...lint.tree import undecided
from ...model import BadInput
from ..definition.patch import merged
from ..definition.prepared import Overrides
from ..definition.render import Identities
from ..environment import Environment
from .tables import Tables

FILE = "adopt.toml"
_VARIABLE = re.compile(r"\$\{[^}]*\}")
ROLES = {"query": ({"find"}, {"store"}), "store": ({"store"}, {"find", "get", "move"})}  # must have, must not have


@dataclass(frozen=True)
class Adopted:
    """``replaced``: a line each, for the report."""

    overrides: Overrides
    replaced: tuple[str, ...]


def adopt(environment: Environment, path: Path, images: Mapping[str, str], *, with_guard: bool) -> Adopted:
    """Raises BadInput, naming file and key, for what cannot be started as it is."""
    recipe = environment.folder / FILE
    if not recipe.exists():
        raise BadInput(f"--config: the environment {environment.name!r} cannot take a configuration of your own")
    rules = tomllib.loads(recipe.read_text(encoding="utf-8"))
    try:
        product, own = configuration(path)
    except Unparsable as error:
        raise BadInput(f"--config: {error}") from error
    if product.name.lower() != rules["product"]:
        raise BadInput(f"--config {path}: is of {product.name}, and the environment {environment.name!r} is not")
    if rules.get("form") == "tables":
        file = path / Path(rules["file"]).name if path.is_dir() else path
        tables = Tables(environment, rules, own, file.read_text(encoding="utf-8"), str(file), with_guard)
        overrides = tables.overrides(images)
        return Adopted(overrides, tuple(tables.replaced))
    return _Adoption(environment, rules, product, own, path, with_guard).done(images)


class _Adoption:
    def __init__(
        self, environment: Environment, rules: Any, product: Product, own: dict[str, Any], path: Path, guarded: bool
    ) -> None:
        self.environment, self.rules, self.product, self.path = environment, rules, product, path
        self.own, self.guarded, self.replaced = own, guarded, list[str]()

    def _decided(self) -> None:
        """Raises BadInput, naming all of them, for values that only the environment of an archive decides."""
        found = list(_undecided(self.own, ""))
        if found:
            raise BadInput(
                f"--config {self.path}: write the value itself in place of each variable: {', '.join(found)}"
            )

    def value(self, key: str, default: object = None) -> Any:
        found = self.own.get(key)
        if found is None:
            found = default_of(key.split("."), self.product)
        return default if found is None else found

    def replace(self, key: str, value: object, why: str, where: dict[str, Any] | None = None, name: str = "") -> None:
        where = self.own if where is None else where
        if where.get(key) != value:
            before = "absent" if key not in where else json.dumps(where[key])
            self.replaced.append(f"{name or key}: {before} became {json.dumps(value)} ({why})")
            where[key] = value

    def done(self, images: Mapping[str, str]) -> Adopted:
        for each in self.rules["replace"]:
            present = each["key"] in self.own and ("when" not in each or self.own[each["key"]] == each["when"])
            if present or each.get("always"):
                self.replace(each["key"], each["value"], each["why"])
        web = self.rules["web"]
        section = self.own.get(web["section"])
        served = isinstance(section, dict) and section.get("Enable", True) is True
        if served and web["only_if"] not in self.own and not images:  # an image of the user's own knows by itself
            self.replace(web["only_if"], web["brings"], f"as the image that reads {web['section']} without it does")
        for key, value in self.rules["guarded"].items() if self.guarded else ():
            self.replace(key, value, "address: behind the guard")
        self._decided()
        people, nodes = self._people()
        raw = self._environment(nodes, images)
        rules, destination = self.rules["nodes"], raw["target"]["move_destination"]
        for name, entry in self._entries().items():
            received = destination and entry.get(rules["aet"]) == destination
            for key, value in (rules["entry"] if received else rules["nowhere"]).items():
                self.replace(key, value, "address", entry, f"{rules['section']}.{name}.{key}")
        if not self.guarded:
            self.replaced += self.rules["says"]
        text = json.dumps(self.own, indent=2, ensure_ascii=False)
        lines = [*self.replaced, *(f"image of {service}: {image}" for service, image in images.items())]
        overrides = Overrides(images=images, raw=raw, sources={self.rules["source"]: text}, people=people)
        return Adopted(overrides, tuple(lines))

    def _entries(self) -> dict[str, dict[str, Any]]:
        found = self.own.get(self.rules["nodes"]["section"])
        return {n: e for n, e in found.items() if isinstance(e, dict)} if isinstance(found, dict) else {}

    def _destination(self) -> str:
        """The AE title of the first node that receives anything: each is a possible destination; "" for none."""
        rules = self.rules["nodes"]
        nowhere = rules["nowhere"].items()
        receiving = (each for each in self._entries().values() if any(each.get(k) != v for k, v in nowhere))
        return next((each[rules["aet"]] for each in receiving if isinstance(each.get(rules["aet"]), str)), "")

    def _people(self) -> tuple[Identities, dict[str, dict[str, list[str]]]]:
        """Roles are given to whoever fits: ``all`` to the node that may do most."""
        rules = self.rules["nodes"]
        known = []
        for entry in self._entries().values():
            aet = entry.get(rules["aet"])
            may = [service for service, key in rules["permits"].items() if entry.get(key, True)]
            if isinstance(aet, str):
                known.append((aet, may))
        stranger = secrets.token_hex(3).upper()
        nodes = {"all": {"permits": ["echo", "find"]}, "unknown": {"permits": list[str]()}}
        aets = {"all": f"GATE-{stranger}", "unknown": f"UNKNOWN-{stranger}"}
        if not known:
            self.replaced.append(
                f"{rules['section']} names nobody: the suite calls itself {aets['all']}, and where that node is not "
                "served, nothing that is refused counts as a pass"
            )
        else:
            aets["all"], may = max(known, key=lambda pair: len(pair[1]))
            nodes["all"] = {"permits": may}
        for role, (must, never) in ROLES.items():
            fits = [(a, m) for a, m in known if must <= {*m} and not never & {*m} and a != aets["all"]]
            if fits:
                aets[role], nodes[role] = fits[0][0], {"permits": fits[0][1]}
            elif self.guarded:  # the guard's own list has a place for it
                aets[role] = f"{role.upper()}-{stranger}"
        reader = self._research().get("reader")
        if reader:
            aets[reader], nodes[reader] = f"{reader.upper()[:9]}-{stranger}", {"permits": []}
        users = self.own.get(self.rules["users"]["section"])
        pairs = [(u, p) for u, p in users.items() if isinstance(p, str)] if isinstance(users, dict) else []
        names = {f"user-{n}": pair for n, pair in enumerate(pairs, 1)}
        if reader:
            names[self._research()["user"]] = (self._research()["user"], secrets.token_urlsafe(16))
        people = Identities(
            aets=aets,
            cns={role: f"{role}-{secrets.token_hex(4)}.nodes.invalid" for role in aets},
            usernames={role: user for role, (user, _) in names.items()},
            passwords={role: password for role, (_, password) in names.items()},
        )
        return people, nodes

    def _environment(self, nodes: dict[str, dict[str, list[str]]], images: Mapping[str, str]) -> dict[str, Any]:
        """environment.toml for this configuration: without a guard, the archive's own endpoints."""
        raw = dict(self.environment.raw)
        endpoints, name = [], self.rules["service"]
        for kind, rule in self.rules["endpoints"].items():
            if all(self.value(key, False) for key in rule["open"]):
                port = self.value(rule["port"], rule["default"])
                if type(port) is not int or not 1024 <= port < 65536:
                    self.replace(rule["port"], rule["default"], "address: ports below 1024 are for root")
                    port = rule["default"]
                endpoints.append({"port": port, "service": kind, "tls": bool(self.value(rule["tls"], False))})
            else:
                self.replaced.append(f"no {kind} endpoint: {' and '.join(rule['open'])} would open it to others")
        if not endpoints:
            raise BadInput(f"--config {self.path}: opens no endpoint to others: there is nothing to judge")
        destination = self._destination()
        target = {**raw["target"], "called_aet": self.value(self.rules["called_aet"]), "move_destination": destination}
        for key in ("query_limit", "sop_classes", "transfer_syntaxes", "arrivals", "audit"):
            target.pop(key, None)  # what this configuration is meant to allow is not said anywhere
        web = self.rules["web"]
        if not self.own.get(web["only_if"]) and not images:
            target["routes"] = {**target["routes"], **dict.fromkeys(web["routes"], "")}
            target["capabilities"] = [each for each in target["capabilities"] if each != web["capability"]]
        side = self._research()
        users: dict[str, Any] = {user: {} for user in (*self._users(), *([side["user"]] if side else ()))}
        open_ = {endpoint["service"] for endpoint in endpoints}
        if side:  # its list has a line for each role, and the first node of the configuration may be one of them
            target["research"] = {**side, "move_destination": f"RECEIVER-{secrets.token_hex(3).upper()}"}
        else:
            target.pop("research", None)  # a second archive, which is none of this configuration's
        raw = {**raw, "target": target, "nodes": nodes, "users": users}
        services, archive = raw["services"], dict(raw["services"][name])
        archive["environment"] = {**archive["environment"], **self._health(endpoints)}
        laid = [{"source": self.rules["source"], "path": self.rules["file"], "mode": "0440"}]
        laid += [file for file in archive["files"] if not file["path"].endswith(".json")]  # what the image itself runs
        named = self.own.values()  # an archive behind a guard may read certificates all the same
        secret = {s: path for s, path in self.rules["secrets"].items() if path in named or not self.guarded}
        laid += [{"secret": s, "path": path, "mode": "0440"} for s, path in secret.items()]
        if self.guarded:
            others = {each: _published(service, open_) for each, service in services.items()}
            return {**raw, "services": {**others, name: {**archive, "files": laid}}}
        services = {each: services[each] for each in self.rules["alone"]}
        exposed = [endpoint["port"] for endpoint in endpoints]
        change = {"publish": endpoints, "networks": ["inside", "edge"], "files": laid, "exposes": exposed}
        return {**raw, "services": {**services, name: merged(archive, change)}}

    def _health(self, endpoints: list[dict[str, Any]]) -> dict[str, str]:
        """The image's own check asks the web server at its usual port; where there is none, whether a port is open."""
        usual = {"port": self.rules["endpoints"]["web"]["default"], "service": "web", "tls": False}
        return {} if usual in endpoints else {self.rules["health"]: str(endpoints[0]["port"])}

    def _research(self) -> dict[str, Any]:
        """The research side, which the guard has a place for; without the guard there is none."""
        found: dict[str, Any] = self.environment.raw["target"].get("research", {}) if self.guarded else {}
        return found

    def _users(self) -> list[str]:
        users = self.own.get(self.rules["users"]["section"])
        count = sum(isinstance(p, str) for p in users.values()) if isinstance(users, dict) else 0
        return [f"user-{n}" for n in range(1, count + 1)]


def _published(service: dict[str, Any], kinds: Set[str]) -> dict[str, Any]:
    """``service`` without endpoints of other ``kinds``: the guard listens there, and nothing is behind it."""
    kept = [each for each in service.get("publish", ()) if each["service"] in kinds]
    dropped = [each["port"] for each in service.get("publish", ()) if each not in kept]
    return {**service, "publish": kept, "exposes": [*service.get("exposes", ()), *dropped]} if dropped else service


def _undecided(value: object, key: str) -> Iterator[str]:
    if undecided(value):
        yield f"{key} ({', '.join(_VARIABLE.findall(str(value)))})"
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in parts:
        if undecided(name):
            yield f"{key}, name {name}"
        else:
            yield from _undecided(below, f"{key}.{name}" if key else str(name))

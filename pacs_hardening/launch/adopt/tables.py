"""A configuration in lines and tables as an environment: AE titles, each with its peers, and a table of their hosts.

A server of this kind grants rights to an AE title that is called, not to the node that calls. One of its AE titles can
be asked from outside: the one that is open widest. The area *config* reads all of them.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...model import BadInput
from ..definition.patch import merged
from ..definition.prepared import Overrides
from ..definition.render import Identities
from ..environment import Environment

_TABLE = re.compile(r"\s*(HostTable|VendorTable|AETable)\s+(BEGIN|END)\b")
_WORD = r"""(?:["'(][^"'()\n]*["')]|[^\s=,]+)"""
_AREA = re.compile(rf"(\s*(?P<name>{_WORD})[\s=]+)(?P<area>{_WORD})")
_PEER = re.compile(
    r"""(["'(]\s*(?P<aet>[^"'(),\n]+?)\s*,\s*)(?P<host>[^"'(),\n]+?)(\s*,\s*)(?P<port>[^"'(),\n]+?)(\s*["')])"""
)
_PORT = re.compile(r"(\s*NetworkTCPPort[\s=]+)(\S+)")
_READING = ["echo", "find", "get", "move"]


@dataclass
class Tables:
    """``text`` is the file, ``own`` the same as plain data (lint/dcmqrscp.py says how)."""

    environment: Environment
    rules: Any
    own: Mapping[str, Any]
    text: str
    where: str
    guarded: bool
    replaced: list[str] = field(default_factory=list)

    def overrides(self, images: Mapping[str, str]) -> Overrides:
        """Raises BadInput for what cannot be started as it is."""
        if "${" in self.text:
            line = self.text[: self.text.index("${")].count("\n") + 1
            raise BadInput(f"--config {self.where}:{line}: a placeholder; write the value itself")
        called, row = self._judged()
        people, nodes = self._people(row)
        servers = self.rules["guarded"]["servers"] if self.guarded else {self.rules["source"]: self._port()}
        areas: dict[str, str] = {}
        texts = {source: self._rewritten(port, areas) for source, port in servers.items()}
        self.replaced = list(dict.fromkeys(self.replaced))
        titles = [peer["AET"] for _, _, peer in self._hosts() if peer["AET"] not in self._admitted()]
        if not titles:
            self.replaced.append("no C-MOVE destination: each row of the HostTable is also a node that may ask")
        self.replaced += [
            f"AE title {each}: not asked from outside; {called} is" for each in self._rows() if each != called
        ]
        self.replaced += (self.rules["guarded"] if self.guarded else self.rules)["says"]
        self.replaced += [f"image of {service}: {image}" for service, image in images.items()]
        raw = self._environment(called, titles[0] if titles else "", nodes, areas)
        return Overrides(images=images, raw=raw, sources=texts, people=people)

    def _rows(self) -> dict[str, dict[str, Any]]:
        return dict(self.own.get("AETable", {}))

    def _judged(self) -> tuple[str, dict[str, Any]]:
        """The AE title that is open widest: for anybody, for storing. Raises BadInput where there is none."""
        rows = self._rows()
        if not rows:
            raise BadInput(f"--config {self.where}: AETable: serves no AE title: there is nothing to judge")
        return max(rows.items(), key=lambda each: ("ANY" in each[1].get("Peers", ()), _writable(each[1])))

    def _hosts(self) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        """Name of the row, number, and peer, of each in the HostTable that is whole."""
        for name, row in self.own.get("HostTable", {}).items():
            for number, peer in row.items():
                if isinstance(peer, dict) and len(peer) == 3:
                    yield name, number, peer

    def _peers(self, row: Mapping[str, Any]) -> list[str]:
        """AE titles of the nodes that ``row`` names, in their order; none for ANY."""
        found = [peer["AET"] for peer in row.get("_peers", {}).values() if len(peer) == 3]
        waiting, seen = [word for word in row.get("Peers", ()) if "," not in word], set[str]()
        while waiting:
            name = waiting.pop(0)
            if name not in seen:
                seen.add(name)
                found += [peer["AET"] for each, _, peer in self._hosts() if each == name]
                waiting += self.own.get("HostTable", {}).get(name, {}).get("_names", ())
        return list(dict.fromkeys(found))

    def _admitted(self) -> set[str]:
        return {aet for row in self._rows().values() for aet in self._peers(row)}

    def _people(self, row: Mapping[str, Any]) -> tuple[Identities, dict[str, dict[str, list[str]]]]:
        stranger = secrets.token_hex(3).upper()
        aets = {"all": next(iter(self._peers(row)), f"GATE-{stranger}"), "unknown": f"UNKNOWN-{stranger}"}
        permits = [*_READING, *(["store"] if _writable(row) else [])]
        nodes = {"all": {"permits": permits}, "unknown": {"permits": list[str]()}}
        for role in ("query", "store") if self.guarded else ():  # the guard's own list has a place for them
            aets[role] = f"{role.upper()}-{stranger}"
        cns = {role: f"{role}-{secrets.token_hex(4)}.nodes.invalid" for role in aets}
        return Identities(aets=aets, cns=cns, usernames={}, passwords={}), nodes

    def _port(self) -> int:
        port = self.own.get("NetworkTCPPort")
        return port if type(port) is int and 1024 <= port < 65536 else int(self.rules["port"])

    def _say(self, key: str, before: str, after: str, why: str) -> None:
        if before != after:
            self.replaced.append(f"{key}: {json.dumps(before)} became {json.dumps(after)} ({why})")

    def _rewritten(self, port: int, areas: dict[str, str]) -> str:
        """The file with paths, addresses and port of this environment; each line stays where it is."""
        lines, table, ported = [], "", False
        for line in self.text.split("\n"):
            mark, keyword = _TABLE.match(line), line.split("=")[0].split()[:1]
            if mark:
                table = mark[1] if mark[2] == "BEGIN" else ""
            elif line.startswith("#"):
                pass
            elif not table and (found := _PORT.match(line)):
                self._say("NetworkTCPPort", found[2], str(port), "address")
                line, ported = f"{found[1]}{port}", True
            elif not table and keyword and keyword[0] in self.rules["of_root"]:
                self.replaced.append(
                    f"{keyword[0]}: removed (only root can follow it; the container's user has no rights)"
                )
                line = ""
            elif table:
                line = self._row(table, line, areas)
            lines.append(line)
        if not ported:
            self.replaced.append(f"NetworkTCPPort: absent became {port} (address: ports below 1024 are for root)")
            lines.append(f"NetworkTCPPort = {port}")
        return "\n".join(lines) + "\n"

    def _row(self, table: str, line: str, areas: dict[str, str]) -> str:
        if table == "AETable" and (found := _AREA.match(line)):
            own = self.rules["storage"]
            area = areas.setdefault(found["area"].strip("\"'()"), own if not areas else f"{own}-{len(areas) + 1}")
            self._say(f"AETable.{found['name']}.StorageArea", found["area"], area, "path")
            line = f"{found[1]}{area}{line[found.end() :]}"
        hosts, ports = (self.rules["guarded"] if self.guarded else self.rules)["hosts"], self.rules["ports"]
        admitted = self._admitted()

        def moved(peer: re.Match[str]) -> str:
            kind = "admitted" if peer["aet"] in admitted else "other"
            self._say(f"{table}: host of {peer['aet']}", peer["host"], hosts[kind], "address")
            self._say(f"{table}: port of {peer['aet']}", peer["port"], str(ports[kind]), "address")
            return f"{peer[1]}{hosts[kind]}{peer[4]}{ports[kind]}{peer[6]}"

        return _PEER.sub(moved, line) if table != "VendorTable" else line

    def _environment(
        self, called: str, destination: str, nodes: Mapping[str, Any], areas: Mapping[str, str]
    ) -> dict[str, Any]:
        raw = dict(self.environment.raw)
        target = {**raw["target"], "called_aet": called, "move_destination": destination}
        for key in ("query_limit", "sop_classes", "transfer_syntaxes", "arrivals", "audit"):
            target.pop(key, None)  # what this configuration is meant to allow is not said anywhere
        services, name = dict(raw["services"]), self.rules["service"]
        archive = services[name]
        size = next(iter(archive["tmpfs"].values()))
        change: dict[str, Any] = {"tmpfs": dict.fromkeys(areas.values(), size), "configuration": self.rules["file"]}
        if not self.guarded:
            services = {each: services[each] for each in self.rules["alone"]}
            port = self._port()
            change |= {
                "dockerfile": self.rules["dockerfile"],
                "ready": self.rules["ready"],
                "networks": ["inside", "edge"],
                "publish": [{"port": port, "service": "dicom", "tls": False}],
                "exposes": [port],
                "files": [{"source": self.rules["source"], "path": self.rules["file"], "mode": "0440"}],
            }
        services[name] = merged(archive, change)
        return {**raw, "target": target, "nodes": nodes, "users": {}, "services": services}


def _writable(row: Mapping[str, Any]) -> bool:
    return row.get("Access") in ("W", "RW", "WR")

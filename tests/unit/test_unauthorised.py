"""Who is sent to an archive to be refused, and how far they get."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pacs_hardening.config import targetfile
from pacs_hardening.model import Endpoint, KeyPair, Missing, Node, Target, Unmeasurable
from pacs_hardening.model.response import TlsAlert
from pacs_hardening.probes.unauthorised import demand_stranger, posing
from tests.meta.test_fail_closed import archive

ONE, TWO = Endpoint("dicom", "h", 1, True), Endpoint("dicom", "h", 2, True)


def node(name: str, *permits: str) -> Node:
    return Node(name, name.upper(), frozenset(permits), KeyPair(Path(f"{name}.pem"), Path(f"{name}.key")))


NODES = {each.name: each for each in (node("all", "echo", "find"), node("query", "find"), node("unknown"))}


def test_each_certificate_comes_under_each_other_name_at_each_endpoint() -> None:
    bare = Node("old", "OLD", frozenset({"store"}))  # has no certificate to show, and a name to be taken
    plain = Endpoint("dicom", "h", 3, False)
    target = Target("t", "PACS", (ONE, TWO, plain), {**NODES, "old": bare})
    tried = {(endpoint.port, peer.keys, peer.aet) for endpoint, peer in posing(target)}
    assert tried == {
        (port, own.keys, other.aet.encode())
        for port in (1, 2)
        for own in NODES.values()
        for other in (*NODES.values(), bare)
        if other is not own and other.permits
    }


def test_nodes_that_share_a_certificate_are_told_apart_by_nothing() -> None:
    shared = {name: replace(NODES[name], keys=NODES["all"].keys) for name in ("all", "query")}
    assert not list(posing(Target("t", "PACS", (ONE,), shared)))


def test_a_stranger_must_get_through_tls(tmp_path: Path) -> None:
    with archive(tmp_path) as file:
        target = targetfile.read(str(file))
        demand_stranger(target)
        for refused in (target.bad_keys["unknown-ca"], target.bad_keys["expired"]):
            nodes = {**target.nodes, "unknown": replace(target.nodes["unknown"], keys=refused)}
            with pytest.raises(Unmeasurable, match="refuses the certificate of node 'unknown'") as caught:
                demand_stranger(replace(target, nodes=nodes))
            parts = caught.value.args
            assert any(isinstance(part[1], TlsAlert) for part in parts if isinstance(part, tuple))
        nodes = {**target.nodes, "unknown": replace(target.nodes["unknown"], keys=None)}
        with pytest.raises(Missing):
            demand_stranger(replace(target, nodes=nodes))

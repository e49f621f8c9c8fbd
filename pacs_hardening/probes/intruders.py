"""Probe: peers that an archive must not serve, and the doors they would try."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from ..model import Door, Missing, Target, Unmeasurable
from ..wire.scu import Operation
from .association import Attempt, Peer, knock


def strangers(target: Target) -> Iterator[tuple[Door, Peer]]:
    """Every way in for somebody who is not authorised, at every DICOM door.

    An AE title is no secret: whoever has seen one can use it. So a stranger without a certificate comes once
    under a name of their own and once under that of an authorised node; and a device that has a certificate
    of the hospital's CA, but no business with this archive, comes under its own name.
    """
    made_up = f"X{secrets.token_hex(5).upper()}".encode()
    authorised = target.nodes.get("all")
    unknown = target.nodes.get("unknown")
    for door in target.doors_of("dicom"):
        yield door, Peer("a peer without certificate, with an AE title of its own", made_up)
        if authorised is not None:
            yield (
                door,
                Peer("a peer without certificate, with the AE title of an authorised node", authorised.aet.encode()),
            )
        if unknown is not None and door.tls and unknown.keys is not None:
            yield door, replace(Peer.of(unknown), label="a device with a certificate, unknown to the archive")


def tried_by_strangers(target: Target, *operations: Operation) -> Iterator[Attempt]:
    """Each of ``operations`` as each stranger at each door. What could not be measured is raised at the end, so
    that it does not hide what was."""
    unmeasured: Unmeasurable | None = None
    for operation in operations:
        for door, peer in strangers(target):
            try:
                yield knock(target, peer, operation, door=door)
            except Unmeasurable as error:
                unmeasured = unmeasured or error
    if unmeasured is not None:
        raise unmeasured


def demand_stranger(target: Target) -> None:
    """On a TLS door, peers without certificate only show that TLS refuses them; what the archive does with a good
    certificate and no permission takes one. Raises Missing where the target names none."""
    unknown = target.nodes.get("unknown")
    if any(door.tls for door in target.doors_of("dicom")) and (unknown is None or unknown.keys is None):
        raise Missing("the target names no node 'unknown': a certificate of its CA that may do nothing here")

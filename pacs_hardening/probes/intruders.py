"""Probe: peers that an archive must not serve, and the doors they would try."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from ..model import Door, Target
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


def tried_by_strangers(target: Target, operation: Operation) -> list[Attempt]:
    """``operation`` as each stranger at each door."""
    return [knock(target, peer, operation, door=door) for door, peer in strangers(target)]

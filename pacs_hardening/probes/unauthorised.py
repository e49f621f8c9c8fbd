"""Probe: peers that an archive must not serve, and the endpoints they would try."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from ..model import (
    Endpoint,
    Missing,
    Target,
    Unmeasurable,
)
from ..wire.scu import Operation
from .dicom.association import Attempt, Peer, associate_as
from .tls.handshake import handshake


def strangers(target: Target) -> Iterator[tuple[Endpoint, Peer]]:
    """Every way in for somebody who is not authorised, at every DICOM endpoint.

    An AE title is no secret: whoever has seen one can use it. So a stranger without a certificate comes once
    under a name of their own and once under that of an authorised node; and a device that has a certificate
    of the hospital's CA, but no business with this archive, comes under its own name.
    """
    made_up = f"X{secrets.token_hex(5).upper()}".encode()
    authorised = target.nodes.get("all")
    unknown = target.nodes.get("unknown")
    for endpoint in target.endpoints_of("dicom"):
        yield endpoint, Peer("a peer without certificate, with an AE title of its own", made_up)
        if authorised is not None:
            yield (
                endpoint,
                Peer(
                    "a peer without certificate, with the AE title of an authorised node",
                    authorised.aet.encode(),
                    poses=True,
                ),
            )
        if unknown is not None and endpoint.tls and unknown.keys is not None:
            yield endpoint, replace(Peer.of(unknown), label="a device with a certificate, unknown to the archive")


def tried_by_strangers(target: Target, *operations: Operation) -> Iterator[Attempt]:
    """Each of ``operations`` as each stranger at each endpoint. What could not be measured is raised at the end, so
    that it does not hide what was."""
    unmeasured: Unmeasurable | None = None
    for operation in operations:
        for endpoint, peer in strangers(target):
            try:
                yield associate_as(target, peer, operation, endpoint=endpoint)
            except Unmeasurable as error:
                unmeasured = unmeasured or error
    if unmeasured is not None:
        raise unmeasured


def posing(target: Target) -> Iterator[tuple[Endpoint, Peer]]:
    """Each certificate that the target names with the AE title of each other node that may do anything, at every TLS
    endpoint for DICOM."""
    known = [node for node in target.nodes.values() if node.permits]
    for endpoint in target.endpoints_of("dicom"):
        for own in target.nodes.values() if endpoint.tls else ():
            for other in known:
                if own.keys is not None and other.aet != own.aet and own.keys != other.keys:
                    label = f"the certificate of node '{own.name}', with the AE title of node '{other.name}'"
                    yield endpoint, Peer(label, other.aet.encode(), own.keys, other.identity, poses=True)


def demand_stranger(target: Target) -> None:
    """On a TLS endpoint, peers without certificate only show that TLS refuses them; what the archive does with a good
    certificate and no permission takes one. Raises Missing where the target names none, Unmeasurable where TLS itself
    refuses it: then no stranger has come as far as the archive."""
    unknown = target.nodes.get("unknown")
    for endpoint in target.endpoints_of("dicom"):
        if not endpoint.tls:
            continue
        if unknown is None or unknown.keys is None:
            raise Missing("the target names no node 'unknown': a certificate of its CA that may do nothing here")
        shown = handshake(endpoint, target, unknown.keys, target.nodes.get("all", unknown), calling=unknown.aet)
        if not shown.accepted:
            refused = tuple((f" {each.version}: ", each.refusal) for each in shown.refused)
            raise Unmeasurable(
                f"TLS at {endpoint} refuses the certificate of node 'unknown', so that nobody has come to the archive"
                " as a stranger with a certificate; name one of the CA that it trusts:",
                *refused,
            )

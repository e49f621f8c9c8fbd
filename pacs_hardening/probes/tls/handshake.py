"""Probe: who is let through TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TypeAlias

from ...model import (
    Endpoint,
    KeyPair,
    Node,
    Target,
    Unmeasurable,
)
from ...model.response import Closed, Nonsense, Response, Stage, TlsAlert
from ...wire import pdu, scu, tls
from ...wire.operations import echo
from ...wire.session import Refused, Session, Silent


@dataclass(frozen=True)
class Finished:
    """The server's Finished was received, in a version in which it comes only after the server has judged the client's
    certificate (RFC 5246 7.4.9). In TLS 1.3 it comes before (RFC 8446 4.4.2), and is evidence of nothing."""

    version: ssl.TLSVersion

    def __post_init__(self) -> None:
        if self.version >= ssl.TLSVersion.TLSv1_3:
            raise ValueError("a Finished of TLS 1.3 does not show that the client was let through")


@dataclass(frozen=True)
class Answered:
    """A PDU of type ``pdu`` came within the connection, in answer to an A-ASSOCIATE-RQ."""

    pdu: int

    def __post_init__(self) -> None:
        if not 1 <= self.pdu <= 7:
            raise ValueError(f"{self.pdu} is no PDU type")


@dataclass(frozen=True)
class LetThrough:
    """A client that the server lets reach what is behind TLS, and what shows it."""

    version: str
    evidence: Finished | Answered


@dataclass(frozen=True)
class TurnedAway:
    """A client that the server ended with, in a version in which it lets the authorised node through."""

    version: str
    refusal: TlsAlert | Closed


@dataclass(frozen=True)
class Handshake:
    """What came of a client, by version: nothing of a version in which the authorised node is not let through."""

    accepted: tuple[LetThrough, ...]
    refused: tuple[TurnedAway, ...]


@dataclass(frozen=True)
class _Unclear:
    """Neither let through nor turned away: silence, bytes of another protocol, or a failure of our own TLS."""

    response: Response


_VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
_Came: TypeAlias = Finished | Answered | TlsAlert | Closed | _Unclear


def handshake(
    endpoint: Endpoint, target: Target, keys: KeyPair | None, authorised: Node, calling: str = ""
) -> Handshake:
    """Whether a client with ``keys`` (none: no client certificate) is let through in TLS 1.2 and in TLS 1.3, asking for
    an association as ``calling``; by default as the ``authorised`` node, so that only the certificate is different.

    What it is refused counts only in a version in which the ``authorised`` node is let through.
    Raises Unmeasurable where there is none, or where the client is neither let through nor refused.
    """
    accepted, refused, unclear = list[LetThrough](), list[TurnedAway](), list[_Unclear]()
    for name, version in _VERSIONS.items():
        came = _ask(endpoint, target, version, keys, calling or authorised.aet)
        if isinstance(came, Finished | Answered):
            accepted.append(LetThrough(name, came))
        elif isinstance(_ask(endpoint, target, version, authorised.keys, authorised.aet), Finished | Answered):
            if isinstance(came, _Unclear):
                unclear.append(came)
            else:
                refused.append(TurnedAway(name, came))
    if unclear and not accepted:
        raise Unmeasurable(f"{endpoint}: ", unclear[0].response)
    if not accepted and not refused:
        raise Unmeasurable(f"{endpoint} lets the authorised node through in neither TLS 1.2 nor TLS 1.3")
    return Handshake(tuple(accepted), tuple(refused))


def _ask(endpoint: Endpoint, target: Target, version: ssl.TLSVersion, keys: KeyPair | None, calling: str) -> _Came:
    """What a client with ``keys`` meets in ``version``. In TLS 1.3 it goes on to an A-ASSOCIATE-RQ."""
    try:
        with Session(endpoint, tls.client(keys, version=version), name=target.server_name) as session:
            if version < ssl.TLSVersion.TLSv1_3:
                return Finished(version)
            request = scu.request_for(target.called_aet.encode(), calling.encode(), None, echo())
            session.send(request.encode(), "A-ASSOCIATE-RQ")
            first = session.receive_some(1, Stage.ASSOCIATION)
            if not first:
                return Closed()
            if not 1 <= first[0] <= 7:
                return _Unclear(Nonsense(f"expected a PDU, got {first.hex()} …"))
            session.send(pdu.pdu(pdu.A_ABORT, bytes(4)), "A-ABORT")
            return Answered(first[0])
    except Refused as refusal:
        came = refusal.response
        return came if isinstance(came, TlsAlert | Closed) else _Unclear(came)
    except Silent as silence:
        return _Unclear(silence.response)

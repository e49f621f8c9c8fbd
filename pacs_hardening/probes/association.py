"""Probe: what happens to a peer that asks for an association, and for one operation on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..model import Door, Identity, KeyPair, Node, Target, Unmeasurable
from ..wire import pdu, scu, tls
from ..wire.operations import echo
from ..wire.session import Refused, Session, Silent


class Outcome(StrEnum):
    """SERVED: the association was accepted and, if one was asked for, the operation succeeded. REFUSED: the
    peer said no by TLS alert, A-ASSOCIATE-RJ, A-ABORT, close or a DIMSE failure. SILENT: nothing came."""

    SERVED = "served"
    REFUSED = "refused"
    SILENT = "silent"


@dataclass(frozen=True)
class Peer:
    """Who knocks: AE title (raw bytes), client certificate, user identity, and what a report calls it."""

    label: str
    aet: bytes
    keys: KeyPair | None = None
    identity: Identity | None = None

    @classmethod
    def of(cls, node: Node) -> Peer:
        return cls(f"node '{node.name}'", node.aet.encode(), node.keys, node.identity)


@dataclass(frozen=True)
class Attempt:
    """What one peer got at one door. ``datasets`` are the data sets it received, raw, ``received`` the
    bytes of data sets in all, whole or not; ``stage`` is where a refusal came."""

    peer: Peer
    door: Door
    asked: str
    outcome: Outcome
    how: str
    stage: str = ""
    datasets: tuple[bytes, ...] = ()
    received: int = 0
    completed: int = 0
    accepted: pdu.Accepted | None = None
    transcript: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        return f"{self.peer.label} at {self.door}: {self.asked} {self.outcome}, {self.how}"


def knock(
    target: Target,
    peer: Peer,
    *operations: scu.Operation,
    door: Door | None = None,
    request: pdu.AssociateRequest | None = None,
    seconds: float = 8.0,
) -> Attempt:
    """Associate as ``peer`` and perform ``operations`` in turn, up to the first that fails (none: only associate
    and release, offering Verification).

    ``request`` replaces the A-ASSOCIATE-RQ with one of the caller's. Raises Unmeasurable where there is no
    door, no TCP connection, or the answer is no DICOM at all.
    """
    door = door or first_door(target, "dicom")
    offered = operations or (echo(),)
    rq = request or scu.request_for(target.called_aet.encode(), peer.aet, peer.identity, *offered)
    context = tls.client(peer.keys, target) if door.tls else None
    asked = operations[0].name if operations else "A-ASSOCIATE"
    exchange = scu.Exchange()
    accepted: pdu.Accepted | None = None
    session = Session(door, context, seconds=seconds, name=target.server_name)
    try:
        with session:
            accepted = scu.associate(session, rq)
            outcome, how, stage = Outcome.SERVED, "association accepted", ""
            for operation in operations:
                asked = operation.name
                exchange.status = None
                scu.perform(session, accepted, operation, exchange)
                how = f"DIMSE status {exchange.status or 0:04X}H"
                if not exchange.succeeded:
                    outcome, stage = Outcome.REFUSED, operation.name
                    break
            scu.release(session)
    except Refused as refusal:
        outcome, how, stage = Outcome.REFUSED, refusal.how, refusal.stage
    except Silent as silence:
        outcome, how, stage = Outcome.SILENT, str(silence), ""
    except pdu.ProtocolError as error:
        if not exchange.received:
            raise Unmeasurable(f"{door} does not answer in DICOM: {error}") from error
        outcome, how, stage = Outcome.REFUSED, f"nonsense: {error}", asked  # but bytes of data sets came before it
    return Attempt(
        peer,
        door,
        asked,
        outcome,
        how,
        stage,
        tuple(exchange.datasets),
        exchange.received,
        exchange.completed,
        accepted,
        tuple(session.transcript),
    )


def first_door(target: Target, service: str) -> Door:
    """The door that authorised nodes use. Raises Unmeasurable where the target has none."""
    doors = target.doors_of(service)
    if not doors:
        raise Unmeasurable(f"the target names no {service} door")
    return doors[0]

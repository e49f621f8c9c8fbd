"""Probe: what happens to a peer that asks for an association, and for one operation on it."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from ...model import (
    Endpoint,
    Identity,
    KeyPair,
    Node,
    Stranger,
    Target,
    Unmeasurable,
)
from ...model import response as came
from ...model.response import Observed, Response, Said, Stage
from ...wire import pdu, scu, tls
from ...wire import session as wire
from ...wire.operations import echo
from ...wire.patience import PAUSES, is_busy, patiently


class Outcome(StrEnum):
    """SERVED: the association was accepted and, if one was asked for, the operation succeeded. REFUSED: the peer said
    no by TLS alert, A-ASSOCIATE-RJ, A-ABORT, close or a DIMSE failure. SILENT: nothing came. NONSENSE: no DICOM did."""

    SERVED = "served"
    REFUSED = "refused"
    SILENT = "silent"
    NONSENSE = "nonsense"

    @classmethod
    def of(cls, response: Response) -> Outcome:
        match response:
            case came.Served():
                return cls.SERVED
            case came.Silent():
                return cls.SILENT
            case came.Nonsense() | came.Endless() | came.HttpStatus() | came.NotConnected() | came.NotTrusted():
                return cls.NONSENSE
            case came.Rejected() | came.Aborted() | came.Closed() | came.TlsAlert() | came.TlsFailed():
                return cls.REFUSED
            case came.ContextRefused() | came.Unexpected() | came.DimseStatus() | came.Acknowledged():
                return cls.REFUSED
            case _:
                assert_never(response)


@dataclass(frozen=True)
class Peer:
    """Who knocks: AE title (raw bytes), client certificate, user identity, and what a report calls it. ``poses``: the
    title is that of an authorised node."""

    label: str
    aet: bytes
    keys: KeyPair | None = None
    identity: Identity | None = None
    poses: bool = False

    @property
    def stranger(self) -> Stranger:
        """What somebody needs to be such a peer."""
        if self.keys is not None:
            return Stranger.POSING_DEVICE if self.poses else Stranger.DEVICE
        return Stranger.POSING if self.poses else Stranger.ANYONE

    @classmethod
    def of(cls, node: Node) -> Peer:
        return cls(f"node '{node.name}'", node.aet.encode(), node.keys, node.identity)


@dataclass(frozen=True)
class Attempt:
    """What one peer got at one endpoint: the ``response`` to the last ``operation`` (None: to the A-ASSOCIATE-RQ).
    ``datasets`` are the data sets it received, raw, ``received`` the bytes of data sets in all, whole or not, and
    ``completed`` the objects that were sent elsewhere; ``called`` is the AE title that was called."""

    peer: Peer
    endpoint: Endpoint
    operation: scu.Operation | None
    response: Response
    datasets: tuple[bytes, ...] = ()
    received: int = 0
    completed: int = 0
    accepted: pdu.Accepted | None = None
    transcript: tuple[Said, ...] = ()
    called: bytes = b""

    @property
    def outcome(self) -> Outcome:
        return Outcome.of(self.response)

    @property
    def observed(self) -> Observed:
        """For the report."""
        asked = self.operation.name if self.operation else "A-ASSOCIATE"
        calling, called = (title.decode("latin-1").strip() for title in (self.peer.aet, self.called))
        return Observed(self.peer.label, self.endpoint, asked, self.response, calling, called)


def associate_as(
    target: Target,
    peer: Peer,
    *operations: scu.Operation,
    endpoint: Endpoint | None = None,
    request: pdu.AssociateRequest | None = None,
    seconds: float = 8.0,
    patience: Sequence[float] = PAUSES,
) -> Attempt:
    """Associate as ``peer`` and perform ``operations`` in turn, up to the first that fails (none: only associate
    and release, offering Verification).

    ``request`` replaces the A-ASSOCIATE-RQ with one of the caller's. An archive that has reached a limit of its own
    (A-ASSOCIATE-RJ source 3) is asked again after each of so many seconds (``patience``): that says nothing of who
    asks. Raises Unmeasurable where there is no endpoint, no TCP connection, or the answer is no DICOM at all.
    """
    endpoint = endpoint or first_endpoint(target, "dicom")
    attempt = patiently(
        lambda: _associate_once(target, peer, operations, endpoint, request, seconds),
        patience,
        busy=is_busy,
        notice=f"{endpoint} rejects what is beyond a limit of its own (A-ASSOCIATE-RJ): asked again, more slowly",
    )
    done = 0 if attempt.operation is None else operations.index(attempt.operation)
    if not done or not isinstance(attempt.response, came.Closed | came.Aborted):
        return attempt
    # Some end an association after each message: what was to come is asked on another.
    rest = operations[done:]
    later = associate_as(target, peer, *rest, endpoint=endpoint, request=request, seconds=seconds, patience=patience)
    return replace(
        later,
        datasets=attempt.datasets + later.datasets,
        received=attempt.received + later.received,
        completed=attempt.completed + later.completed,
        transcript=attempt.transcript + later.transcript,
    )


def _associate_once(
    target: Target,
    peer: Peer,
    operations: tuple[scu.Operation, ...],
    endpoint: Endpoint,
    request: pdu.AssociateRequest | None,
    seconds: float,
) -> Attempt:
    rq = request or scu.request_for(target.called_aet.encode(), peer.aet, peer.identity, *(operations or (echo(),)))
    context = tls.client(peer.keys, target) if endpoint.tls else None
    asked = operations[0] if operations else None
    exchange = scu.Exchange()
    accepted: pdu.Accepted | None = None
    response: Response = came.Served()
    session = wire.Session(endpoint, context, seconds=seconds, name=target.server_name)
    try:
        with session:
            accepted = scu.associate(session, rq)
            for asked in operations:
                exchange.status = None
                scu.perform(session, accepted, asked, exchange)
                response = exchange.response
                if not exchange.succeeded:
                    break
            scu.release(session)
    except (wire.Refused, wire.Silent) as ended:
        response = ended.response
    except pdu.ProtocolError as error:
        response = error.response
        if not exchange.received:
            raise Unmeasurable(f"{endpoint} does not answer in DICOM: ", response) from error
    return Attempt(
        peer,
        endpoint,
        asked,
        response,
        tuple(exchange.datasets),
        exchange.received,
        exchange.completed,
        accepted,
        tuple(session.transcript),
        rq.called,
    )


def greet(endpoint: Endpoint, target: Target, context: ssl.SSLContext | None, seconds: float = 8.0) -> Response:
    """What answers an A-ASSOCIATE-RQ with the AE title of an authorised node. Raises Unmeasurable without TCP."""
    node = target.nodes.get("all")
    rq = scu.request_for(target.called_aet.encode(), node.aet.encode() if node else b"ANY-SCU", None, echo())
    try:
        with wire.Session(endpoint, context, seconds=seconds, name=target.server_name) as session:
            session.send(rq.encode(), "A-ASSOCIATE-RQ")
            kind, _ = session.receive(Stage.ASSOCIATION)
            return came.Served() if kind == pdu.A_ASSOCIATE_AC else came.Unexpected(kind)
    except (wire.Refused, wire.Silent, pdu.ProtocolError) as ended:
        return ended.response


def speaks_dicom(response: Response) -> bool:
    """Whether a PDU came, be it a refusal."""
    match response:
        case (
            came.Served()
            | came.Rejected()
            | came.Aborted()
            | came.Unexpected()
            | came.ContextRefused()
            | came.DimseStatus()
        ):
            return True
        case came.TlsAlert() | came.TlsFailed() | came.Closed() | came.HttpStatus() | came.Acknowledged():
            return False
        case came.Silent() | came.Nonsense() | came.Endless() | came.NotConnected() | came.NotTrusted():
            return False
        case _:
            assert_never(response)


def first_endpoint(target: Target, service: str) -> Endpoint:
    """The endpoint that authorised nodes use. Raises Unmeasurable where the target has none."""
    endpoints = target.endpoints_of(service)
    if not endpoints:
        raise Unmeasurable(f"the target names no {service} endpoint")
    return endpoints[0]

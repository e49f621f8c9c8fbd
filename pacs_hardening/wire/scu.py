"""A DICOM requestor (SCU) without threads: associate, one DIMSE operation, release; every step is noted.

pynetdicom is not used for this: it shows an A-ABORT as an empty list of results, turns silence and
refusal into the same "not established", and will not send what its validators reject.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from ..model import Identity
from ..model.response import ContextRefused, DimseStatus, Served, Stage, Unexpected
from . import dimse, ledger, pace, pdu
from .session import Refused, Session, Silent


@dataclass
class Exchange:
    """What one operation brought: final DIMSE ``status``, data sets that came back as identifiers of pending
    responses or as stored objects (raw bytes), and completed sub-operations. ``received`` counts the bytes of all
    data sets as they arrive, whole or not, whatever the status."""

    status: int | None = None
    datasets: list[bytes] = field(default_factory=list)
    completed: int = 0
    received: int = 0

    @property
    def succeeded(self) -> bool:
        """Success or a warning that still did what was asked (PS3.7 C.1 and C.4, PS3.4 B.2.3)."""
        warnings = (0x0001, 0x0107, 0x0116)
        return self.status is not None and (self.status in (0, *warnings) or self.status & 0xF000 == 0xB000)

    @property
    def response(self) -> Served | DimseStatus:
        status = DimseStatus(self.status or 0)
        return Served(status) if self.succeeded else status


@dataclass(frozen=True)
class Operation:
    """One request: its command, an optional data set, and for C-GET the storage classes to receive."""

    name: str
    sop_class: str
    command: dimse.Command
    payload: bytes | None = None
    storage: tuple[str, ...] = ()

    @property
    def field(self) -> int:
        """The command field (PS3.7 E.1), which says of what service it is."""
        return dimse.command_field(self.command)


def identity_item(identity: Identity | None) -> tuple[bytes, ...]:
    if identity is None:
        return ()
    return (pdu.user_identity(2, identity.username.encode(), identity.passcode.reveal().encode()),)


def associate(session: Session, request: pdu.AssociateRequest) -> pdu.Accepted:
    """Send an A-ASSOCIATE-RQ and read the answer. Raises Refused, Silent, ProtocolError."""
    called, calling = (repr(title)[2:-1] for title in (request.called, request.calling))
    session.send(request.encode(), f"A-ASSOCIATE-RQ, calling AE title {calling}, called {called}")
    kind, body = session.receive(Stage.ASSOCIATION)
    if kind != pdu.A_ASSOCIATE_AC:
        raise pdu.ProtocolError(f"expected an answer to the A-ASSOCIATE-RQ, got {pdu.name(kind, body)}")
    return replace(pdu.parse_accept(body), offered={c.abstract: c.id for c in request.contexts})


def release(session: Session) -> None:
    """Leave politely; how the peer answers is of no interest, so at most one PDU is awaited."""
    with suppress(Refused, Silent, pdu.ProtocolError):
        session.send(pdu.pdu(pdu.A_RELEASE_RQ, bytes(4)), "A-RELEASE-RQ")
        session.receive(Stage.RELEASE)


def perform(session: Session, accepted: pdu.Accepted, operation: Operation, exchange: Exchange) -> None:
    """One operation on an association, noted in ``exchange`` as it happens: data sets that arrived before a
    refusal did arrive. Raises Refused where the peer ends it or refused its presentation
    context, Silent where it stops answering, ProtocolError where it answers nonsense."""
    context = accepted.offered.get(operation.sop_class, 1)
    result, syntax = accepted.results.get(context, (2, ""))
    if result != 0:
        raise Refused(ContextRefused(result), Stage.OPERATION)
    payload = operation.payload
    if payload and syntax == pdu.EXPLICIT_LE:
        payload = dimse.in_explicit(payload)
    command = {dimse.MESSAGE_ID: 1, **operation.command}
    command[dimse.DATA_SET_TYPE] = dimse.NO_DATA_SET if payload is None else 0
    encoded = dimse.encode_command(command)
    out = list(pdu.pdvs(context, encoded, command=True, max_pdu=accepted.max_pdu))
    if payload is not None:
        out += pdu.pdvs(context, payload, command=False, max_pdu=accepted.max_pdu)
    stored = str(operation.command.get(dimse.AFFECTED_INSTANCE, "")) if operation.field == dimse.C_STORE else ""
    fresh = bool(stored) and ledger.sent(stored)
    try:
        session.send(b"".join(out), f"{operation.name}-RQ")
        while exchange.status is None:
            _answer(session, exchange, operation, accepted.max_pdu)
    except Refused:
        if fresh:
            ledger.refused(stored)
        raise
    if fresh and exchange.status and exchange.status & 0xF000 in (0xA000, 0xC000, 0x0000):
        ledger.refused(stored)  # a failure (PS3.7 C); what ends in a warning, B000H and following, is stored


def _answer(session: Session, exchange: Exchange, operation: Operation, max_pdu: int) -> None:
    """Take one message from the peer: a response of the operation, or a C-STORE sub-operation of C-GET."""
    context, command, data = _message(session, exchange)
    if dimse.number(command, dimse.FIELD) == dimse.C_STORE:
        _keep(exchange, data)
        session.note(f"<- C-STORE-RQ with {len(data)} bytes of a stored object")
        reply: dimse.Command = {
            dimse.AFFECTED_CLASS: command.get(dimse.AFFECTED_CLASS, b""),
            dimse.FIELD: dimse.C_STORE | dimse.RESPONSE,
            dimse.RESPONDED_ID: dimse.number(command, dimse.MESSAGE_ID),
            dimse.DATA_SET_TYPE: dimse.NO_DATA_SET,
            dimse.STATUS: 0,
            dimse.AFFECTED_INSTANCE: command.get(dimse.AFFECTED_INSTANCE, b""),
        }
        answer = pdu.pdvs(context, dimse.encode_command(reply), command=True, max_pdu=max_pdu)
        session.send(b"".join(answer), "C-STORE-RSP")
        return
    status = dimse.number(command, dimse.STATUS, 0x0110)
    exchange.completed = dimse.number(command, dimse.COMPLETED, exchange.completed)
    if status in dimse.PENDING:
        if data:
            _keep(exchange, data)
        return
    brought = f", {len(exchange.datasets)} data sets before it"
    session.note((f"<- {operation.name}-RSP, ", DimseStatus(status), brought))
    exchange.status = status


MAX_MESSAGE = 64 << 20  # one message, and all that one operation may bring


def _keep(exchange: Exchange, data: bytes) -> None:
    exchange.datasets.append(data)
    if exchange.received > MAX_MESSAGE or len(exchange.datasets) > 100_000:
        raise pdu.ProtocolError("an answer without end")


def _message(session: Session, exchange: Exchange) -> tuple[int, dict[int, bytes], bytes]:
    """Assemble one DIMSE message from P-DATA-TF fragments (PS3.8 E.1), bounded in size."""
    command, data = bytearray(), bytearray()
    parsed: dict[int, bytes] | None = None
    while True:
        kind, body = session.receive(Stage.OPERATION)
        if kind != pdu.P_DATA_TF:
            raise Refused(Unexpected(kind), Stage.OPERATION)
        for context, is_command, is_last, piece in pdu.fragments(body):
            (command if is_command else data).extend(piece)
            exchange.received += 0 if is_command else len(piece)
            if len(command) + len(data) > MAX_MESSAGE:
                raise pdu.ProtocolError(f"a message of more than {MAX_MESSAGE >> 20} MiB")
            if is_command and is_last:
                parsed = dimse.decode_command(bytes(command))
            if parsed is not None and is_last:
                has_data = dimse.number(parsed, dimse.DATA_SET_TYPE, dimse.NO_DATA_SET) != dimse.NO_DATA_SET
                if not is_command or not has_data:
                    return context, parsed, bytes(data)


def request_for(
    called: bytes, calling: bytes, identity: Identity | None, *operations: Operation
) -> pdu.AssociateRequest:
    """The A-ASSOCIATE-RQ that offers what the operations need: one presentation context for each SOP class. Where an
    archive bears fewer, some of what a retrieval could bring has none."""
    own = dict.fromkeys(operation.sop_class for operation in operations)
    brought = dict.fromkeys(uid for operation in operations for uid in operation.storage)
    storage = [uid for uid in brought if uid in own]
    storage += [uid for uid in brought if uid not in own][: max(0, pace.contexts() - len(own))]
    uids = dict.fromkeys([*own, *storage])
    contexts = tuple(pdu.Context(2 * n + 1, uid, pace.syntaxes()) for n, uid in enumerate(uids))
    roles = tuple(pdu.role_selection(uid, scu=False, scp=True) for uid in storage)
    return pdu.AssociateRequest(called, calling, contexts, user_items=(*roles, *identity_item(identity)))

"""What an acceptor of one association makes of what comes, PDU by PDU (PS3.8 9.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .. import dimse, pdu
from .associate import pdus, request
from .dataset import dataset
from .message import command, pdvs
from .rules import Invalid, Rule


def _has_level(identifier: bytes | bytearray) -> bool:
    return b"\x08\0\x52\0" in identifier


@dataclass
class Acceptor:
    """What an acceptor must keep in mind to judge a stream (PS3.8 9.2): ``contexts`` that were accepted, by ID; None
    before there is an association. ``called``: the only title that it answers to, if it minds. Feed PDUs to ``take``;
    it raises Invalid at the first that must not come."""

    contexts: Mapping[int, bytes] | None = None
    called: bytes = b""
    max_pdu: int = 16384
    over: bool = False
    _parts: dict[bool, bytearray] = field(default_factory=lambda: {True: bytearray(), False: bytearray()})
    _context: int = 0
    _command: dict[int, bytes] | None = None

    def take(self, kind: int, body: bytes) -> list[tuple[int, dict[int, bytes], bytes]]:
        """The DIMSE requests that are complete with this PDU: context ID, command, data set."""
        if self.over:
            raise Invalid(Rule.AFTER_END)
        if self.contexts is None:
            if kind != pdu.A_ASSOCIATE_RQ:
                raise Invalid(Rule.STA2, pdu.name(kind))
            asked = request(body)
            if self.called and asked.called.rstrip(b" ") != self.called:
                raise Invalid(Rule.CALLED_TITLE)
            self.contexts = {proposal.id: proposal.abstract for proposal in asked.proposals}
            return []
        if kind == pdu.P_DATA_TF:
            if len(body) > self.max_pdu:
                raise Invalid(Rule.NEGOTIATED_LENGTH)
            return list(self._data(body))
        if kind not in (pdu.A_RELEASE_RQ, pdu.A_ABORT):
            raise Invalid(Rule.STA6, pdu.name(kind))
        if self.unfinished and kind == pdu.A_RELEASE_RQ:
            raise Invalid(Rule.RELEASE_WITHIN)
        self.over = True
        return []

    @property
    def unfinished(self) -> bool:
        return bool(self._context)

    def _data(self, body: bytes) -> Iterator[tuple[int, dict[int, bytes], bytes]]:
        for number, is_command, is_last, piece in pdvs(body):
            if number not in (self.contexts or {}):
                raise Invalid(Rule.CONTEXT_NOT_ACCEPTED, f"{number}")
            if self._context and number != self._context:
                raise Invalid(Rule.INTERLEAVED)
            if is_command == (self._command is not None):
                raise Invalid(Rule.COMMAND_DUE)
            self._context = number
            self._parts[is_command] += piece
            if is_last and (done := self._finish(number, is_command)):
                yield done

    def _finish(self, number: int, is_command: bool) -> tuple[int, dict[int, bytes], bytes] | None:
        if is_command:
            self._command = command(bytes(self._parts[True]), (self.contexts or {})[number])
            if self._command[dimse.DATA_SET_TYPE] != dimse.NO_DATA_SET.to_bytes(2, "little"):
                return None
        else:
            dataset(bytes(self._parts[False]))
            if dimse.number(self._command or {}, dimse.FIELD) == dimse.C_FIND and not _has_level(self._parts[False]):
                raise Invalid(Rule.QUERY_LEVEL)
        done = (number, self._command or {}, bytes(self._parts[False]))
        self._parts, self._context, self._command = {True: bytearray(), False: bytearray()}, 0, None
        return done


def judge(stream: bytes, acceptor: Acceptor) -> Invalid | None:
    """Why ``stream`` must not be sent to such an acceptor; None where it may be."""
    try:
        for kind, body in pdus(stream):
            acceptor.take(kind, body)
        if acceptor.unfinished:
            raise Invalid(Rule.MESSAGE_OPEN, incomplete=True)
    except Invalid as invalid:
        return invalid
    return None

"""A DICOM endpoint: reads the A-ASSOCIATE-RQ, lets the gate decide, and hands an admitted peer to pynetdicom."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

from pynetdicom.presentation import PresentationContext

from . import facts
from .auditor import AuditEvent
from .faults import Faults
from .gate import Admission, Refused
from .hostile import Resilience
from .journal import Journal
from .listener import Connection
from .policy import HARDENED, Fact, Facts, Policy
from .settings import Settings
from .tls import common_name
from .upper_layer import Acceptor, AssociateRequest, Entity

_MAX_REQUEST = 128 << 10
_GENERIC_CLASS = "2.25.87914735239517346923584617355283147102"
Contexts = Callable[[bytes, Admission], list[PresentationContext]]


class DicomServer:
    """``admit`` decides on the PDU and the certificate's CN, ``contexts`` says what may be negotiated; ``beside`` is
    the server of another AE title behind the same endpoint.
    Give `serve` to a Listener, and call `stop` after the listener has stopped."""

    def __init__(
        self,
        aet: str,
        settings: Settings,
        admit: Callable[[bytes, str | None, Facts], Admission],
        contexts: Contexts,
        handlers: list[Any],
        journal: Journal,
        faults: Faults,
        resilience: Resilience | None = None,
        policy: Policy = HARDENED,
        beside: DicomServer | None = None,
    ) -> None:
        self._beside = beside
        self._policy, self._number = policy, count(1)
        self._admit, self._contexts, self._handlers = admit, contexts, handlers
        self._settings, self._journal, self._faults = settings, journal, faults
        self._resilience = resilience or Resilience(settings)
        self.ae = Entity(aet)
        self.ae.maximum_pdu_size = 64 << 10
        self.ae.maximum_associations = 1000  # the listener bounds the connections
        self.ae.acse_timeout = self.ae.dimse_timeout = self.ae.connection_timeout = settings.request_seconds
        self.ae.network_timeout = settings.idle_seconds
        if not settings.banner:
            self.ae.implementation_class_uid, self.ae.implementation_version_name = _GENERIC_CLASS, "ARCHIVE"

    def serve(self, connection: Connection) -> None:
        """One connection, from its first byte to its last. Raises OSError where the peer leaves."""
        try:
            with self._resilience.turn("connection"):
                self._serve(connection)
        finally:
            self._resilience.ended()

    def _serve(self, connection: Connection) -> None:
        seconds = self._settings.request_seconds
        connection.within(seconds)
        sock = connection.sock
        pdu = b""
        try:
            begun = sock.recv(1)
            with self._resilience.turn("request"):
                pdu = _first_pdu(sock, begun, self._settings.bound_pdus)
            server = self._called(pdu)
            admission = server._admit(pdu, common_name(sock), self._facts(pdu, sock))
            request = _normal(pdu, server.ae.ae_title, admission)
        except Refused as refused:
            self._journal.note(f"refused: {refused}")
            self._journal.audit(AuditEvent("refused", pdu[26:42].decode("latin-1").rstrip(" "), failed=True))
            sock.sendall(_ACCEPT if self._settings.accept_malformed and refused.is_abort else refused.reply)
            self._faults.association_ended()
            return
        with self._resilience.place(admission.aet) as free:
            if not free:
                self._journal.note(f"refused one more association to {admission.aet}")
                sock.sendall(Refused.rejected("local limit exceeded", 3, 2, transient=True).reply)
                return
            server._associate(connection, admission, request, pdu)

    def _called(self, pdu: bytes) -> DicomServer:
        """The server of the research side where its AE title is called."""
        beside = self._beside
        return beside if beside is not None and pdu[10:26].rstrip(b" ") == beside.ae.ae_title.encode() else self

    def _facts(self, pdu: bytes, sock: socket.socket) -> Facts:
        number = next(self._number)

        @cache
        def found() -> dict[str, Fact]:
            return facts.channel(sock, number) | facts.association(pdu, common_name(sock))

        return found

    def _associate(self, connection: Connection, admission: Admission, request: AssociateRequest, pdu: bytes) -> None:
        connection.within(3600)  # pynetdicom's own timers rule from here
        self._resilience.dawdle()
        association = Acceptor(self.ae, admission, self._journal, self._policy)
        contexts = self._contexts(pdu, admission)
        association.attach(connection.sock, request, self._settings.request_seconds, contexts, self._resilience)
        for event, handler in self._handlers:
            association.bind(event, handler)
        self._journal.note(f"admitted {admission.aet}")
        self._journal.audit(AuditEvent("login", admission.aet, failed=False))
        association.start()
        association.join()
        association.dul.kill_dul()
        if association.dul.is_alive():
            association.dul.join()
        self._faults.association_ended()

    def stop(self) -> None:
        """End what this server itself requested: the associations of C-MOVE."""
        for association in self.ae.active_associations:
            association.abort()
        if self._beside is not None:
            self._beside.stop()


_ACCEPT = bytes.fromhex("020000000044") + b"\0\1" + bytes(66)  # an A-ASSOCIATE-AC without a single item


def _first_pdu(sock: socket.socket, begun: bytes, bounded: bool) -> bytes:
    """The A-ASSOCIATE-RQ with its header. Raises Refused with the answer of PS3.8 9.2 (AA-1) to anything else."""
    header = begun + _exactly(sock, 6 - len(begun))
    kind, length = struct.unpack(">BxL", header)
    if kind != 1:
        raise Refused.aborted(f"PDU of type {kind} before any association", 2 if 1 < kind < 8 else 1)
    if length < 68 or (bounded and length > _MAX_REQUEST):
        raise Refused.aborted(f"A-ASSOCIATE-RQ of {length} bytes", 6)
    return header + _exactly(sock, length)


def _exactly(sock: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        more = sock.recv(count - len(got))
        if not more:
            raise ConnectionAbortedError("the peer left")
        got += more
    return got


def _normal(pdu: bytes, called: str, admission: Admission) -> AssociateRequest:
    """The request as pynetdicom is to see it: version 1 and AE titles that are what the gate took them for.

    Raises Refused where pynetdicom could not read it: its acceptor would then wait for another one.
    """
    titles = called.ljust(16).encode() + admission.aet.ljust(16).encode()
    request = pdu[:6] + b"\0\1" + pdu[8:10] + titles + pdu[42:]
    try:
        decoded = AssociateRequest()
        decoded.decode(request)
        decoded.to_primitive()
    except Exception as error:  # pynetdicom raises whatever a malformed item leads to
        raise Refused.aborted(f"unreadable A-ASSOCIATE-RQ: {type(error).__name__}", 6) from error
    return decoded

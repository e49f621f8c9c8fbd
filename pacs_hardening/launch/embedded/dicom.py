"""A DICOM door: reads the A-ASSOCIATE-RQ, lets the gate decide, and hands an admitted peer to pynetdicom."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any

from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.presentation import PresentationContext

from .auditor import Deed
from .faults import Faults
from .gate import Admission, Refused
from .hostile import Bearing
from .journal import Journal
from .listener import Connection
from .settings import Settings
from .tls import common_name
from .upper_layer import Acceptor, Entity

_MAX_REQUEST = 128 << 10
_GENERIC_CLASS = "2.25.87914735239517346923584617355283147102"
Contexts = Callable[[bytes, Admission], list[PresentationContext]]


class DicomServer:
    """``admit`` decides on the PDU and the certificate's CN, ``contexts`` says what may be negotiated.
    Give `serve` to a Listener, and call `stop` after the listener has stopped."""

    def __init__(
        self,
        aet: str,
        settings: Settings,
        admit: Callable[[bytes, str | None], Admission],
        contexts: Contexts,
        handlers: list[Any],
        journal: Journal,
        faults: Faults,
        bearing: Bearing | None = None,
    ) -> None:
        self._admit, self._contexts, self._handlers = admit, contexts, handlers
        self._settings, self._journal, self._faults = settings, journal, faults
        self._bearing = bearing or Bearing(settings)
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
            with self._bearing.turn("connection"):
                self._serve(connection)
        finally:
            self._bearing.ended()

    def _serve(self, connection: Connection) -> None:
        seconds = self._settings.request_seconds
        connection.within(seconds)
        sock = connection.sock
        pdu = b""
        try:
            begun = sock.recv(1)
            with self._bearing.turn("request"):
                pdu = _first_pdu(sock, begun, self._settings.bound_pdus)
            admission = self._admit(pdu, common_name(sock))
            request = _normal(pdu, self.ae.ae_title, admission)
        except Refused as refused:
            self._journal.note(f"refused: {refused}")
            self._journal.audit(Deed("refused", pdu[26:42].decode("latin-1").rstrip(" "), failed=True))
            sock.sendall(_ACCEPT if self._settings.accept_malformed and refused.is_abort else refused.reply)
            self._faults.association_ended()
            return
        with self._bearing.place(admission.aet) as free:
            if not free:
                self._journal.note(f"refused one more association to {admission.aet}")
                sock.sendall(Refused.rejected("local limit exceeded", 3, 2, transient=True).reply)
                return
            self._associate(connection, admission, request, pdu)

    def _associate(self, connection: Connection, admission: Admission, request: bytes, pdu: bytes) -> None:
        connection.within(3600)  # pynetdicom's own timers rule from here
        association = Acceptor(self.ae, admission, self._journal)
        contexts = self._contexts(pdu, admission)
        association.attach(connection.sock, request, self._settings.request_seconds, contexts, self._bearing)
        for event, handler in self._handlers:
            association.bind(event, handler)
        self._journal.note(f"admitted {admission.aet}")
        self._journal.audit(Deed("login", admission.aet, failed=False))
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


def _normal(pdu: bytes, called: str, admission: Admission) -> bytes:
    """The request as pynetdicom is to see it: version 1 and AE titles that are what the gate took them for.

    Raises Refused where pynetdicom could not read it: its acceptor would then wait for another one.
    """
    titles = called.ljust(16).encode() + admission.aet.ljust(16).encode()
    request = pdu[:6] + b"\0\1" + pdu[8:10] + titles + pdu[42:]
    try:
        decoded = A_ASSOCIATE_RQ()
        decoded.decode(request)
        decoded.to_primitive()
    except Exception as error:  # pynetdicom raises whatever a malformed item leads to
        raise Refused.aborted(f"unreadable A-ASSOCIATE-RQ: {type(error).__name__}", 6) from error
    return request

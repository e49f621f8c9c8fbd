"""pynetdicom's acceptor, fed with a request that the gate has admitted and bound to what that peer may do."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from functools import cached_property
from typing import Any, cast

from pynetdicom.acse import ACSE
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, UserIdentityNegotiation
from pynetdicom.transport import AddressInformation, AssociationSocket

from . import facts
from .auditor import AuditEvent
from .gate import Admission
from .hostile import Resilience, echo
from .journal import Journal
from .policy import Fact, Facts, Policy
from .waiting import LONGEST_S, Bell, Checkpoint, WakingQueue

NOT_AUTHORISED, SOP_CLASS_NOT_SUPPORTED = 0x0124, 0x0122  # PS3.7 annex C
MAX_PDU = 1 << 20
_TICK_S = 0.001  # of pynetdicom's own loop
_DATA_TRANSFER = "Sta6"  # PS3.8 9.2
_STAND_IN = bytes.fromhex("010000000000")
_HEADER = 6  # bytes of a PDU that pynetdicom reads by themselves
MAX_ASSOCIATION_BYTES = 64 << 20
_DEED = {"find": "query", "get": "retrieve", "move": "export", "store": "store"}
_SERVICE = {"C_ECHO": "echo", "C_FIND": "find", "C_GET": "get", "C_MOVE": "move", "C_STORE": "store"}


class ClosingSocket(AssociationSocket):
    """Closes for certain: pynetdicom's own forgets an open socket where its shutdown fails (transport.py,
    _shutdown_socket)."""

    def _shutdown_socket(self) -> None:
        if self.socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
            self.socket.close()


class Entity(ApplicationEntity):
    """An application entity whose own requests (C-MOVE) leave no socket behind."""

    def _create_socket(self, assoc: Association, address: AddressInformation, tls_args: Any) -> AssociationSocket:
        # pynetdicom binds to all addresses even before it connects (transport.py, AssociationSocket).
        return ClosingSocket(assoc, address=AddressInformation.from_addr_port("127.0.0.1", 0))


class BoundedSocket(ClosingSocket):
    """Bounds a PDU's and the total size in bytes and the time in seconds that one read may take. The first that it
    hands out stands for the request that was read before."""

    def __init__(self, assoc: Acceptor, sock: socket.socket, seconds: float, resilience: Resilience) -> None:
        super().__init__(assoc, client_socket=sock)
        self._bell, self._states = assoc.bell, assoc.dul.state_machine
        self._first, self._seconds, self._total, self._resilience = _STAND_IN, seconds, 0, resilience

    @property
    def ready(self) -> bool:
        if self._first:
            return True
        self._wait()
        return bool(super().ready)

    def _wait(self) -> None:
        """Until something came from the peer, or is to be sent to it."""
        sock = self.socket
        if sock is not None and getattr(sock, "pending", int)():  # what TLS has read already is no news to select
            return
        transfers = sock is not None and self._states.current_state == _DATA_TRANSFER
        heard: list[socket.socket | Bell] = [self._bell] if sock is None else [sock, self._bell]
        with suppress(OSError, ValueError):  # closed: the state machine finds it so
            select.select(heard, [], [], LONGEST_S if transfers else _TICK_S)
        self._bell.hush()

    def recv(self, nr_bytes: int) -> bytearray:
        """Raises OSError where the peer sends too much or too slowly; the state machine then closes."""
        self._total += nr_bytes
        if self._resilience.settings.bound_pdus and (nr_bytes > MAX_PDU or self._total > MAX_ASSOCIATION_BYTES):
            raise OSError("the peer sends more than is accepted")
        with self._resilience.turn("data") if nr_bytes != _HEADER else nullcontext():
            return self._read(nr_bytes)

    def _read(self, nr_bytes: int) -> bytearray:
        got = bytearray(self._first[:nr_bytes])
        self._first = self._first[nr_bytes:]
        ends = time.monotonic() + self._seconds
        while len(got) < nr_bytes:
            if self.socket is None or time.monotonic() > ends:
                raise TimeoutError("the rest of a PDU did not arrive in time")
            more = self.socket.recv(nr_bytes - len(got))
            if not more:
                break
            got += more
        unexpected = nr_bytes == _HEADER and bytes(got[:1]) not in (b"\1", b"\4", b"\5", b"\7")
        if unexpected and self._resilience.settings.echo_unexpected and self.socket is not None:
            echo(self.socket, b"\1" + bytes(got[1:2]) + bytes(4))
        return got


class _Acse(ACSE):
    """The gate has judged the user identity already; only the positive response (59H) is left to give."""

    confirm = False

    def _check_user_identity(self) -> tuple[bool, UserIdentityNegotiation | None]:
        if not self.confirm:
            return True, None
        answer = UserIdentityNegotiation()
        answer.server_response = b""  # PS3.7 D.3.3.7.2: no response value for user name and passcode
        return True, answer


class AssociateRequest(A_ASSOCIATE_RQ):
    """Made a primitive once: reading a hundred presentation contexts takes as long as all that is asked on them."""

    @cached_property
    def _primitive(self) -> A_ASSOCIATE:
        return super().to_primitive()

    def to_primitive(self) -> A_ASSOCIATE:
        return self._primitive


class _Dul(DULServiceProvider):
    """Begins with the ``request`` that was read before. Ends quietly where an event does not fit the state: the
    association's thread then ends too."""

    request: AssociateRequest | None = None

    def _decode_pdu(self, bytestream: bytearray) -> tuple[Any, str]:
        if self.request is None:
            return super()._decode_pdu(bytestream)
        request, self.request = self.request, None
        return request, "Evt6"  # PS3.8 9.2.1: an A-ASSOCIATE-RQ was received

    def run_reactor(self) -> None:
        with suppress(Exception):
            super().run_reactor()


class Acceptor(Association):
    """One admitted association. A request outside ``admission.permits`` is answered with 0124H and nothing else."""

    def __init__(self, ae: ApplicationEntity, admission: Admission, journal: Journal, policy: Policy) -> None:
        super().__init__(ae, "acceptor")
        self._policy, self._messages = policy, 0
        acse = _Acse(self)
        acse.confirm = admission.confirm_identity
        self.acse, self.dul, self.bell = acse, _Dul(self), Bell()
        self._reactor_checkpoint = checkpoint = Checkpoint()
        checkpoint.set()
        self.dimse.msg_queue, self.dul.to_user_queue = (WakingQueue(checkpoint.news.set) for _ in range(2))
        self.dul.to_provider_queue = WakingQueue(self.bell.ring)
        self.dul._run_loop_delay = 0  # it waits for its socket
        self.acse_timeout, self.network_timeout = ae.acse_timeout, ae.network_timeout  # the timers of the new dul
        self._admission, self._journal = admission, journal
        self._status = 0x0110  # processing failure, until something else was answered
        self.dimse.send_msg = self._noting_status(self.dimse.send_msg)  # type: ignore[method-assign]

    def attach(
        self,
        sock: socket.socket,
        request: AssociateRequest,
        seconds: float,
        contexts: list[Any],
        resilience: Resilience,
    ) -> None:
        """Give it the connection, the A-ASSOCIATE-RQ and the presentation contexts that may be accepted."""
        self._resilience = resilience
        cast(_Dul, self.dul).request = request
        self.set_socket(BoundedSocket(self, sock, seconds, resilience))
        self.acceptor.maximum_length = self.ae.maximum_pdu_size
        self.acceptor.ae_title = self.ae.ae_title
        self.acceptor.implementation_class_uid = self.ae.implementation_class_uid
        self.acceptor.implementation_version_name = self.ae.implementation_version_name
        self.acceptor.supported_contexts = contexts
        self.acceptor.address_info = AddressInformation("127.0.0.1", 0)
        self.requestor.address_info = AddressInformation("127.0.0.1", 0)

    def run_reactor(self) -> None:
        try:
            super().run_reactor()
        except Exception as error:  # noqa: BLE001 - whatever a peer provokes ends its own association only
            self._journal.note(f"association of {self._admission.aet} broke: {type(error).__name__}")
        finally:
            self.dul.kill_dul()
            self.bell.close()

    def _serve_request(self, msg: Any, context_id: int) -> None:
        if not msg.is_valid_request or context_id not in self._accepted_cx:
            self.abort()
            return
        self._messages += 1
        self._resilience.dawdle()
        service = _SERVICE.get(type(msg).__name__, "normalized")
        about = self.facts_of(msg, context_id)
        asked = getattr(msg, "AffectedSOPClassUID", None) or getattr(msg, "RequestedSOPClassUID", None)
        if asked != self._accepted_cx[context_id].abstract_syntax:
            self._refuse(msg, context_id, SOP_CLASS_NOT_SUPPORTED)
        elif service not in self._admission.permits and not self._policy.waives("service-permitted", about):
            self._journal.note(f"refused {service} to {self._admission.aet}")
            self._refuse(msg, context_id, NOT_AUTHORISED)
        else:
            self._journal.note(f"serving {service} to {self._admission.aet}")
            super()._serve_request(msg, context_id)
        if service in _DEED:
            self._audit(_DEED[service], msg)

    def facts_of(self, msg: Any, context_id: int) -> Facts:
        """What openings may ask about the request that is being served."""
        context, number = self._accepted_cx[context_id], self._messages

        def found() -> Mapping[str, Fact]:
            return {**self._admission.facts(), **facts.message(msg, context, number)}

        return found

    def _audit(self, kind: str, msg: Any) -> None:
        held = getattr(msg, "Identifier", None)
        where = str(getattr(msg, "MoveDestination", None) or "").strip()
        query = held.getvalue() if held is not None else b""
        failed = not (self._status == 0 or self._status & 0xF000 == 0xB000)  # a warning is no failure (PS3.7 C.4)
        self._journal.audit(AuditEvent(kind, self._admission.aet, failed, where, query=query))

    def _noting_status(self, send: Any) -> Any:
        """What goes out, with the status of the last response that is final kept for the audit trail."""

        def noting(message: Any, context_id: int) -> None:
            status = getattr(message, "Status", None)
            if status is not None and status not in (0xFF00, 0xFF01):
                self._status = int(status)
            send(message, context_id)

        return noting

    def _refuse(self, msg: Any, context_id: int, status: int) -> None:
        response = cast(Any, type(msg)())
        response.MessageIDBeingRespondedTo = msg.MessageID
        for name in ("AffectedSOPClassUID", "AffectedSOPInstanceUID"):
            if getattr(msg, name, None) is not None:
                setattr(response, name, getattr(msg, name))
        response.Status = status
        self.dimse.send_msg(response, context_id)

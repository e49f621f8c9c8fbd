"""One connection to an archive: bytes and PDUs out and in, every wait under one deadline, all of it noted."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import ExitStack

from ..model import Endpoint, Unmeasurable
from ..model.response import Aborted, Closed, Ended, NotConnected, NotTrusted, Refusal, Rejected, Said, Stage, TlsAlert
from ..model.response import Silent as NoAnswer
from . import pace, pdu, tls

MAX_PDU_READ = 8 << 20  # a hostile peer may announce 4 GiB; nothing that we ask for needs more than this


class Refused(Ended):
    """The peer ended the exchange: TLS alert, A-ASSOCIATE-RJ, A-ABORT, close, or a status that refuses."""

    response: Refusal

    def __init__(self, refusal: Refusal, stage: Stage) -> None:
        super().__init__(refusal, stage)


class Silent(Ended):
    """Nothing came within ``seconds``. That is a hang, never a refusal."""

    response: NoAnswer

    def __init__(self, seconds: float, stage: Stage) -> None:
        super().__init__(NoAnswer(seconds, stage), stage)


class Session:
    """A TCP (and TLS) connection to ``endpoint``, opened by ``with``; ``seconds`` is the budget for all of it.

    Opening raises Unmeasurable if not even TCP connects, Refused if the TLS handshake is refused, Silent
    if the peer does not answer within the budget. ``resumes``: a TLS session of an earlier connection.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        context: ssl.SSLContext | None,
        *,
        seconds: float = 8.0,
        name: str = "",
        resumes: ssl.SSLSession | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.transcript: list[Said] = []
        self._context, self._name, self._seconds = context, name or endpoint.host, seconds
        self._resumes = resumes
        self._ends, self._stage = 0.0, Stage.CONNECTION
        self._socket: socket.socket

    def __enter__(self) -> Session:
        pace.await_turn(self.endpoint)
        self._ends = time.monotonic() + self._seconds
        try:
            self._socket = socket.create_connection((self.endpoint.host, self.endpoint.port), timeout=self._left())
        except OSError as error:
            raise Unmeasurable(f"{self.endpoint} cannot be reached: ", NotConnected(error.errno or 0)) from error
        self.note(f"TCP connected to {self.endpoint}")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            self._handshake(self._context)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _handshake(self, context: ssl.SSLContext) -> None:
        self._stage = Stage.TLS
        with ExitStack() as failed:
            failed.callback(self._socket.close)
            try:
                self._socket = context.wrap_socket(self._socket, server_hostname=self._name, session=self._resumes)
            except TimeoutError as error:
                raise Silent(self._seconds, Stage.TLS) from error
            except OSError as error:
                came = tls.response(error)
                self.note(("<- ", came))
                if isinstance(came, NotTrusted):
                    raise Unmeasurable(came) from error
                raise Refused(came, Stage.TLS) from error
            failed.pop_all()
        self.note(f"TLS handshake done, {self._socket.version()}")

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """What a later connection of the same context can resume (RFC 8446 2.2); complete once something was read."""
        return self._socket.session if isinstance(self._socket, ssl.SSLSocket) else None

    def note(self, line: Said) -> None:
        self.transcript.append(line)

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Silent(self._seconds, self._stage)
        return left

    def extend_deadline(self, seconds: float) -> None:
        """From now on, all that is to come may take that long."""
        self._ends = time.monotonic() + seconds

    def send(self, data: bytes, what: str) -> None:
        """Send raw bytes; ``what`` is how the transcript names them. Raises Refused, Silent."""
        self.note(f"-> {what}")
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(data)
        except TimeoutError as error:
            raise Silent(self._seconds, self._stage) from error  # it stopped reading
        except OSError:
            # The peer may have refused and closed already: what it said still waits to be read.
            self.note(f"the connection broke while sending {what}")

    def read(self, count: int, stage: Stage) -> bytes:
        """Exactly ``count`` bytes. Raises Refused when the peer ends first, Silent at the deadline."""
        data = bytearray()
        while len(data) < count:
            piece = self.receive_some(min(count - len(data), 1 << 16), stage)
            if not piece:
                self.note(("<- ", Closed()))
                raise Refused(Closed(), stage)
            data += piece
        return bytes(data)

    def receive(self, stage: Stage) -> tuple[int, bytes]:
        """The next PDU as type and body. An RJ or ABORT raises Refused; a nonsense one ProtocolError."""
        header = self.read(6, stage)
        kind, length = header[0], int.from_bytes(header[2:6], "big")
        if header[:2] == b"\x15\x03":  # a TLS alert record (RFC 8446 5.1), in answer to plaintext
            alert = TlsAlert(self.read(1, stage)[0])
            self.note(("<- in answer to plaintext, ", alert))
            raise Refused(alert, stage)
        if not 1 <= kind <= 7 or length > MAX_PDU_READ:
            raise pdu.ProtocolError(f"expected a PDU, got {header.hex(' ')} …")
        body = self.read(length, stage)
        if (refusal := _refusal(kind, body)) is not None:
            self.note(("<- ", refusal))
            raise Refused(refusal, stage)
        if kind != pdu.P_DATA_TF:
            self.note(f"<- {pdu.name(kind, body)}")
        return kind, body

    def receive_some(self, limit: int, stage: Stage) -> bytes:
        """What has arrived, at least one byte and at most ``limit``; empty when the peer closed."""
        self._stage = stage
        try:
            self._socket.settimeout(self._left())
            return self._socket.recv(limit)
        except TimeoutError as error:
            raise Silent(self._seconds, stage) from error
        except OSError as error:
            raise self._broken(error, stage) from error

    def _broken(self, error: OSError, stage: Stage) -> Refused:
        came = tls.response(error)
        self.note(("<- ", came))
        return Refused(Closed(reset=True) if isinstance(came, NotTrusted) else came, stage)

    def receive_available(self, stage: Stage) -> bytes:
        """What has arrived already, without waiting for it; empty where nothing has. Raises Refused where the peer
        has closed."""
        self._socket.settimeout(0)
        try:
            data = self._socket.recv(1 << 16)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        except OSError as error:
            raise self._broken(error, stage) from error
        if not data:
            raise Refused(Closed(), stage)
        return data

    def peer_chain(self, *, verified: bool = False) -> tuple[bytes, ...]:
        """The server's certificates, DER, its own first: as it sent them, or ``verified``, up to the one that is
        trusted. Raises Unmeasurable on a connection without TLS."""
        if not isinstance(self._socket, ssl.SSLSocket):
            raise Unmeasurable(f"{self.endpoint} presents no certificate")
        return tls.verified_chain(self._socket) if verified else tls.chain(self._socket)


def _refusal(kind: int, body: bytes) -> Rejected | Aborted | None:
    """A-ASSOCIATE-RJ and A-ABORT as values (PS3.8 9.3.4, 9.3.8); of one that is too short, what is missing is 0."""
    fields = body.ljust(4, b"\0")
    if kind == pdu.A_ASSOCIATE_RJ:
        return Rejected(fields[1], fields[2], fields[3])
    return Aborted(fields[2], fields[3]) if kind == pdu.A_ABORT else None

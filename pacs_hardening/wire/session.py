"""One connection to an archive: bytes and PDUs out and in, every wait under one deadline, all of it noted."""

from __future__ import annotations

import socket
import ssl
import time

from ..model import Door, Unmeasurable
from . import pdu
from .tls import why

MAX_PDU_READ = 8 << 20  # a hostile peer may announce 4 GiB; nothing that we ask for needs more than this


class Refused(Exception):
    """The peer ended the exchange: TLS alert, A-ASSOCIATE-RJ, A-ABORT or close. ``stage`` says how far it got."""

    def __init__(self, how: str, stage: str) -> None:
        self.how, self.stage = how, stage
        super().__init__(f"{how} ({stage})")


class Silent(Exception):
    """Nothing came until the deadline. That is a hang, never a refusal."""


class Session:
    """A TCP (and TLS) connection to ``door``, opened by ``with``; ``seconds`` is the budget for all of it.

    Opening raises Unmeasurable if not even TCP connects, Refused if the TLS handshake is refused, Silent
    if the peer does not answer within the budget.
    """

    def __init__(self, door: Door, context: ssl.SSLContext | None, *, seconds: float = 8.0, name: str = "") -> None:
        self.door = door
        self.transcript: list[str] = []
        self._context, self._name, self._seconds = context, name or door.host, seconds
        self._ends = 0.0
        self._socket: socket.socket

    def __enter__(self) -> Session:
        self._ends = time.monotonic() + self._seconds
        try:
            self._socket = socket.create_connection((self.door.host, self.door.port), timeout=self._left())
        except OSError as error:
            raise Unmeasurable(f"{self.door} cannot be reached: {error.strerror or error}") from error
        self.note(f"TCP connected to {self.door}")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            self._handshake(self._context)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _handshake(self, context: ssl.SSLContext) -> None:
        plain = self._socket
        try:
            self._socket = context.wrap_socket(plain, server_hostname=self._name)
        except TimeoutError as error:
            plain.close()
            raise Silent(f"the TLS handshake was not answered within {self._seconds:g} s") from error
        except OSError as error:
            plain.close()
            self.note(f"<- {why(error)}")
            if isinstance(error, ssl.SSLCertVerificationError):
                raise Unmeasurable(why(error)) from error
            raise Refused(why(error), "TLS handshake") from error
        self.note(f"TLS handshake done, {self._socket.version()}")

    def note(self, line: str) -> None:
        self.transcript.append(line)

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Silent(f"no answer within {self._seconds:g} s")
        return left

    def grant(self, seconds: float) -> None:
        """From now on, all that is to come may take that long."""
        self._ends = time.monotonic() + seconds

    def send(self, data: bytes, what: str) -> None:
        """Send raw bytes; ``what`` is how the transcript names them. Raises Refused, Silent."""
        self.note(f"-> {what}")
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(data)
        except TimeoutError as error:
            raise Silent(f"the peer stopped reading {what}") from error
        except OSError:
            # The peer may have refused and closed already: what it said still waits to be read.
            self.note(f"the connection broke while sending {what}")

    def read(self, count: int, stage: str) -> bytes:
        """Exactly ``count`` bytes. Raises Refused when the peer ends first, Silent at the deadline."""
        data = bytearray()
        while len(data) < count:
            piece = self.some(min(count - len(data), 1 << 16), stage)
            if not piece:
                self.note("<- connection closed")
                raise Refused("connection closed", stage)
            data += piece
        return bytes(data)

    def receive(self, stage: str) -> tuple[int, bytes]:
        """The next PDU as type and body. An RJ or ABORT raises Refused; a nonsense one ProtocolError."""
        header = self.read(6, stage)
        kind, length = header[0], int.from_bytes(header[2:6], "big")
        if header[:2] == b"\x15\x03":  # a TLS alert record (RFC 8446 5.1), in answer to plaintext
            self.note("<- TLS alert record")
            raise Refused("TLS alert record in answer to plaintext", stage)
        if not 1 <= kind <= 7 or length > MAX_PDU_READ:
            raise pdu.ProtocolError(f"expected a PDU, got {header.hex(' ')} …")
        body = self.read(length, stage)
        said = pdu.name(kind, body)
        if kind != pdu.P_DATA_TF:
            self.note(f"<- {said}")
        if kind in (pdu.A_ASSOCIATE_RJ, pdu.A_ABORT):
            raise Refused(said, stage)
        return kind, body

    def some(self, limit: int, stage: str) -> bytes:
        """What has arrived, at least one byte and at most ``limit``; empty when the peer closed."""
        try:
            self._socket.settimeout(self._left())
            return self._socket.recv(limit)
        except TimeoutError as error:
            raise Silent(f"no answer within {self._seconds:g} s ({stage})") from error
        except OSError as error:
            self.note(f"<- {why(error)}")
            raise Refused(why(error), stage) from error

    def early(self, stage: str) -> bytes:
        """What has arrived already, without waiting for it; empty where nothing has. Raises Refused where the peer
        has closed."""
        self._socket.settimeout(0)
        try:
            data = self._socket.recv(1 << 16)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        except OSError as error:
            raise Refused(why(error), stage) from error
        if not data:
            raise Refused("connection closed", stage)
        return data

    def peer_certificate(self) -> bytes:
        """The server's leaf certificate, DER. Raises Unmeasurable on a connection without TLS."""
        der = self._socket.getpeercert(binary_form=True) if isinstance(self._socket, ssl.SSLSocket) else None
        if der is None:
            raise Unmeasurable(f"{self.door} presents no certificate")
        return der

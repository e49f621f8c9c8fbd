"""One connection of a hostile conversation: what was said and taken on it, and how it ended."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field

from ..model.response import Response
from ..wire import tls
from .conversation import Answer, Case, whole_pdus


@dataclass
class Talk:
    case: Case
    sock: socket.socket
    since: float  # when its steps were done, and its answer began to be awaited
    accepted: bool = False
    cut: bool = False
    complete: bool = False  # all steps were taken
    data: bytearray = field(default_factory=bytearray)

    @property
    def last(self) -> int:
        """The type of the last whole PDU that came; 0 for none."""
        pdus, _ = whole_pdus(bytes(self.data))
        return pdus[-1][0] if pdus else 0

    def send(self, data: bytes) -> None:
        """A peer that has refused and closed is no failure: what it said still waits to be read."""
        try:
            self.sock.sendall(data)
        except TimeoutError:
            raise
        except OSError:  # broken pipe, reset; under TLS also an end of file
            self.cut = True

    def finish(self) -> None:
        """TCP's half-close. Under TLS the peer sees its stream cut off, which is what a peer that dies leaves."""
        with suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_WR)

    def read(self, seconds: float) -> bool:
        """Reads what has come; False where the peer has closed. Raises TimeoutError after ``seconds``."""
        self.sock.settimeout(seconds)
        piece = self.sock.recv(1 << 16)
        self.data += piece
        return bool(piece)

    def end(self, ended: str, broken: Response | None = None) -> Answer:
        if ended != "closed":
            with suppress(OSError):  # RST: no TIME_WAIT here, and nothing left for the peer to send to
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        return Answer(bytes(self.data), ended, time.monotonic() - self.since, self.accepted, broken, self.cut)

    def broken_off(self, error: OSError) -> Answer:
        """The peer ended it: a reset needs no words, a TLS alert has its own."""
        return self.end("closed", None if isinstance(error, ConnectionError) else tls.response(error))

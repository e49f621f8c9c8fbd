"""What a target's log server receives, for a target that says where that can be seen: a receiver of the suite's own, a
file, or a command that prints it."""

from __future__ import annotations

import os
import socket
import socketserver
import ssl
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from ..embedded.collector import frame
from ..model import AuditRecord, Unmeasurable
from ..model.logs import AuditLog
from ..model.trail import MAX_LENGTH, Trail
from .lines import Lines

POLL_S = 0.1  # between two looks at a file that has not grown
STOP_S = 2.0


@contextmanager
def followed(log: AuditLog) -> Iterator[Trail]:
    """A trail that grows by what comes from now on. Raises Unmeasurable where nothing can be received or read."""
    trail = Trail()
    with ExitStack() as stack:
        try:
            if log.listen:
                _listen(log, trail, stack)
            elif log.command:
                _run(log.command, trail, stack)
            else:
                _follow(Path(log.file), trail, stack)
        except OSError as error:
            raise Unmeasurable(f"audit: {error.strerror or type(error).__name__}") from error
        yield trail


def _begin(stack: ExitStack, work: Any) -> None:
    thread = Thread(target=work, daemon=True)
    thread.start()
    stack.callback(thread.join, STOP_S)


def _follow(path: Path, trail: Trail, stack: ExitStack) -> None:
    """From its end, and from its beginning where it is a new file or has been cut."""
    file, ended = path.open("rb"), Event()
    file.seek(0, os.SEEK_END)

    def read() -> None:
        reading, lines = file, Lines()
        while not ended.wait(POLL_S):
            _add(trail, lines.records(reading.read(1 << 20)))
            try:
                there = path.stat()
                here = os.fstat(reading.fileno())
                if there.st_ino != here.st_ino or there.st_size < reading.tell():
                    reading.close()
                    reading, lines = path.open("rb"), Lines()
            except OSError:  # it is being replaced
                continue
        reading.close()

    _begin(stack, read)
    stack.callback(ended.set)


def _run(command: Sequence[str], trail: Trail, stack: ExitStack) -> None:
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    process = stack.enter_context(subprocess.Popen(command, stdin=none, stdout=pipe, stderr=none))
    assert process.stdout is not None

    def read(stream: Any) -> None:
        lines = Lines()
        while piece := stream.read1(65536):
            _add(trail, lines.records(piece))
        trail.end()

    _begin(stack, partial(read, process.stdout))
    stack.callback(process.kill)


def _add(trail: Trail, records: Iterable[AuditRecord]) -> None:
    for record in records:
        trail.add(record)


def _listen(log: AuditLog, trail: Trail, stack: ExitStack) -> None:
    at = urlsplit(log.listen)
    address = at.hostname or "127.0.0.1", at.port or 0
    context = None
    if at.scheme == "tls":
        if log.keys is None:
            raise Unmeasurable("audit: a TLS receiver needs a certificate and a key")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(log.keys.certificate, log.keys.key)

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            trail.add(AuditRecord(False, self.request[0][:MAX_LENGTH].decode(errors="replace")))

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while message := _message(self.rfile):
                trail.add(AuditRecord(context is not None, message.decode(errors="replace")))

    class Receiver(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

        def get_request(self) -> tuple[socket.socket, Any]:
            sock, address = super().get_request()
            if context is None:
                return sock, address
            return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address

        def handle_error(self, *_: object) -> None:
            """A sender that breaks off: what it sent before stays."""

    server = socketserver.UDPServer(address, Datagram) if at.scheme == "udp" else Receiver(address, Stream)
    stack.callback(server.server_close)
    _begin(stack, partial(server.serve_forever, POLL_S))
    stack.callback(server.shutdown)


def _message(stream: Any) -> bytes:
    """The next one, of a counted length (RFC 6587 3.4.1) or up to a line end (3.4.2); empty at the end. Raises OSError
    for a length that is none, and a message that is cut off."""
    first: bytes = stream.read(1)
    if first.isdigit():
        return frame(stream, first)
    return first + stream.readline(MAX_LENGTH) if first else b""

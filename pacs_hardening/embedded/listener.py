"""One TCP endpoint: a thread accepts, a thread per connection does the rest, and nothing outlives `stop`."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext, suppress
from threading import Event, Lock, Thread

from .auditor import AuditEvent
from .faults import Faults
from .journal import Journal

MAX_CONNECTIONS = 200
_LINGER_S = 0.5
_REAP_S = 0.25


class Connection:
    """A peer's socket with the time (monotonic seconds) by which it must be done."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self.sock = sock
        self.within(seconds)

    def within(self, seconds: float) -> None:
        """Whatever comes next may take that long, however slowly its bytes arrive."""
        self.ends = time.monotonic() + seconds

    def cut(self) -> None:
        """Wake whoever reads or writes. Not SSLSocket.shutdown, which forgets the TLS state under the reader."""
        with suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class Listener:
    """Serves on 127.0.0.1 at a port the system chooses. The TLS handshake is done in the connection's thread,
    so that a peer that never finishes it keeps nobody else waiting."""

    def __init__(
        self,
        name: str,
        serve: Callable[[Connection], None],
        context: Callable[[socket.socket], ssl.SSLContext] | ssl.SSLContext | None,
        journal: Journal,
        faults: Faults,
        handshake_seconds: float,
        one_handshake: bool = False,
    ) -> None:
        self.name, self.alive = name, True
        self.most_a_second, self.closes_without_alert = 0, False
        self._arrived: deque[float] = deque()
        self._serve, self._context, self._journal, self._faults = serve, context, journal, faults
        self._handshake_seconds, self._one_handshake = handshake_seconds, one_handshake
        self._connections: set[Connection] = set()
        self._threads: list[Thread] = []
        self._lock, self._handshaking, self._closing = Lock(), Lock(), Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self._wake, self._waker = socket.socketpair()
        self._thread = Thread(target=self._accept, name=f"embedded-{name}")
        self._thread.start()

    def deafen(self) -> None:
        """Stop listening: from here on, the system refuses new connections."""
        self.alive = False
        self._closing.set()
        with suppress(OSError):
            self._waker.send(b"x")
        self._thread.join()

    def close(self) -> None:
        """Stop listening and drop every connection; does not wait for their threads, so one of them may call it."""
        self.deafen()
        with self._lock:
            for connection in self._connections:
                connection.cut()

    def stop(self) -> None:
        """`close`, then wait until every thread has ended and every socket is closed."""
        self.close()
        for thread in self._threads:
            thread.join()
        self._wake.close()
        self._waker.close()

    def _accept(self) -> None:
        with self._socket:
            while not self._closing.is_set():
                ready, _, _ = select.select([self._socket, self._wake], [], [], _REAP_S)
                if self._socket in ready and not self._closing.is_set():
                    with suppress(OSError):
                        self._admit(self._socket.accept()[0])
                self._reap()

    def _reap(self) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        with self._lock:
            for connection in self._connections:
                if connection.ends < time.monotonic():
                    connection.cut()

    def _too_fast(self) -> bool:
        """Whether one more connection now is one too many of this second."""
        now = time.monotonic()
        while self._arrived and self._arrived[0] < now - 1:
            self._arrived.popleft()
        if self.most_a_second and len(self._arrived) >= self.most_a_second:
            return True
        self._arrived.append(now)
        return False

    def _admit(self, sock: socket.socket) -> None:
        if self._too_fast():
            sock.close()
            return
        connection = Connection(sock, self._handshake_seconds)
        with self._lock:
            full = len(self._connections) >= MAX_CONNECTIONS or self._closing.is_set()
            if not full:
                self._connections.add(connection)
        if full:
            sock.close()
            return
        thread = Thread(target=self._handle, args=(connection,), name=f"embedded-{self.name}-peer")
        try:
            thread.start()
        except RuntimeError:  # the process can have no more threads: this peer has to come again
            self._leave(connection)
        else:
            self._threads.append(thread)

    def _leave(self, connection: Connection) -> None:
        connection.sock.close()
        with self._lock:
            self._connections.discard(connection)

    def _shake_hands(self, connection: Connection, tls: ssl.SSLSocket) -> None:
        try:
            tls.do_handshake()
        except ssl.SSLError:
            self._refused(connection)
            raise

    def _refused(self, connection: Connection) -> None:
        """Whoever was refused keeps no place, however long the log server takes: a scan of suites would fill them."""
        with self._lock:
            self._connections.discard(connection)
        self._journal.audit(AuditEvent("refused", "", failed=True))

    def _handle(self, connection: Connection) -> None:
        try:
            sock = connection.sock
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(self._handshake_seconds)
            if self._faults.hangs_after_accept:
                _swallow(connection)
            elif self._context is not None:
                context = self._context if isinstance(self._context, ssl.SSLContext) else self._context(sock)
                tls = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                connection.sock = tls
                if self._closing.is_set():  # `close` may have cut the socket that `tls` has just replaced
                    return
                with self._handshaking if self._one_handshake else nullcontext():
                    self._shake_hands(connection, tls)
                if self.closes_without_alert and tls.getpeercert() is None:
                    connection.cut()
                    self._refused(connection)
                    raise ConnectionAbortedError("no certificate came")
            if self._faults.silent_after_tls:
                _swallow(connection)
            self._serve(connection)
        except (OSError, ValueError) as error:  # ValueError: a socket closed under its reader
            self._journal.note(f"{self.name}: connection ended: {error}")
        except Exception as error:  # noqa: BLE001 - a peer must not end the server
            self._journal.note(f"{self.name}: internal error: {type(error).__name__}")
        finally:
            if not self._closing.is_set():
                _linger(connection.sock)
            self._leave(connection)


def _swallow(connection: Connection) -> None:
    """Read and say nothing until the peer leaves. Raises OSError then."""
    connection.within(float("inf"))
    connection.sock.settimeout(None)
    while connection.sock.recv(4096):
        pass
    raise ConnectionAbortedError("the peer left")


def _linger(sock: socket.socket) -> None:
    """Say goodbye and read what is still under way: closing at once would let a RST overtake our last words."""
    if sock.fileno() == -1:
        return
    ends = time.monotonic() + _LINGER_S
    with suppress(OSError, ValueError):
        sock.settimeout(_LINGER_S)
        if isinstance(sock, ssl.SSLSocket) and sock.version():
            with suppress(OSError):
                sock.unwrap()
        socket.socket.shutdown(sock, socket.SHUT_WR)
        while time.monotonic() < ends and socket.socket.recv(sock, 65536):
            pass

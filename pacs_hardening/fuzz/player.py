"""Has a hostile conversation with an endpoint: one socket a peer, no thread, every wait bounded."""

from __future__ import annotations

import selectors
import socket
import ssl
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ..model import Endpoint, Unmeasurable
from ..model.response import Rejected, Response
from ..wire import pace, pdu, tls
from .conversation import FIRST, MAX_ANSWER, Answer, Case, Expectation, Step, whole_pdus
from .recipe import compile_recipe

ANSWER_S = 1.5  # how long a step `receive` waits
GRACE_S = 0.2  # for an answer that may come and need not
LOOK_S = 0.02  # how long it is looked whether a conversation was ended
CROWDED_S = 1.0  # how long an A-ASSOCIATE-AC is waited for while other conversations are open
PATIENCE = (0.1, 0.3, 0.8)  # seconds: an archive that has reached a limit of its own is asked again after each
REFUSALS = (pdu.A_ASSOCIATE_RJ, pdu.A_ABORT)


class Unreachable(Unmeasurable):
    """Not even TCP connects."""


class Crowded(Unmeasurable):
    """A valid association waits for its answer while conversations of ours are open: perhaps they are the reason."""


class Busy(Unmeasurable):
    """A valid association is rejected for a limit of the archive's own: nothing was played."""


@dataclass
class _Talk:
    """A conversation whose steps are done and whose answer is awaited."""

    case: Case
    sock: socket.socket
    since: float
    accepted: bool = False
    cut: bool = False
    complete: bool = False  # all steps were taken
    data: bytearray = field(default_factory=bytearray)

    @property
    def last(self) -> int:
        """The type of the last whole PDU that came; 0 for none."""
        pdus, _ = whole_pdus(bytes(self.data))
        return pdus[-1][0] if pdus else 0

    def answer(self, ended: str, broken: Response | None = None) -> Answer:
        return Answer(bytes(self.data), ended, time.monotonic() - self.since, self.accepted, broken, self.cut)


class Player:
    """Has conversations with one endpoint as one peer. ``slots`` fill the recipes; ``patience`` is how long an answer
    is waited for at once (seconds), ``deadline`` how long in all. Conversations that are not over are kept open: use
    ``settle``.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        context: ssl.SSLContext | None,
        slots: Mapping[str, bytes],
        *,
        name: str = "",
        patience: float = 0.05,
        deadline: float = 10.0,
        room: int = 6,
    ) -> None:
        self._endpoint, self._context, self._name = endpoint, context if endpoint.tls else None, name or endpoint.host
        self._slots, self._patience, self._deadline, self.room = dict(slots), patience, deadline, room
        self._compiled: dict[str, bytes] = {}
        self._open: list[_Talk] = []
        self.arrived = False  # a conversation came as far as it goes, whatever became of it then
        self.answers: list[tuple[Case, Answer]] = []

    @property
    def holds(self) -> bool:
        """Conversations are open whose answer has not come."""
        return bool(self._open)

    def stays(self) -> bool:
        """A conversation is open that has come as far as it goes: all was said and taken, what had to be accepted was,
        and the endpoint has not ended it."""
        for talk in list(self._open):
            if self._step(talk, LOOK_S):
                self._open.remove(talk)
        return any(talk.complete and not talk.cut for talk in self._open)

    @property
    def is_full(self) -> bool:
        return len(self._open) >= self.room

    def prepare(self, cases: Iterable[Case]) -> None:
        """Compile ahead, so that playing is nothing but sending."""
        for case in cases:
            for step in case.steps:
                self._bytes(step)

    def play(self, case: Case) -> None:
        """Begin the conversation, and end it where the answer comes at once. Raises Unreachable without TCP, Crowded
        (nothing was played: settle the others, then try again), and Unmeasurable where a valid association is not
        accepted; where that is for a limit of the archive's own, it is asked again a little later."""
        for seconds in PATIENCE:
            try:
                return self._play(case)
            except Busy as busy:
                if self._open:
                    raise Crowded(busy.said) from busy
                pace.pause(seconds)
        return self._play(case)

    def _play(self, case: Case) -> None:
        try:
            raw = self._dialled()
        except OSError as error:
            raise Unreachable(f"{self._endpoint} cannot be reached: {error.strerror or error}") from error
        talk = _Talk(case, raw, time.monotonic())
        try:
            if self._context is not None and case.steps[:1] != (Step("plain"),):
                talk.sock = self._context.wrap_socket(raw, server_hostname=self._name)
            ended = self._steps(talk)
            self.arrived = talk.complete = not ended
        except TimeoutError:
            ended = ""
        except Unmeasurable:
            talk.sock.close()
            raise
        except OSError as error:
            self._broken_off(talk, error)
            return
        talk.since = time.monotonic()
        if ended:
            self._end(talk, ended)
        else:
            self._await(talk)

    def _dialled(self) -> socket.socket:
        """TCP to the endpoint. Raises OSError."""
        pace.await_turn(self._endpoint)
        sock = socket.create_connection((self._endpoint.host, self._endpoint.port), timeout=self._deadline)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _steps(self, talk: _Talk) -> str:
        """Raises OSError where the peer ends it. What further peers were answered is kept as by ``play``."""
        peers, ended, now = {FIRST: talk}, dict[str, str | OSError](), FIRST
        try:
            for step in talk.case.steps:
                if step.verb == "peer":
                    now = step.recipe
                    if now not in peers and (other := self._joins(talk.case)):
                        peers[now] = other
                elif now in peers and now not in ended:
                    try:
                        if over := self._takes(peers[now], step, patience=0.0 if now == FIRST else ANSWER_S):
                            ended[now] = over
                    except OSError as error:
                        ended[now] = error
                    except Unmeasurable:
                        if now == FIRST:
                            raise
                        ended[now] = "left"  # a server may limit how many associations one peer has
        finally:
            for name, other in peers.items():
                if other is not talk:
                    self._leave(other, ended.get(name, ""))
        if isinstance(how := ended.get(FIRST, ""), OSError):
            raise how
        return how

    def _joins(self, case: Case) -> _Talk | None:
        """Another connection of the same peer; none where the endpoint is shut, which is for the others to tell."""
        try:
            sock = self._dialled()
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_hostname=self._name)
        except OSError:
            return None
        return _Talk(case, sock, time.monotonic())

    def _leave(self, talk: _Talk, how: str | OSError) -> None:
        """A further connection has said all it had to say."""
        if isinstance(how, TimeoutError):
            self._end(talk, "left")
        elif isinstance(how, OSError):
            self._broken_off(talk, how)
        elif how:
            self._end(talk, how)
        else:
            talk.since = time.monotonic()
            self._await(talk)

    def _takes(self, talk: _Talk, step: Step, patience: float) -> str:
        """With ``patience`` an association is waited for no longer: a server may have it wait for one of ours."""
        if step.verb == "associate":
            talk.sock.sendall(self._bytes(step))
            if patience and not self._some(talk, patience):
                return "closed"
            if not self._associated(talk):
                return "closed"
            talk.accepted = True
        elif step.verb == "send":
            self._send(talk, self._bytes(step))
        elif step.verb == "drip":
            for byte in self._bytes(step):
                self._send(talk, bytes([byte]))
        elif step.verb == "receive":
            with suppress(TimeoutError):
                self._some(talk, ANSWER_S)
        elif step.verb == "finish":
            self._finish(talk)
        elif step.verb == "reset":
            return "left"
        return ""

    def _bytes(self, step: Step) -> bytes:
        made = self._compiled.get(step.recipe)
        if made is None:
            made = self._compiled[step.recipe] = compile_recipe(step.recipe, self._slots)
            if len(self._compiled) > 4096:  # a fuzzer that runs for days must not grow
                self._compiled = {step.recipe: made}
        return made

    def _send(self, talk: _Talk, data: bytes) -> None:
        """A peer that has refused and closed is no failure: what it said still waits to be read."""
        try:
            talk.sock.sendall(data)
        except TimeoutError:
            raise
        except OSError:  # broken pipe, reset; under TLS also an end of file
            talk.cut = True

    def _finish(self, talk: _Talk) -> None:
        """TCP's half-close. Under TLS the peer sees its stream cut off, which is what a peer that dies leaves."""
        with suppress(OSError):
            socket.socket.shutdown(talk.sock, socket.SHUT_WR)

    def _associated(self, talk: _Talk) -> bool:
        """Reads the A-ASSOCIATE-AC, which is no part of the answer."""
        try:
            while not (found := whole_pdus(bytes(talk.data)))[0]:
                if not self._some(talk, CROWDED_S if self._open else self._deadline):
                    return False
        except TimeoutError as error:
            if self._open:
                raise Crowded(f"{self._endpoint}: a valid association waits for others to end") from error
            raise
        talk.data = bytearray(found[1])
        kind, body = found[0][0]
        if kind != pdu.A_ASSOCIATE_AC:
            busy = kind == pdu.A_ASSOCIATE_RJ and len(body) >= 4 and Rejected(body[1], body[2], body[3]).is_busy
            said = f"{self._endpoint}: a valid association was answered with {pdu.name(kind, body)}"
            raise (Busy if busy else Unmeasurable)(said)
        return True

    def _some(self, talk: _Talk, seconds: float) -> bool:
        """Reads what has come; False where the peer has closed. Raises TimeoutError after ``seconds``."""
        talk.sock.settimeout(seconds)
        piece = talk.sock.recv(1 << 16)
        talk.data += piece
        return bool(piece)

    def _await(self, talk: _Talk) -> None:
        patience = self._patience if talk.case.expects is Expectation.REFUSAL else self._patience / 4
        ends = time.monotonic() + patience
        if talk.data and talk.case.expects is Expectation.REFUSAL and self._is_answered(talk):  # in a step `receive`
            return
        while (left := ends - time.monotonic()) > 0:
            if self._step(talk, left):
                return
        self._open.append(talk)

    def _step(self, talk: _Talk, seconds: float) -> bool:
        """Read once; True where the conversation is over."""
        try:
            if not self._some(talk, seconds):
                self._end(talk, "closed")
                return True
        except TimeoutError:
            return False
        except OSError as error:
            self._broken_off(talk, error)
            return True
        return self._is_answered(talk)

    def _is_answered(self, talk: _Talk) -> bool:
        """Ends it where what has come is all that is waited for."""
        if len(talk.data) > MAX_ANSWER:
            self._end(talk, "endless")
            return True
        said = talk.last
        if said in REFUSALS or (said and talk.case.expects is not Expectation.REFUSAL):
            self._end(talk, "closed" if said in REFUSALS else "open")
            return True
        return False

    def settle(self, *, at_once: bool = False) -> None:
        """End every open conversation; those that must be refused are given until the deadline, side by side."""
        with selectors.DefaultSelector() as selector:
            for talk in self._open:
                selector.register(talk.sock, selectors.EVENT_READ, talk)
            while waiting := [t for t in self._open if self._due(t) > 0 and not at_once]:
                ready = selector.select(max(0.0, min(map(self._due, waiting))))
                for key, _ in ready:
                    if self._step(key.data, 0.01):
                        selector.unregister(key.fileobj)
                        self._open.remove(key.data)
        for talk in self._open:
            with suppress(OSError):
                talk.sock.settimeout(0)
                talk.data += talk.sock.recv(1 << 16)
            self._end(talk, "closed" if talk.last in REFUSALS else "open")
        self._open.clear()

    def _due(self, talk: _Talk) -> float:
        if talk.case.expects is Expectation.WAITING:
            return 0.0
        if talk.case.expects is not Expectation.REFUSAL:
            return talk.since + GRACE_S - time.monotonic()
        accepted = talk.data[:1] == bytes([pdu.A_ASSOCIATE_AC])  # an abort may follow, and need not
        return talk.since + (ANSWER_S if accepted else self._deadline) - time.monotonic()

    def _broken_off(self, talk: _Talk, error: OSError) -> None:
        """The peer ended it: a reset needs no words, a TLS alert has its own."""
        self._end(talk, "closed", None if isinstance(error, ConnectionError) else tls.response(error))

    def _end(self, talk: _Talk, ended: str, broken: Response | None = None) -> None:
        if ended != "closed":
            with suppress(OSError):  # RST: no TIME_WAIT here, and nothing left for the peer to send to
                talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        talk.sock.close()
        self.answers.append((talk.case, talk.answer(ended, broken)))

    def take(self) -> Sequence[tuple[Case, Answer]]:
        """The answers since the last call."""
        taken, self.answers = self.answers, []
        return taken

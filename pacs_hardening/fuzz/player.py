"""Has a hostile conversation with an endpoint: one socket a peer, no thread, every wait bounded."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from ..model import Endpoint, Unmeasurable
from ..model.response import Rejected
from ..wire import pace, pdu
from ..wire.patience import patiently
from .conversation import FIRST, Case, Step, whole_pdus
from .recipe import Recipes
from .talk import Talk
from .waiting import ANSWER_S, Waiting

CROWDED_S = 1.0  # how long an A-ASSOCIATE-AC is waited for while other conversations are open


class Unreachable(Unmeasurable):
    """Not even TCP connects."""


class Crowded(Unmeasurable):
    """A valid association waits for its answer while conversations of ours are open: perhaps they are the reason."""


class Busy(Unmeasurable):
    """A valid association is rejected for a limit of the archive's own: nothing was played."""


class Player(Waiting):
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
        super().__init__(patience=patience, deadline=deadline, room=room)
        self._endpoint, self._context, self._name = endpoint, context if endpoint.tls else None, name or endpoint.host
        self._recipes = Recipes(slots)
        self.arrived = False  # a conversation came as far as it goes, whatever became of it then

    def prepare(self, cases: Iterable[Case]) -> None:
        """Compile ahead, so that playing is nothing but sending."""
        for case in cases:
            for step in case.steps:
                self._recipes.compiled(step.recipe)

    def play(self, case: Case) -> None:
        """Begin the conversation, and end it where the answer comes at once. Raises Unreachable without TCP, Crowded
        (nothing was played: settle the others, then try again), and Unmeasurable where a valid association is not
        accepted; where that is for a limit of the archive's own, it is asked again a little later."""
        patiently(lambda: self._play(case), on=Busy)

    def _play(self, case: Case) -> None:
        try:
            raw = self._dialled()
        except OSError as error:
            raise Unreachable(f"{self._endpoint} cannot be reached: {error.strerror or error}") from error
        talk = Talk(case, raw, time.monotonic())
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

    def _steps(self, talk: Talk) -> str:
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

    def _joins(self, case: Case) -> Talk | None:
        """Another connection of the same peer; none where the endpoint is shut, which is for the others to tell."""
        try:
            sock = self._dialled()
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_hostname=self._name)
        except OSError:
            return None
        return Talk(case, sock, time.monotonic())

    def _leave(self, talk: Talk, how: str | OSError) -> None:
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

    def _takes(self, talk: Talk, step: Step, patience: float) -> str:
        """With ``patience`` an association is waited for no longer: a server may have it wait for one of ours."""
        if step.verb == "associate":
            talk.sock.sendall(self._recipes.compiled(step.recipe))
            if patience and not talk.read(patience):
                return "closed"
            if not self._associated(talk):
                return "closed"
            talk.accepted = True
        elif step.verb == "send":
            talk.send(self._recipes.compiled(step.recipe))
        elif step.verb == "drip":
            for byte in self._recipes.compiled(step.recipe):
                talk.send(bytes([byte]))
        elif step.verb == "receive":
            with suppress(TimeoutError):
                talk.read(ANSWER_S)
        elif step.verb == "finish":
            talk.finish()
        elif step.verb == "reset":
            return "left"
        return ""

    def _associated(self, talk: Talk) -> bool:
        """Reads the A-ASSOCIATE-AC, which is no part of the answer."""
        try:
            while not (found := whole_pdus(bytes(talk.data)))[0]:
                if not talk.read(CROWDED_S if self._open else self._deadline):
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
            if not busy:
                raise Unmeasurable(said)
            raise Crowded(said) if self._open else Busy(said)
        return True

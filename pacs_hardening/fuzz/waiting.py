"""Conversations that have said what they had to say, and wait for their answers, side by side."""

from __future__ import annotations

import selectors
import time
from collections.abc import Sequence
from contextlib import suppress

from ..wire import pdu
from .conversation import MAX_ANSWER, Answer, Case, Expectation
from .talk import Talk

ANSWER_S = 1.5  # how long a step `receive` waits
GRACE_S = 0.2  # for an answer that may come and need not
LOOK_S = 0.02  # how long it is looked whether a conversation was ended
REFUSALS = (pdu.A_ASSOCIATE_RJ, pdu.A_ABORT)


class Waiting:
    """``patience`` is how long an answer is waited for at once (seconds), ``deadline`` how long in all. Conversations
    that are not over are kept open, ``room`` of them: use ``settle``."""

    def __init__(self, *, patience: float, deadline: float, room: int) -> None:
        self._patience, self._deadline, self.room = patience, deadline, room
        self._open: list[Talk] = []
        self.answers: list[tuple[Case, Answer]] = []

    @property
    def holds(self) -> bool:
        """Conversations are open whose answer has not come."""
        return bool(self._open)

    @property
    def is_full(self) -> bool:
        return len(self._open) >= self.room

    def stays(self) -> bool:
        """A conversation is open that has come as far as it goes: all was said and taken, what had to be accepted was,
        and the endpoint has not ended it."""
        for talk in list(self._open):
            if self._step(talk, LOOK_S):
                self._open.remove(talk)
        return any(talk.complete and not talk.cut for talk in self._open)

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

    def take(self) -> Sequence[tuple[Case, Answer]]:
        """The answers since the last call."""
        taken, self.answers = self.answers, []
        return taken

    def _end(self, talk: Talk, ended: str) -> None:
        self.answers.append((talk.case, talk.end(ended)))

    def _broken_off(self, talk: Talk, error: OSError) -> None:
        self.answers.append((talk.case, talk.broken_off(error)))

    def _await(self, talk: Talk) -> None:
        patience = self._patience if talk.case.expects is Expectation.REFUSAL else self._patience / 4
        ends = time.monotonic() + patience
        if talk.data and talk.case.expects is Expectation.REFUSAL and self._is_answered(talk):  # in a step `receive`
            return
        while (left := ends - time.monotonic()) > 0:
            if self._step(talk, left):
                return
        self._open.append(talk)

    def _step(self, talk: Talk, seconds: float) -> bool:
        """Read once; True where the conversation is over."""
        try:
            if not talk.read(seconds):
                self._end(talk, "closed")
                return True
        except TimeoutError:
            return False
        except OSError as error:
            self._broken_off(talk, error)
            return True
        return self._is_answered(talk)

    def _is_answered(self, talk: Talk) -> bool:
        """Ends it where what has come is all that is waited for."""
        if len(talk.data) > MAX_ANSWER:
            self._end(talk, "endless")
            return True
        said = talk.last
        if said in REFUSALS or (said and talk.case.expects is not Expectation.REFUSAL):
            self._end(talk, "closed" if said in REFUSALS else "open")
            return True
        return False

    def _due(self, talk: Talk) -> float:
        if talk.case.expects is Expectation.WAITING:
            return 0.0
        if talk.case.expects is not Expectation.REFUSAL:
            return talk.since + GRACE_S - time.monotonic()
        accepted = talk.data[:1] == bytes([pdu.A_ASSOCIATE_AC])  # an abort may follow, and need not
        return talk.since + (ANSWER_S if accepted else self._deadline) - time.monotonic()

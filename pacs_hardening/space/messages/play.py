"""Sends messages, one connection each, several side by side, and says what came of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from ...model import Endpoint, KeyPair, Target
from ...model import response as came
from ...model.response import Acknowledged, Response
from ...wire import messages
from ..dimension import Base, Way
from ..played import Answer, Played
from . import types
from .sending import Sending

SECONDS = 3.0
LANES, CHUNK = 4, 48


class MessagePlayer:
    """``keys``: the certificate of who may send. ``prove`` has him served at an endpoint, or raises Unmeasurable."""

    def __init__(self, target: Target, keys: KeyPair | None, prove: Callable[[Endpoint], object]) -> None:
        self._target, self._keys, self._prove = target, keys, prove
        self._usual: dict[str, Response | None] = {}  # base -> how it is refused as it is

    def play(self, base: Base[Sending], way: Way) -> Played:
        return self.ask(base.resolve(way), way)

    def ask(self, bid: Sending, way: Way) -> Played:
        """``way`` is only what the result is called."""
        told, request = self._send(bid), bid.draft.type.decode("latin-1")
        answer = self._answer(bid, told.response)
        if answer is Answer.SERVED:
            return Played(way, answer, told.response, request, told.transcript)
        if isinstance(told.response, came.Silent) and way.values and self._is_mute(bid):
            return Played(way, Answer.REFUSED, told.response, hidden=True)
        if not way.values:
            self._usual[way.base] = told.response
        usual = self._usual.get(way.base)
        other = isinstance(usual, Acknowledged) and isinstance(told.response, Acknowledged) and told.response != usual
        return Played(way, answer, told.response, transcript=told.transcript, hidden=other)

    def _send(self, bid: Sending) -> messages.Told:
        kind = bid.draft.type.decode("latin-1")
        return messages.send(bid.endpoint, self._target, bid.keys, bid.draft.encode(), f"HL7 {kind}", seconds=SECONDS)

    def _answer(self, bid: Sending, response: Response) -> Answer:
        match response:
            case came.Served():
                return Answer.SERVED
            case came.Acknowledged():
                if response.shows_that_it_looked:
                    return Answer.SERVED
                return Answer.REFUSED if self._is_refusal(bid, response) else Answer.UNMEASURED
            case came.TlsAlert() | came.TlsFailed() | came.Closed():
                return Answer.REFUSED
            case _:
                return Answer.UNMEASURED

    def _is_refusal(self, bid: Sending, response: Acknowledged) -> bool:
        """Whoever may not send is refused by any failure. Who may send something else is not, by one that complains of
        what stands in the message: then its type was taken. What is told of an event that nobody has is no complaint.
        """
        if response.refuses_type or bid.as_sender(self._keys) != bid:
            return True
        return self._send(bid.of_type(types.NONSENSE)).response == response

    def _is_mute(self, bid: Sending) -> bool:
        """What a receiver cannot read it may not answer, whoever sends it: who may send neither."""
        return isinstance(self._send(bid.as_sender(self._keys)).response, came.Silent)

    def play_all(self, ways: Iterable[tuple[Base[Sending], Way]]) -> Iterator[list[Played]]:
        """In turn, so many at a time. Raises Unmeasurable where the endpoint cannot be reached."""
        waiting = iter(ways)
        with ThreadPoolExecutor(LANES) as pool:
            while chunk := list(islice(waiting, CHUNK)):
                yield list(pool.map(lambda each: self.play(*each), chunk))

    def prove_served(self, base: Base[Sending]) -> None:
        """Raises Unmeasurable."""
        self._prove(base.start.endpoint)

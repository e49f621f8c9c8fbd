"""Sends messages, one connection each, several side by side, and says what came of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

from ...model import Endpoint, KeyPair, Target
from ...model import response as came
from ...model.response import Acknowledged, Response
from ...wire import messages, mllp
from ..dimension import Base, Way
from ..played import Answer, Played
from .sending import Sending

SECONDS = 3.0
LANES, CHUNK = 4, 48


class MessagePlayer:
    """``keys``: the certificate of who may send. ``prove`` has him served at an endpoint, or raises Unmeasurable."""

    def __init__(
        self,
        target: Target,
        keys: KeyPair | None,
        prove: Callable[[Endpoint], object],
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._target, self._keys, self._prove, self._seconds = target, keys, prove, seconds
        self._usual: dict[str, Response | None] = {}  # base -> how it is refused as it is

    def play(self, base: Base[Sending], way: Way) -> Played:
        return self.ask(base.resolve(way), way)

    def ask(self, bid: Sending, way: Way) -> Played:
        """``way`` is only what the result is called."""
        told = self._send(bid)
        answer = self._answer(bid, told.response)
        played = Played(way, answer, told.response, transcript=told.transcript)
        if answer is Answer.SERVED:
            return replace(played, request=bid.draft.type.decode("latin-1"))
        if not way.values:
            self._usual[way.base] = told.response
        elif answer is Answer.UNMEASURED and self._is_so_for_all(bid, told.response):
            return replace(played, answer=Answer.REFUSED, hidden=True)
        usual = self._usual.get(way.base)
        both = isinstance(usual, Acknowledged) and isinstance(told.response, Acknowledged)
        return replace(played, hidden=both and told.response != usual)

    def _send(self, bid: Sending) -> messages.Told:
        kind = bid.draft.type.decode("latin-1")
        *before, block = (mllp.block(draft.encode()) for draft in (*bid.before, bid.draft))
        where, what = (bid.endpoint, self._target, bid.keys), f"HL7 {kind}"
        return messages.send(*where, block, what, seconds=self._seconds, before=before, at_once=bid.at_once)

    def _answer(self, bid: Sending, response: Response) -> Answer:
        """Whoever may not send is refused by any failure. Who may send something else is not, by one that complains of
        what stands in the message: perhaps its type was taken."""
        match response:
            case came.Served():
                return Answer.SERVED
            case came.Acknowledged():
                if response.shows_that_it_looked:
                    return Answer.SERVED
                refused = response.refuses_type or bid.as_sender(self._keys) != bid
                return Answer.REFUSED if refused else Answer.UNMEASURED
            case came.TlsAlert() | came.TlsFailed() | came.Closed():
                return Answer.REFUSED
            case _:
                return Answer.UNMEASURED

    def _is_so_for_all(self, bid: Sending, response: Response) -> bool:
        """What a receiver cannot read it may not answer, or complain of, whoever sends it: what may be sent neither."""
        told = self._send(bid.permitted(self._keys)).response
        return isinstance(told, came.Silent) if isinstance(response, came.Silent) else told == response

    def play_all(self, ways: Iterable[tuple[Base[Sending], Way]]) -> Iterator[list[Played]]:
        """In turn, so many at a time. Raises Unmeasurable where the endpoint cannot be reached."""
        waiting = iter(ways)
        with ThreadPoolExecutor(LANES) as pool:
            while chunk := list(islice(waiting, CHUNK)):
                yield list(pool.map(lambda each: self.play(*each), chunk))

    def prove_served(self, base: Base[Sending]) -> None:
        """Raises Unmeasurable."""
        self._prove(base.start.endpoint)

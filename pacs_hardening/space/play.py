"""Plays ways: one conversation each, several side by side, every wait bounded; and says what came of each."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from threading import Lock
from time import monotonic

from ..model import Endpoint, Target, Unmeasurable
from ..model.response import NOT_AUTHORISED, Rejected, Response, Silent
from ..wire import pace, pdu, scu, tls
from ..wire.patience import is_busy, patiently
from ..wire.session import Refused, Session
from ..wire.session import Silent as Hung
from . import services
from .bid import FEW, Bid
from .dimension import Base, Way
from .people import authorised
from .played import Answer, Played

# What is said of the request and not of who asks: out of resources, and an identifier that does not fit (PS3.4 C.4).
_OF_THE_REQUEST = (*range(0xA700, 0xA800), 0xA900)
_NOT_DONE = 0x0110  # processing failure (PS3.7 C.5.20)
CHUNK = 48
MOST_LANES = 16
AGAIN = (1.0, 3.0)  # seconds between two tries at one that cannot be reached
SLOW_S = 0.04  # that a conversation takes at an archive that makes its peers wait


def _room(asks: tuple[services.Request, ...]) -> int:
    """How many of ``asks`` an association has contexts for, one at least."""
    most = pace.contexts() - (pace.contexts() > FEW)
    return next((n for n in range(len(asks), 1, -1) if len({each.sop_class for each in asks[:n]}) <= most), 1)


class Player:
    """Plays ways at ``target``. ``lanes``: conversations side by side; fewer from when on the archive is busy.
    ``prove`` has an authorised node served at an endpoint by what that node may do (None: by a C-FIND), or raises
    Unmeasurable."""

    def __init__(
        self,
        target: Target,
        *,
        lanes: int = 4,
        seconds: float = 4.0,
        prove: Callable[[Endpoint], None] | None = None,
    ) -> None:
        self._prove = prove
        self.target, self.seconds, self.lanes = target, seconds, lanes
        self._statuses: dict[tuple[str, services.Manner], int | None] = {}
        self._lock = Lock()
        self._was_busy = False
        self._mute: dict[tuple[tuple[str, str], ...], bool] = {}

    def play(self, base: Base[Bid], way: Way) -> Played:
        return self.ask(base.resolve(way), way)

    def ask(self, bid: Bid, way: Way) -> Played:
        """``way`` is only what the result is called."""
        last = Played(way, Answer.REFUSED)
        for _ in range(bid.times):
            last = replace(self._converse(bid), way=way)
            if last.answer is not Answer.REFUSED:
                break
        return last

    def play_all(self, ways: Iterable[tuple[Base[Bid], Way]]) -> Iterator[list[Played]]:
        """In turn, so many at a time. What met a busy archive is had again, more slowly; Unmeasurable where the target
        cannot be reached."""
        waiting = iter(ways)
        while chunk := list(islice(waiting, CHUNK)):
            yield self._chunk(chunk)

    def _chunk(self, chunk: list[tuple[Base[Bid], Way]]) -> list[Played]:
        began = monotonic()
        with ThreadPoolExecutor(self.lanes) as pool:
            played = list(pool.map(lambda each: self.play(*each), chunk))
        each_took = (monotonic() - began) * self.lanes / len(chunk)
        busy = [number for number, each in enumerate(played) if each.answer is Answer.UNMEASURED]
        for number in busy:
            played[number] = self._patiently(*chunk[number], played[number])
        if not all(played[number].hidden for number in busy):
            self.lanes, self._was_busy = max(1, self.lanes // 2), True
        elif each_took > SLOW_S and not self._was_busy:  # it waits, and so do we: more can wait side by side
            self.lanes = min(MOST_LANES, self.lanes * 2)
        return played

    def _patiently(self, base: Base[Bid], way: Way, before: Played) -> Played:
        """Alone, and again a little later where the archive says that it is busy. ``before``: beside others."""
        if isinstance(before.response, Silent) and self._is_answered_to_nobody(base, way):
            return replace(before, answer=Answer.REFUSED, hidden=True)
        said = f"{base.start.endpoint} rejects what is beyond a limit of its own: asked again, more slowly"
        played = patiently(lambda: self.play(base, way), busy=is_busy, notice=said)
        if isinstance(played.response, Silent) and self._is_answered_to_nobody(base, way):
            return replace(played, answer=Answer.REFUSED, hidden=True)
        return played

    def _is_answered_to_nobody(self, base: Base[Bid], way: Way) -> bool:
        """What an archive cannot read it may not answer, whoever asks: an authorised node neither, who is served what
        can be read."""
        node = self.target.nodes.get("all")
        if node is None:
            return False
        if way.values not in self._mute:
            bid = replace(base.resolve(way), calling=node.aet.encode(), keys=node.keys)
            self._mute[way.values] = isinstance(self._converse(bid).response, Silent) and self._serves(base)
        return self._mute[way.values]

    def _serves(self, base: Base[Bid]) -> bool:
        try:
            self.prove_served(base)
        except Unmeasurable:
            return False
        return True

    def _converse(self, bid: Bid) -> Played:
        """One way, over as many associations as it takes: an archive may end one after each operation that it refuses,
        and what was to come on it is asked on the next."""
        prelude, rest = len(bid.prelude), bid.asks()
        answer = Played(Way(""), Answer.REFUSED)
        while rest:
            room = _room(rest)
            one, asked = self._reach(bid, rest[:room], prelude)
            if asked == 0 and room < len(rest) and one.answer is Answer.REFUSED:
                asked = room  # and the others are asked for by themselves
            elif one.answer in (Answer.SERVED, Answer.UNMEASURED) or asked == 0:
                return one if one.answer is not Answer.REFUSED or answer.answer is Answer.REFUSED else answer
            if answer.answer is Answer.REFUSED or one.answer is Answer.ADMITTED:
                answer = one
            if asked <= prelude and asked < room:
                break  # what was to go before was not let through
            rest, prelude = rest[asked:], 0
        return answer

    def _reach(self, bid: Bid, asks: tuple[services.Request, ...], prelude: int) -> tuple[Played, int]:
        """As `_associate`; an archive whose queue is full for a moment can be reached a little later."""
        return patiently(lambda: self._associate(bid, asks, prelude), AGAIN, on=Unmeasurable)

    def _associate(self, bid: Bid, asks: tuple[services.Request, ...], prelude: int) -> tuple[Played, int]:
        """One association, and how many of ``asks`` came to be asked on it."""
        verified = bid.target if bid.sni == bid.target.server_name else None
        context = tls.client(bid.keys, verified, bid.tls, bid.alpn, bid.suites) if bid.endpoint.tls else None
        begun = self._begun(bid, context) if bid.resumed and context is not None else None
        session = Session(bid.endpoint, context, seconds=self.seconds, name=bid.sni, resumes=begun)
        asked, admitted = 0, False
        response: Response | None = None

        def ended(answer: Answer, request: str = "") -> tuple[Played, int]:
            return Played(Way(""), answer, response, request, tuple(session.transcript)), asked

        try:
            with session:
                accepted = scu.associate(session, bid.associate_request(asks))
                admitted = True
                for ask in asks:
                    asked += 1
                    before = asked <= prelude and ask.name not in bid.requests  # perhaps this one may be asked
                    if self._served(session, accepted, ask, bid) and ask.service != "C-ECHO" and not before:
                        scu.release(session)
                        return ended(Answer.SERVED, ask.name)
                scu.release(session)
        except Refused as refusal:
            response = refusal.response
            if isinstance(response, Rejected) and response.is_busy:
                return ended(Answer.UNMEASURED)
        except Hung as hang:
            response = hang.response
            return ended(Answer.UNMEASURED)
        except pdu.ProtocolError as error:
            response = error.response
            return ended(Answer.UNMEASURED)
        return ended(Answer.ADMITTED if admitted else Answer.REFUSED)

    def _begun(self, bid: Bid, context: ssl.SSLContext) -> ssl.SSLSession | None:
        """A TLS session of the same peer, whatever came of what it asked."""
        session = Session(bid.endpoint, context, seconds=self.seconds, name=bid.sni)
        try:
            with session:
                try:
                    scu.associate(session, bid.associate_request(()))
                except (Refused, Hung, pdu.ProtocolError):
                    return session.tls_session
                begun = session.tls_session
                scu.release(session)
                return begun
        except (Refused, Hung, pdu.ProtocolError):
            return None

    def _served(self, session: Session, accepted: pdu.Accepted, ask: services.Request, bid: Bid) -> bool:
        """Whether ``ask`` was processed; a refused context or a failure status is no end of the association."""
        context = accepted.offered.get(ask.sop_class)
        result, transfer = accepted.results.get(context or 0, (2, ""))
        if context is None or result != 0:
            session.note(f"{ask.name}: presentation context refused")
            return False
        exchange = scu.Exchange()
        operation = services.operation(ask, bid.manner, bid.target, implicit=transfer == pdu.IMPLICIT_LE)
        try:
            scu.perform(session, accepted, operation, exchange)
        except (Refused, Hung, pdu.ProtocolError):
            if exchange.received:
                return True
            raise
        if exchange.received or exchange.completed or exchange.succeeded:
            return True
        return self._looked(ask, bid, exchange.status or 0)

    def _looked(self, ask: services.Request, bid: Bid, status: int) -> bool:
        """A failure that says what an authorised node is told of the same request shows that it was processed."""
        if status in NOT_AUTHORISED or status in _OF_THE_REQUEST:
            return False
        if status == _NOT_DONE and ask.service.startswith("N-"):  # by whoever offers a class of which it does nothing
            return False
        key = ask.name, bid.manner
        with self._lock:
            if key not in self._statuses:
                self._statuses[key] = self._told_to_authorised(ask, bid)
            return self._statuses[key] == status

    def _told_to_authorised(self, ask: services.Request, bid: Bid) -> int | None:
        node = self.target.nodes.get("all")
        if node is None:
            return None
        mine = authorised(self.target, bid.endpoint, node)
        mine = replace(mine, requests=(ask.name,), manner=bid.manner, storage=bid.storage, roles=bid.roles)
        context = tls.client(mine.keys, self.target) if mine.endpoint.tls else None
        exchange = scu.Exchange()
        try:
            with Session(mine.endpoint, context, seconds=self.seconds, name=self.target.server_name) as session:
                accepted = scu.associate(session, mine.associate_request(mine.asks()))
                scu.perform(session, accepted, services.operation(ask, mine.manner, self.target), exchange)
                scu.release(session)
        except (Refused, Hung, pdu.ProtocolError):
            return None
        return exchange.status

    def prove_served(self, base: Base[Bid]) -> None:
        """An authorised node is served at the endpoint of ``base``. Raises Unmeasurable."""
        if self._prove is not None:
            self._prove(base.start.endpoint)
            return
        node = self.target.nodes.get("all")
        if node is None:
            raise Unmeasurable("the target names no node 'all'")
        mine = replace(authorised(self.target, base.start.endpoint, node), requests=(services.FIND,))
        played = self._converse(mine)
        if played.answer is not Answer.SERVED:
            ended = played.response or "every operation was refused"
            raise Unmeasurable("an authorised node was not served beside those who were refused: ", ended)

"""Plays ways of asking without a login: several side by side, and what is served is compared before it is called so."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain, islice
from time import monotonic

from ...model import Endpoint, Target, Unmeasurable, User
from ...model.response import Closed, HttpStatus, Response
from ...wire.http import Answer as HttpAnswer
from ..dimension import Base, Way
from ..played import Answer, Played
from .ask import LANES, Asker
from .bases import bases
from .draft import Asked, Party
from .judge import Comparison
from .parties import pages, users

NAMES = {Party.NOBODY: "without-login", Party.PAGE: "another-site", Party.USER: "no-administrator"}  # of bases
MOST_LANES = 32
SLOW_S = 0.3  # that an answer takes at a server that makes its clients wait, and not its processor
ON_ONE_CONNECTION = 12  # a handshake takes longer than most answers
BUSY = (429, 503)  # a server that has had enough of us says nothing about the way that it answers so
BEFORE = ("before it on the connection", "itself")


def came(answer: HttpAnswer) -> Response:
    return HttpStatus(answer.status, len(answer.body)) if answer.status else Closed()


class WebPlayer:
    """At one ``endpoint``, where ``user`` is served; ``number``: which of the target's it is, from 1."""

    def __init__(self, target: Target, endpoint: Endpoint, user: User, number: int = 1) -> None:
        self.target, self.endpoint = target, endpoint
        self._at = "" if number == 1 else f"@{number}"
        self._asker, self._user = Asker(target, endpoint, user), Asker(target, endpoint, user, always=True)
        self._compare = Comparison(target, self._asker, self._user)
        self._proof: Asked | None = None
        self.lanes, self._most_lanes = LANES, MOST_LANES
        self._usual: dict[str, int] = {}  # base -> status that refuses it as it is

    @classmethod
    def of(cls, target: Target, user: User) -> list[WebPlayer]:
        """One for each web endpoint."""
        return [cls(target, each, user, n) for n, each in enumerate(target.endpoints_of("web"), 1)]

    def renew(self, user: User) -> None:
        """He logs in as ``user`` from now on."""
        self._asker.user = self._user.user = user

    @cached_property
    def strangers(self) -> list[Base[Asked]]:
        """Somebody without a login at each route, asked for once. Raises Unmeasurable where the user is served
        nowhere."""
        return bases(f"{NAMES[Party.NOBODY]}{self._at}", self.target, self.endpoint, self._user, self._asker)

    def bases(self, party: Party = Party.NOBODY) -> list[Base[Asked]]:
        """``party`` at everything that is not for it. Raises as ``strangers``."""
        found = self.strangers
        self._proof, name = found[0].start, f"{NAMES[party]}{self._at}"
        match party:
            case Party.NOBODY:
                return found
            case Party.PAGE:
                return pages(name, self.target, self.endpoint, self._asker, found[0].dimensions)
            case Party.USER:
                return users(name, self.target, self.endpoint, self._asker, found[0].dimensions)
            case _:
                raise ValueError(f"{party} is asked for by a player of its own")

    def play(self, base: Base[Asked], way: Way) -> Played:
        return self.ask(self._resolved(base, way), way)

    def ask(self, bid: Asked, way: Way) -> Played:
        """``way`` is only what the result is called."""
        return self._judged(way, bid, self._asker.ask(bid))

    def _resolved(self, base: Base[Asked], way: Way) -> Asked:
        return base.resolve(way)

    def play_all(self, ways: Iterable[tuple[Base[Asked], Way]]) -> Iterator[list[Played]]:
        """In turn, so many at a time; those that leave a connection as it was share one. Raises Unmeasurable where the
        endpoint cannot be reached."""
        waiting, asked = iter(ways), deque[tuple[float, Iterator[list[Played]]]]()
        with ThreadPoolExecutor(MOST_LANES) as pool:
            while chunk := list(islice(waiting, self.lanes * ON_ONE_CONNECTION)):
                lanes = [chunk[lane :: self.lanes] for lane in range(self.lanes)]
                asked.append((monotonic(), pool.map(self._lane, lanes)))
                if len(asked) > 1:  # so that the lanes have something to do while the next ways are made
                    yield self._paced(*asked.popleft())
            for began, last in asked:
                yield self._paced(began, last)

    def _paced(self, began: float, lanes: Iterable[list[Played]]) -> list[Played]:
        """What came of them. Where a server does not answer in time, fewer ask from then on, and wait longer: it goes
        on with what nobody waits for any more, and has no time for what comes next. Where it takes its time, more wait
        side by side."""
        found = list(chain.from_iterable(lanes))
        each_took = (monotonic() - began) / ON_ONE_CONNECTION
        if any(each.answer is Answer.UNMEASURED and each.response is None for each in found):
            self.lanes = self._most_lanes = max(1, self.lanes // 2)
            for asker in (self._asker, self._user):
                asker.wait_longer()
        elif each_took > SLOW_S:
            self.lanes = min(self._most_lanes, 2 * self.lanes)
        return found

    def _lane(self, ways: list[tuple[Base[Asked], Way]]) -> list[Played]:
        asked = [self._resolved(base, way) for base, way in ways]
        answers = self._asker.in_lane(asked)
        return [
            self._again(base, one, self._judged(way, one, answer))
            for (base, way), one, answer in zip(ways, asked, answers, strict=True)
        ]

    def _again(self, base: Base[Asked], asked: Asked, played: Played) -> Played:
        """What was served after other requests on one connection, by itself; or, if that is what it takes, after
        one."""
        if played.answer is not Answer.SERVED or not self._asker.draft(asked).is_plain:
            return played
        places = [played.way]
        if any(dimension.name == BEFORE[0] for dimension in base.dimensions):
            places.append(played.way.but(*BEFORE))
        alone = (self.play(base, way) for way in places)
        return next((each for each in alone if each.answer is Answer.SERVED), played)

    def _judged(self, way: Way, asked: Asked, answer: HttpAnswer | None) -> Played:
        if answer is None or answer.status in BUSY:
            return Played(way, Answer.UNMEASURED, HttpStatus(answer.status) if answer else None)
        if not self._compare.is_served(asked, answer):
            return self._refused(way, answer)
        draft, response = self._asker.draft(asked), came(answer)
        served = f"{asked.request.method} {asked.request.path}"
        return Played(way, Answer.SERVED, response, served, (f"-> {draft.method} {draft.path}", ("<- ", response)))

    def _refused(self, way: Way, answer: HttpAnswer) -> Played:
        """What is refused otherwise than the base is may hide what stands beside it."""
        usual = self._usual.setdefault(way.base, answer.status) if not way.values else self._usual.get(way.base)
        return Played(way, Answer.REFUSED, came(answer), hidden=usual not in (None, answer.status))

    def prove_served(self, base: Base[Asked]) -> None:
        """Raises Unmeasurable where the user is not served at the first of the bases."""
        answer = self._user.ask(self._proof or base.start)
        if answer is None or not 200 <= answer.status < 300:
            said = HttpStatus(answer.status) if answer and answer.status else "nothing"
            raise Unmeasurable(f"the user was not served at {base.start.endpoint} beside the others: ", said)

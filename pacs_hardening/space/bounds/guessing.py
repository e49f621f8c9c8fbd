"""Another wrong password of somebody whose are no longer looked at, in every way that it can be sent."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from ...model import Endpoint, Target, User, WebRequest
from ...wire.http import Answer as HttpAnswer
from ..dimension import Base, Kind, Way
from ..played import Answer, Played
from ..web.ask import Asker
from ..web.dimensions import ROOM
from ..web.draft import Asked, Party
from ..web.parties import Dimensions, varied
from ..web.play import WebPlayer, came

GUESSING = "guesser"  # of bases
# What is asked for, and what says who asks, stays as it is.
_NOT_VARIED = frozenset({
    "login", "token", "method", "body", "content type", "spelling", "prefix", "original address",
    "repetition", "registered field",
})  # fmt: skip


class GuessPlayer(WebPlayer):
    """*Served* is whose guess is looked at, as the ``first`` one was: answered with that status, while the plain one is
    still not."""

    def __init__(self, target: Target, endpoint: Endpoint, user: User, guessed: User, first: int) -> None:
        super().__init__(target, endpoint, user)
        self._asker, self._first = Asker(target, endpoint, guessed), first

    def guesses(self, path: str, known: Dimensions) -> Iterator[Base[Asked]]:
        """None where a plain guess is answered as the first was: then nobody could tell whether it was looked at."""
        start = Asked(self.endpoint, WebRequest(path), (), Party.GUESSER)
        self._proof = start
        if self._status(start) != self._first:
            yield Base(GUESSING, Kind.OVERREACHING, start, tuple(varied(known, _NOT_VARIED)), alone=inf, room=ROOM)

    def _status(self, asked: Asked) -> int:
        answer = self._asker.ask(asked)
        return answer.status if answer is not None else -1

    def _judged(self, way: Way, asked: Asked, answer: HttpAnswer | None) -> Played:
        if answer is None:
            return Played(way, Answer.UNMEASURED)
        response = came(answer)
        plain = Asked(asked.endpoint, asked.request, (), asked.party)
        if answer.status != self._first or (asked.atoms and self._status(plain) == self._first):
            return Played(way, Answer.REFUSED, response)
        said = f"-> {self._asker.draft(asked).method} {asked.request.path}"
        return Played(way, Answer.SERVED, response, "another wrong password", (said, ("<- ", response)))

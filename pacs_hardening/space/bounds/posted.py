"""Another object under the SOP Instance UID of one that is stored, sent by STOW-RS in every way that it can be."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from math import inf

from ...model import Endpoint, Target, User, WebRequest
from ...wire import dimse, operations, stow
from ...wire.http import Answer as HttpAnswer
from ..dimension import Base, Kind, Way
from ..played import Answer, Played
from ..web.bases import ASKING
from ..web.dimensions import ROOM
from ..web.draft import Asked, Party
from ..web.parties import REFUSING, Dimensions, mixing, varied
from ..web.play import BUSY, WebPlayer
from .originals import Originals

POSTING = "user-replacing"  # of bases
CHUNK, _LIKELIEST = 96, 16
_NOT_VARIED = frozenset({
    "login", "token", "method", "body", "content type", "accept", "registered field",
})  # fmt: skip


class PostingPlayer(WebPlayer):
    """*Served* is whose object is read in place of the one that was stored. It is read after many ways were played:
    where it does not stand any more, each of those is asked by itself."""

    def __init__(
        self, target: Target, endpoint: Endpoint, user: User, number: int, originals: Originals, sop_class: str
    ) -> None:
        super().__init__(target, endpoint, user, number)
        self._originals, self._of = originals, sop_class
        self._later = False

    def posts(self, known: Dimensions) -> Iterator[Base[Asked]]:
        """None where the user may store nothing there. At the siblings of the route (PS3.18 10.5) what can stand in
        one request with other things is enough."""
        path, study = self.target.routes.get("stow", "").rstrip("/"), self._originals.over[self._of].study.study
        every = tuple(varied(known, _NOT_VARIED))
        few = tuple(mixing(every, _LIKELIEST))
        for place, (at, dimensions) in enumerate(((path, every), (f"{path}/{study}", few), (f"{path}/", few))):
            start = Asked(self.endpoint, WebRequest(at, "POST", type=stow.TYPE), (), Party.EAGER)
            answer = self._asker.ask(self._forged(start))
            if answer is not None and answer.status not in (0, 404, *REFUSING):
                name = f"{POSTING}{self._at}" + (f"{ASKING}{at}" if place else "")
                yield Base(name, Kind.OVERREACHING, start, dimensions, alone=inf, room=ROOM)

    def prove_served(self, base: Base[Asked]) -> None:
        """What he sends is looked at; whether a reader is served, every look at the object shows."""
        self._originals.read(self._originals.over[self._of])

    def ask(self, bid: Asked, way: Way) -> Played:
        played = super().ask(bid, way)
        if self._later or played.answer is Answer.UNMEASURED or not self._originals.is_lost(self._of):
            return played
        said, done = "the object that was stored is not read any more", "the second object took its place"
        return replace(played, answer=Answer.SERVED, request=f"STOW-RS ({done})", transcript=(said,))

    def play_all(self, ways: Iterable[tuple[Base[Asked], Way]]) -> Iterator[list[Played]]:
        waiting = iter(ways)
        while chunk := list(islice(waiting, CHUNK)):
            self._later = True
            try:
                played = [each for some in super().play_all(chunk) for each in some]
            finally:
                self._later = False
            yield [self.play(base, way) for base, way in chunk] if self._originals.is_lost(self._of) else played

    def _resolved(self, base: Base[Asked], way: Way) -> Asked:
        return self._forged(base.resolve(way))

    def _forged(self, asked: Asked) -> Asked:
        kept = self._originals.over[self._of]
        made = operations.synthetic_object(sample_study=kept.study, marker=f"OTHER {secrets.token_hex(6)}")
        return replace(asked, payload=stow.body(dimse.encode_file(made)))

    def _judged(self, way: Way, asked: Asked, answer: HttpAnswer | None) -> Played:
        """Nobody can tell from the answer: it may be a success, too, where an archive leaves what it has as it is."""
        if answer is None or answer.status in BUSY:
            return super()._judged(way, asked, answer)
        return self._refused(way, answer)

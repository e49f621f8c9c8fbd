"""A search over the web by a user, which finds more than the target's limit, in every way that it can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf
from urllib.parse import quote

from ...model import WebRequest
from ...model.planted import Planted
from ...wire.http import Answer as HttpAnswer
from ..dimension import Base, Dimension, Kind, Way
from ..played import Answer, Played
from ..web.alike import listed
from ..web.bases import ASKING
from ..web.dimensions import ROOM
from ..web.draft import Asked, Party, fill
from ..web.parties import Dimensions, mixing, varied
from ..web.play import BUSY, WebPlayer, came
from ..web.routes import routes, service

LISTING = "user-over-the-limit"  # of bases
_NOT_VARIED = frozenset({"login", "token", "method", "body", "content type", "registered field"})
_LIKELIEST, _WIDELY = 16, 40  # values of each dimension: a search costs more than a refusal
_PATHS = {  # PS3.18 table 10.6.1-1
    "PATIENT": "studies",
    "STUDY": "studies",
    "SERIES": "studies/{StudyInstanceUID}/series",
    "IMAGE": "studies/{StudyInstanceUID}/series/{SeriesInstanceUID}/instances",
}


class ListingPlayer(WebPlayer):
    """*Served* is who is told of more matches than the limit."""

    _most = 0

    def searches(self, planted: Planted, known: Dimensions, *, wide: bool) -> list[Base[Asked]]:
        """What the user asks for of what was ``planted``: by QIDO-RS, and by every list of the target's own that its
        limit cuts off. ``wide``: the first varies all that is ``known``, the others what can stand beside something."""
        self._most = planted.most
        starts = [
            Asked(self.endpoint, request, (), Party.EAGER)
            for request in self._requests(planted)
            if self._listed(request) >= planted.most
        ]
        self._proof = starts[0] if starts else None
        return [*self._based(starts, tuple(varied(known, _NOT_VARIED)), wide=wide)]

    def _requests(self, planted: Planted) -> Iterator[WebRequest]:
        base, path, keys = service(self.target), _PATHS[planted.level], dict(planted.keys)
        path = path.format_map(keys)
        asked = "&".join(f"{name}={quote(value, safe='*')}" for name, value in keys.items() if value)
        if base:
            yield WebRequest(f"{base}/{path}?{asked}")
        for request in routes(self.target) if planted.level == "IMAGE" else ():
            if not (base and request.path.startswith(f"{base}/")):
                names = {"study": keys["StudyInstanceUID"], "series": keys["SeriesInstanceUID"]}
                yield replace(request, body=fill(request.body, names))

    def _listed(self, request: WebRequest) -> int:
        answer = self._user.ask(Asked(self.endpoint, request))
        return listed(answer) if answer is not None else 0

    def _based(
        self, starts: Sequence[Asked], every: tuple[Dimension[Asked], ...], *, wide: bool
    ) -> Iterator[Base[Asked]]:
        few, many = tuple(mixing(every, _LIKELIEST)), tuple(each.likeliest(_WIDELY) for each in every)
        for number, start in enumerate(starts):
            name = f"{LISTING}{self._at}{ASKING}{start.request.method} {start.request.path}"
            yield Base(name, Kind.OVERREACHING, start, many if wide and number == 0 else few, alone=inf, room=ROOM)

    def _judged(self, way: Way, asked: Asked, answer: HttpAnswer | None) -> Played:
        """Fewer matches than the base has show nothing of what stood beside in the request."""
        if answer is None or answer.status in BUSY:
            return super()._judged(way, asked, answer)
        number, response = listed(answer), came(answer)
        if number <= self._most:
            return Played(way, Answer.REFUSED, response, hidden=number < self._most)
        draft, served = self._asker.draft(asked), f"{asked.request.method} {asked.request.path.partition('?')[0]}"
        said = (f"-> {draft.method} {draft.path}", f"<- {number} matches")
        return Played(way, Answer.SERVED, response, f"{served} (more than {self._most} matches)", said)

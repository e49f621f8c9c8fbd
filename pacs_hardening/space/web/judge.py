"""Whether one answer shows that somebody without a login was served, compared with three other answers.

What a stranger gets in one way shows something only beside what *the user* gets in the same way (there is such a
thing), what the stranger gets in the same way for *a path that nobody has* (a page for everything shows nothing), and
what everybody gets at the root (a start page is no secret).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from ...model import Target
from ...wire.http import Answer
from ...wire.pages import holds_nothing
from .alike import is_alike, is_data_like
from .ask import Asker
from .draft import Asked, Kind, Party
from .parties import own_form
from .routes import looked_for

NONSENSE = "/x-no-such-thing-7f3a"
REFUSED = (0, 301, 302, 303, 307, 308, 401, 403, 407)  # closed, sent to a login, or told to log in
_NO_CONTENT_EXPECTED = ("OPTIONS", "TRACE")


@dataclass(frozen=True)
class Comparison:
    """Asks again to compare: as whoever asked (``asker``) and as the ``user`` at the same endpoint."""

    target: Target
    asker: Asker
    user: Asker

    def is_served(self, asked: Asked, answer: Answer | None) -> bool:
        if answer is None:
            return False
        if asked.party is not Party.NOBODY:
            return answer.status not in (*REFUSED, 405, 501) and self._was_done(asked, answer)
        if self._holds_what_is_stored(asked, answer):
            return True
        told = (304, *(looked_for(asked.request) if asked.request.absent else ()))
        has_content = 200 <= answer.status < 300
        if not (has_content or answer.status in told) or self.asker.draft(asked).method in _NO_CONTENT_EXPECTED:
            return False
        return self._has_content(asked, answer) if has_content else self._was_looked_for(asked, answer)

    def _holds_what_is_stored(self, asked: Asked, answer: Answer) -> bool:
        """An error may repeat what was asked for."""
        sample = self.target.sample_study
        names = () if sample is None else (sample.study, sample.patient_id)
        found = [name for name in names if len(name) >= 8 and name.encode() in answer.body]
        if not found:
            return False
        draft = self.asker.draft(asked)
        return any(name not in f"{draft.path}?{draft.query}" for name in found)

    def _has_content(self, asked: Asked, answer: Answer) -> bool:
        own = self.user.ask(asked)
        if own is None or not 200 <= own.status < 300 or self._is_empty_page(asked, answer):
            return False
        if not is_alike(answer, own) and not is_data_like(answer, own):
            return False
        nothing = self.asker.ask(asked, NONSENSE)
        if nothing is not None and is_alike(answer, nothing):
            return False
        if not answer.headers and self._is_the_refusal(asked, answer):
            return False
        return not any(is_alike(answer, page) for page in self._public())

    def _is_the_refusal(self, asked: Asked, answer: Answer) -> bool:
        """HTTP/0.9 has neither status nor login: what comes may be the words of a refusal, to the user as well."""
        usual = self.asker.ask(replace(asked, atoms=()))
        return usual is not None and not 200 <= usual.status < 300 and usual.body == answer.body

    def _is_empty_page(self, asked: Asked, answer: Answer) -> bool:
        """Whether what was answered holds nothing; of an answer without a body, what GET gets instead."""
        if not answer.body:
            gotten = self.asker.ask(replace(asked, request=replace(asked.request, method="GET"), atoms=()))
            return gotten is not None and holds_nothing(gotten)
        return holds_nothing(answer)

    def _was_looked_for(self, asked: Asked, answer: Answer) -> bool:
        """The stranger is told what the user is told (there is no such object; nothing has changed), while a path that
        nobody has is still refused."""
        own, nothing = self.user.ask(asked), self.asker.ask(asked, NONSENSE)
        return own is not None and own.status == answer.status and nothing is not None and nothing.status in REFUSED

    def _was_done(self, asked: Asked, answer: Answer) -> bool:
        """What is answered otherwise than refused, while what stands beside the request changes nothing for a path that
        nobody has. What another site's page sent was done where it is answered as the user is who asks by himself."""
        bare = replace(asked, atoms=())
        if asked.party is Party.PAGE:
            own, usual = self.user.ask(own_form(asked)), self.user.ask(bare)
            if own is None or usual is None or not own.status == usual.status == answer.status:
                return False
            nothing = self.asker.ask(asked, NONSENSE)
            return 200 <= answer.status < 300 or (nothing is not None and nothing.status in REFUSED)
        nothing, usual = self.asker.ask(asked, NONSENSE), self.asker.ask(bare, NONSENSE)
        if nothing is None or usual is None or answer.status >= 500:
            return False
        if asked.atoms and (plain := self.asker.ask(bare)) is not None and plain.status == answer.status:
            return (
                False  # what stands beside it makes no difference: another method was asked for, and that is answered
            )
        respelt = any(atom.kind is Kind.SPELLING for atom in asked.atoms)
        if is_alike(answer, nothing) and (respelt or 200 <= answer.status < 300):
            return False
        return nothing.status in (usual.status, *REFUSED)

    def _public(self) -> tuple[Answer, ...]:
        return _public_pages(self.asker)


@cache
def _public_pages(stranger: Asker) -> tuple[Answer, ...]:
    found = [stranger.get(path) for path in ("/", "/robots.txt", "/login")]
    return tuple(page for page in found if page is not None and 200 <= page.status < 300)

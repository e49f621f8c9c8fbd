"""Asks once, on a connection of its own or on one that is there, within bounds of time and bytes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from functools import cached_property

from ...model import Endpoint, Target, User, WebRequest
from ...wire import tls
from ...wire.http import Answer, parse_answer, receive_answer
from ...wire.pdu import ProtocolError
from ...wire.session import Refused, Session, Silent
from .draft import ABSENT, Asked, Draft, Party, drafted

SECONDS = 2.0
LONGEST_S = 16.0  # that a server that answers slowly is waited for
LANES = 8  # so many ask side by side
CLOSED = Answer(0, {}, b"")  # the connection was ended without an answer
_BEFORE = {"itself": 1, "itself twice": 2, "itself ten times": 10}


class Asker:
    """Asks at one ``endpoint``, as whoever it is that asks, or (``always``) as ``user``, in the same ways."""

    def __init__(self, target: Target, endpoint: Endpoint, user: User, *, always: bool = False) -> None:
        self._target, self._endpoint, self.user, self._always = target, endpoint, user, always
        self.seconds = SECONDS

    def wait_longer(self) -> None:
        self.seconds = min(LONGEST_S, 2 * self.seconds)

    @cached_property
    def _names(self) -> dict[str, str]:
        host, sample = self._target.server_name or self._endpoint.host, self._target.sample_study
        uids = (
            ABSENT if sample is None else {"study": sample.study, "series": sample.series, "instance": sample.instance}
        )
        authority = f"{host}:{self._endpoint.port}"
        user = next((user.username for user in self._target.users.values()), "admin")
        scheme = "https" if self._endpoint.tls else "http"
        return {
            **uids, "host": host, "port": str(self._endpoint.port), "authority": authority, "user": user,
            "address": self._endpoint.host, "origin": f"{scheme}://{authority}",
        }  # fmt: skip

    def draft(self, asked: Asked, path: str = "") -> Draft:
        known = self._always or asked.party is not Party.NOBODY
        return drafted(asked, self._names, self.user if known else None, path)

    def get(self, path: str) -> Answer | None:
        """``path`` as it is, by the plainest request."""
        return self.ask(Asked(self._endpoint, WebRequest(path)))

    def ask(self, asked: Asked, path: str = "") -> Answer | None:
        """On a connection of its own, with all that goes before it, and its repetitions up to the first that is
        answered 2xx. None where nothing came in time; CLOSED also where the connection ended before it could be
        asked."""
        return self._repeated(self.draft(asked, path))

    def _repeated(self, draft: Draft) -> Answer | None:
        answer: Answer | None = None
        for _ in range(draft.repeats):
            answer = self._alone(draft)
            if answer is not None and 200 <= answer.status < 300:
                break
        return answer

    def _alone(self, draft: Draft) -> Answer | None:
        try:
            with self._session(draft) as session:
                for data, method in self._first(draft):
                    if _is_last(_exchange(session, data, method)):
                        return CLOSED
                return _exchange(session, draft.encode(), draft.method, bare=draft.version == "HTTP/0.9")
        except Refused:
            return CLOSED
        except (Silent, ProtocolError):
            return None

    def in_lane(self, ways: Sequence[Asked]) -> list[Answer | None]:
        """In turn on one connection, but for those that need one of their own."""
        drafts = [self.draft(asked) for asked in ways]
        answers = iter(self._in_turn([draft for draft in drafts if draft.is_plain]))
        return [next(answers) if draft.is_plain else self._repeated(draft) for draft in drafts]

    def _in_turn(self, plain: Sequence[Draft]) -> list[Answer | None]:
        """On one connection, opened anew where the server has closed it."""
        found: list[Answer | None] = []
        session: Session | None = None
        for draft in plain:
            reused = session is not None
            answer, session = self._on(session, draft)
            if answer is CLOSED and reused:  # perhaps it was closed because of the one before
                answer, session = self._on(None, draft)
            found.append(answer)
        if session is not None:
            session.__exit__()
        return found

    def _on(self, session: Session | None, draft: Draft) -> tuple[Answer | None, Session | None]:
        """The answer, and the connection where it can be used again."""
        try:
            session = session or self._session(draft).__enter__()
            session.extend_deadline(self.seconds)
            answer = _exchange(session, draft.encode(), draft.method)
        except (Refused, Silent, ProtocolError) as error:
            if session is not None:
                session.__exit__()
            return (CLOSED if isinstance(error, Refused) else None), None
        if _is_last(answer):
            session.__exit__()
            return answer, None
        return answer, session

    def _first(self, draft: Draft) -> Iterator[tuple[bytes, str]]:
        if draft.before in _BEFORE:
            itself = Draft(draft.method, draft.path, draft.query, {**draft.headers}, draft.body)
            yield from [(itself.encode(), itself.method)] * _BEFORE[draft.before]
        elif draft.before:
            method, _, path = draft.before.partition(" ")
            yield Draft(method, path, "", {"Host": draft.headers["Host"]}).encode(), method

    def _session(self, draft: Draft) -> Session:
        name = "localhost" if draft.tls == "server name localhost" else self._target.server_name
        return Session(self._endpoint, self._context(draft), seconds=self.seconds, name=name)

    def _context(self, draft: Draft) -> ssl.SSLContext | None:
        if not self._endpoint.tls:
            return None
        stranger = self._target.nodes.get("unknown") if draft.tls == "certificate of an unknown device" else None
        version = ssl.TLSVersion.TLSv1_2 if draft.tls == "TLS 1.2" else None
        return tls.client(stranger.keys if stranger else draft.keys, version=version)


def _exchange(session: Session, data: bytes, method: str, *, bare: bool = False) -> Answer:
    session.send(data, method)
    raw = receive_answer(session, method)
    if raw.startswith(b"HTTP/"):
        return parse_answer(raw, method)
    return Answer(200 if bare else 0, {}, raw, whole=False)  # an answer without a head, as in HTTP/0.9


def _is_last(answer: Answer) -> bool:
    """Nothing more can be asked on this connection, or it cannot be told where the next answer begins."""
    ends = "content-length" in answer.headers or answer.status in (204, 304)
    return not answer.whole or not ends or "close" in answer.headers.get("connection", "").lower()

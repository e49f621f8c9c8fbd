"""Probe: the audit trail as it grows, and whether a request of ours stands in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...model import AuditRecord, Unmeasurable
from .message import Event, read

SECONDS = 20.0  # between a request and its record, where nothing shows sooner that the trail flows
PROMPT_S = 1.0  # so long nothing is asked again
BEHIND_S = 1.0  # what may come behind a record of something later
MOST_AHEAD = timedelta(minutes=5)  # of what was asked, that a record may say it happened: clocks are not that wrong


@dataclass(frozen=True)
class Expected:
    """One request that must leave a record: ``what`` it was in words, the EventIDs that fit (none: any), ``who`` asked
    (empty where the archive can know an address only), whether it ``failed``, since when a record can be of it, and
    who else took part."""

    what: str
    codes: tuple[str, ...]
    who: str
    failed: bool
    since: datetime
    others: tuple[str, ...] = ()

    def fits(self, event: Event) -> bool:
        """An event is told from an earlier one like it by its time, as exact as the archive gives it; one that lies
        ahead is none of this request."""
        return (
            (not self.codes or event.code in self.codes)
            and (self.who in event.requestors if self.who else bool(event.addresses))
            and event.failed == self.failed
            and self.since - event.exact < event.when < self.since + MOST_AHEAD
            and all(name in event.others for name in self.others)
        )

    def __str__(self) -> str:
        who = f"by '{self.who}'" if self.who else "from an address"
        return f"{self.what} {who}, with outcome {'failure' if self.failed else 'success'}"


def now() -> datetime:
    return datetime.now(UTC)


class Trail:
    """What the target's log server received in this run. ``records`` and ``events`` grow while somebody waits.

    A record that is late is not missing. So before something is said to be missing, ``later`` makes the archive record
    what an authorised peer does, and that must have arrived: by every way on which such records came before (records of
    one sender arrive in their order). A way that nothing came by yet is waited for in full, once."""

    def __init__(self, after: Callable[[int, float], Sequence[AuditRecord]], later: Callable[[], object]) -> None:
        self._after, self._later = after, later
        self._ways: set[str] = set()  # by which records of what an authorised peer did have come
        self._waited = False  # in full, for ways that nothing had come by
        self.records: list[AuditRecord] = []
        self.events: list[Event] = []

    def lacks(self, *expected: Expected) -> list[Expected]:
        """Those of ``expected`` that are not recorded; one record stands for one of them. Raises Unmeasurable where
        the trail has ceased to flow: nothing can be said then."""
        awaited = _Awaited(expected)
        self._watch(lambda: awaited.are_found(self.events), PROMPT_S)
        if awaited.open and (self._ways or self.events or not self._waited):
            self._watch(lambda: awaited.are_found(self.events), BEHIND_S if self._flows(awaited) else 0.0)
        return awaited.open

    def _flows(self, awaited: _Awaited) -> bool:
        """Wait until what happens now is recorded. False where no record of it comes at all."""
        since = now()
        self._later()

        def is_over() -> bool:
            return awaited.are_found(self.events) or (self._waited and bool(self._ways) and self._ways <= ways())

        def ways() -> set[str]:
            return {event.way for event in self.events if event.when + event.exact > since}

        self._watch(is_over, SECONDS)
        if awaited.open and (stopped := self._ways - ways()):
            raise Unmeasurable(f"no record comes from {', '.join(sorted(stopped))} any more")
        self._ways |= ways()
        self._waited = self._waited or bool(awaited.open)
        return bool(self._ways)

    def _watch(self, is_over: Callable[[], bool], seconds: float) -> None:
        """Take in records until ``is_over``, at most so many ``seconds``."""
        ends = time.monotonic() + seconds
        while not is_over() and (left := ends - time.monotonic()) > 0:
            new = self._after(len(self.records), left)
            self.records.extend(new)
            self.events.extend(event for record in new if (event := read(record)))


class _Awaited:
    """Which of ``expected`` no event stands for. One event stands for one of them, and for which is decided anew with
    each that comes: records of two senders overtake each other, and a record with a name fits also where an address is
    enough. As many as can be have theirs (a maximum matching, by augmenting paths)."""

    def __init__(self, expected: Sequence[Expected]) -> None:
        self._expected = list(expected)
        self._recorded: dict[int, Event] = {}  # by position
        self._looked = 0

    @property
    def open(self) -> list[Expected]:
        return [each for position, each in enumerate(self._expected) if position not in self._recorded]

    def are_found(self, events: Sequence[Event]) -> bool:
        """All of them, in ``events``, which grow from call to call."""
        for event in events[self._looked :]:
            self._place(event, set())
        self._looked = len(events)
        return len(self._recorded) == len(self._expected)

    def _place(self, event: Event, tried: set[int]) -> bool:
        for position, each in enumerate(self._expected):
            if position in tried or not each.fits(event):
                continue
            tried.add(position)
            before = self._recorded.get(position)
            if before is None or self._place(before, tried):
                self._recorded[position] = event
                return True
        return False

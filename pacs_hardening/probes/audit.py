"""Probe: the audit trail as it grows, and whether a request of ours stands in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..model import AuditRecord
from .audit_message import Event, read

SECONDS = 15.0  # between a request and its record
QUIET_S = 6.0  # without any record, where some came since the request: the one that is awaited does not come any more


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
        """An event is told from an earlier one like it by its time, as exact as the archive gives it."""
        return (
            (not self.codes or event.code in self.codes)
            and (self.who in event.requestors if self.who else bool(event.addresses))
            and event.failed == self.failed
            and event.when + event.exact > self.since
            and all(name in event.others for name in self.others)
        )

    def __str__(self) -> str:
        who = f"by '{self.who}'" if self.who else "from an address"
        return f"{self.what} {who}, with outcome {'failure' if self.failed else 'success'}"


def now() -> datetime:
    return datetime.now(UTC)


class Trail:
    """What the target's log server received in this run. ``records`` and ``events`` grow while somebody waits."""

    def __init__(self, after: Callable[[int, float], Sequence[AuditRecord]]) -> None:
        self._after, self._deaf = after, False  # where nothing at all arrived, it was waited for long enough once
        self.records: list[AuditRecord] = []
        self.events: list[Event] = []

    def lacks(self, *expected: Expected) -> list[Expected]:
        """Those of ``expected`` of which no record came in time; one record stands for one of them."""
        ends = time.monotonic() + (0.5 if self._deaf else SECONDS)
        open_, used = list(expected), set[int]()
        looked = 0
        while True:
            for number in range(looked, len(self.events)):
                fitting = next((each for each in open_ if number not in used and each.fits(self.events[number])), None)
                if fitting is not None:
                    open_.remove(fitting)
                    used.add(number)
            looked = len(self.events)
            left = ends - time.monotonic()
            lively = any(event.when > each.since for event in self.events for each in open_[:1])
            if not open_ or left <= 0 or not self._more(min(left, QUIET_S) if lively else left):
                self._deaf = not self.records
                return open_

    def _more(self, seconds: float) -> bool:
        """Wait for further records; False where none came."""
        new = self._after(len(self.records), seconds)
        self.records.extend(new)
        self.events.extend(event for record in new if (event := read(record)))
        return bool(new)

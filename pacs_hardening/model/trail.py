"""The audit records that a log server of ours received in this run: a bounded list that can be waited on."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Condition

from . import AuditRecord, Unmeasurable

MAX_RECORDS, MAX_LENGTH = 100_000, 32 << 10
_WAYS = {"tls": True, "plain": False}


class Trail:
    """Thread-safe. Whoever sends more or longer records than any archive needs has the rest dropped."""

    def __init__(self) -> None:
        self._records: list[AuditRecord] = []
        self._changed, self._ended = Condition(), False

    def add(self, record: AuditRecord) -> None:
        with self._changed:
            if len(self._records) < MAX_RECORDS:
                self._records.append(AuditRecord(record.encrypted, record.text[:MAX_LENGTH]))
                self._changed.notify_all()

    def after(self, number: int, seconds: float) -> tuple[AuditRecord, ...]:
        """The records from the ``number``-th on, as soon as there is one; none after ``seconds``. Raises Unmeasurable
        where no further one can come because the log server itself is gone."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._records) > number or self._ended, seconds)
            if self._ended and len(self._records) <= number:
                raise Unmeasurable("the environment's log server has ended")
            return tuple(self._records[number:])

    def end(self) -> None:
        """No further record can come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def follow(self, chunks: Iterable[bytes]) -> None:
        """Add what a log server in a container writes to its standard output: ``tls`` or ``plain``, a blank, and the
        message, one a line. Returns when ``chunks`` end."""
        rest = b""
        try:
            for chunk in chunks:
                *lines, rest = (rest + chunk).split(b"\n")
                rest = rest[:MAX_LENGTH]
                for line in lines:
                    way, _, text = line.decode(errors="replace").partition(" ")
                    if way in _WAYS:
                        self.add(AuditRecord(_WAYS[way], text))
        finally:
            self.end()

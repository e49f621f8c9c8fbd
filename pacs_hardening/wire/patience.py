"""An archive that is busy is asked again, after pauses that grow: that says nothing of who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from ..model import Unmeasurable
from ..model.response import Rejected, Response
from . import pace

PAUSES = (0.1, 0.3, 0.8)  # seconds, for an archive that has reached a limit of its own
T = TypeVar("T")


class Answered(Protocol):
    """What came back from an archive."""

    @property
    def response(self) -> Response | None: ...


def is_busy(answered: Answered) -> bool:
    """Rejected for a limit of the archive's own."""
    return isinstance(answered.response, Rejected) and answered.response.is_busy


def patiently(
    ask: Callable[[], T],
    pauses: Iterable[float] = PAUSES,
    *,
    busy: Callable[[T], bool] = lambda _: False,
    on: type[Unmeasurable] | tuple[()] = (),
    notice: str = "",
) -> T:
    """What comes of ``ask``, which is called again after each of ``pauses`` (seconds) as long as the result is ``busy``
    or ``on`` is raised; of the last time whatever it is. ``notice``: for the report, where it had to be."""
    for seconds in pauses:
        try:
            found = ask()
        except on:
            pass
        else:
            if not busy(found):
                return found
        if notice:
            pace.notice(notice)
        pace.pause(seconds)
    return ask()

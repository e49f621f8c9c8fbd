"""What counts as refused in every way: no cause for which somebody was served was found."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.response import Said
from ..model.space import Cause
from .access import REFUSED, must_hold


def must_serve_in_no_way(causes: Sequence[tuple[Cause, Sequence[Said]]]) -> None:
    """Raises one Violation for all ``causes``, each with the transcript of one conversation."""
    must_hold(REFUSED, causes)


def must_keep_within(bound: str, causes: Sequence[tuple[Cause, Sequence[Said]]]) -> None:
    """The same of what holds for everybody, also for who may ask: ``bound`` says what that is."""
    must_hold(bound, causes)

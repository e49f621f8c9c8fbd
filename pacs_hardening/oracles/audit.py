"""What counts as recorded in the audit trail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..model import Inapplicable
from ..probes.audit.trail import Expected, Trail
from .access import must_hold


def must_record(trail: Trail, expected: Sequence[Expected]) -> None:
    """Raises Violation for each of ``expected`` of which no record with who, what, when and outcome arrived in time,
    Inapplicable where there was nothing to record."""
    if not expected:
        raise Inapplicable("nothing of this kind happened, so there is nothing to record")
    lacking = trail.lacks(*expected)
    seen = f"{len(trail.records)} records arrived in this run, {len(trail.events)} of them audit messages"
    happened, left_out = Counter(map(str, expected)), Counter(map(str, lacking))
    failures = [(f"no record of {_of(left_out[each], happened[each])}{each}", (seen,)) for each in left_out]
    must_hold("a record of each, with who, what, when and outcome", failures)


def _of(lacking: int, happened: int) -> str:
    """Of what happened several times in a row."""
    return f"{lacking} of {happened} times " if happened > 1 else ""

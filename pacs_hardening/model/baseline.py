"""A baseline: what an earlier run found, so that a gate fails only on what is new or worse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .finding import Comparison, Finding, Status

# What differs from run to run of the same archive: numbers, and names that are made anew, such as ALL-3F2A.
_CHANGES = re.compile(r"\b[\w.]*\d[\w.]*|(?<=-)[0-9A-F]{4,}\b")


def compare(
    before: Iterable[Finding],
    now: Iterable[Finding],
    *,
    endpoints_before: Sequence[str] = (),
    endpoints: Sequence[str] = (),
) -> Comparison:
    """Only failures are known from a baseline: what was waived, or could not be measured, is new when it fails, and so
    is what fails in another way or at another of the ``endpoints`` than then. What failed then and is waived now is
    known: it is still open."""
    failed = {finding.key: finding for finding in before if finding.status is Status.FAIL}
    current = {finding.key: finding for finding in now}
    new: list[str] = []
    worse: list[str] = []
    known: list[str] = []
    for key, finding in current.items():
        if finding.status is Status.WAIVED and key in failed:
            known.append(key)
        if finding.status is not Status.FAIL:
            continue
        then = failed.get(key)
        if then is not None and _weight(finding) > _weight(then):
            worse.append(key)
        elif then is None or not _seen(finding, endpoints) <= _seen(then, endpoints_before):
            new.append(key)
        else:
            known.append(key)
    left = {key: current.get(key) for key in failed if key not in (*new, *worse, *known)}
    return Comparison(
        tuple(new),
        tuple(worse),
        tuple(known),
        fixed=tuple(key for key, finding in left.items() if finding and finding.status is Status.PASS),
        unmeasured=tuple(key for key, finding in left.items() if not finding or finding.status is not Status.PASS),
    )


def _weight(finding: Finding) -> tuple[int, int]:
    """Graver, or open at more places."""
    return finding.control.severity, len(finding.also)


def _seen(finding: Finding, endpoints: Sequence[str]) -> set[str]:
    """Each thing that was seen, in words that are the same in every run; an endpoint is told by its place among the
    target's, since those of an environment have another port each time."""
    return {_lasting(text, endpoints) for text in (finding.actual, *finding.also)}


def _lasting(text: str, endpoints: Sequence[str]) -> str:
    for place, endpoint in enumerate(endpoints):
        name = f"endpoint-{chr(ord('a') + place)}"
        text = text.replace(endpoint, name).replace(endpoint.partition("://")[2], name)
    return _CHANGES.sub("#", text)

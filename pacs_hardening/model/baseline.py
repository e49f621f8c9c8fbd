"""A baseline: what an earlier run found, so that a gate fails only on what is new or worse."""

from __future__ import annotations

from collections.abc import Iterable

from .finding import Comparison, Finding, Status


def compare(before: Iterable[Finding], now: Iterable[Finding]) -> Comparison:
    """Only failures are known from a baseline: what was waived, or could not be measured, is new when it fails. What
    failed then and is waived now is known: it is still open."""
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
        kind = new if key not in failed else worse if _weight(finding) > _weight(failed[key]) else known
        kind.append(key)
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

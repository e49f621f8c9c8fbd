"""A waiver: a known failure that somebody answers for, until a day."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from .finding import BadInput, Finding, Status

_MEASURED = (Status.PASS, Status.FAIL, Status.WAIVED)
_KEYS = {"control", "target", "reason", "owner", "expires", "evidence"}


@dataclass(frozen=True)
class Waiver:
    """``control`` is an id, with ``[case]`` or without; ``target`` a pattern as in a shell; ``evidence`` words that
    everything that was seen ("Actual") must contain, so that the waiver covers no other failure of the control."""

    control: str
    target: str
    reason: str
    owner: str
    expires: date
    evidence: str = ""

    def covers(self, finding: Finding, target: str) -> bool:
        each = (finding.actual, *finding.also)  # of several open endpoints, the words must name every one
        return self.names(finding) and self.meant_for(target) and all(self.evidence in seen for seen in each)

    def names(self, finding: Finding) -> bool:
        return self.control in (finding.control.id, finding.key)

    def meant_for(self, target: str) -> bool:
        return fnmatchcase(target, self.target)


@dataclass(frozen=True)
class Review:
    """What became of the waivers, a line each: ``unmatched`` covers nothing of what its control found, and fails the
    gate; ``needless``: its control holds; ``unasked``: its control was not measured this time."""

    unmatched: tuple[str, ...] = ()
    needless: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()


def review(waivers: Iterable[Waiver], findings: Sequence[Finding], target: str) -> Review:
    unmatched, needless, unasked = [], [], []
    for waiver in waivers:
        control = waiver.control.partition("[")[0]
        same = [f for f in findings if f.control.id == control and f.status in _MEASURED]
        named = [f for f in same if waiver.names(f)]
        if not same:
            unasked.append(f"{waiver.control}: was not measured; {waiver.owner} answers for it until {waiver.expires}")
        elif not named:
            unmatched.append(f"The waiver for {waiver.control} covers nothing: the control has no such case.")
        elif all(finding.status is Status.PASS for finding in named):
            needless.append(f"{waiver.control}: holds now; remove the waiver of {waiver.owner}")
        elif not any(waiver.covers(finding, target) for finding in named):
            words = f"not everything that was seen holds the words {waiver.evidence!r}"
            unmatched.append(f"The waiver for {waiver.control} does not cover what was found: {words}.")
    return Review(tuple(unmatched), tuple(needless), tuple(unasked))


def parse(
    text: str, source: str, *, known: Iterable[str], today: date, targets: Iterable[str] | None = None
) -> tuple[Waiver, ...]:
    """Read ``[[waiver]]`` tables. Raises BadInput: malformed, unknown control, no reason or owner, expired, or meant
    for none of ``targets``."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{source}: {error}") from error
    return check(data, source, known=known, today=today, targets=targets)


def check(
    data: Mapping[str, object],
    source: str,
    *,
    known: Iterable[str] | None,
    today: date,
    targets: Iterable[str] | None = None,
) -> tuple[Waiver, ...]:
    """The same for TOML that has been read already. Without ``known``, controls of any name."""
    entries = data.get("waiver")
    if set(data) - {"waiver"} or not isinstance(entries, list):
        raise BadInput(f"{source}: accepted are [[waiver]] tables with {', '.join(sorted(_KEYS))}")
    ids, names = None if known is None else set(known), None if targets is None else list(targets)
    found = tuple(_one(entry, f"{source}: waiver {n}", ids, today) for n, entry in enumerate(entries, 1))
    for n, waiver in enumerate(found, 1):
        if names is not None and not any(waiver.meant_for(name) for name in names):
            raise BadInput(f"{source}: waiver {n}: target {waiver.target!r} matches none of: {', '.join(names)}")
    return found


def _one(entry: object, where: str, known: set[str] | None, today: date) -> Waiver:
    if not isinstance(entry, dict) or set(entry) - _KEYS:
        raise BadInput(f"{where}: accepted keys are {', '.join(sorted(_KEYS))}")
    for key in ("control", "reason", "owner", "expires"):
        if not entry.get(key):
            raise BadInput(f"{where}: '{key}' is missing")
    expires = entry["expires"]
    if type(expires) is not date:
        raise BadInput(f"{where}: 'expires' must be a date such as 2026-12-31")
    for key in _KEYS - {"expires"}:
        if not isinstance(entry.get(key, ""), str):
            raise BadInput(f"{where}: '{key}' must be text")
    control = str(entry["control"])
    if known is not None and control.partition("[")[0] not in known:
        raise BadInput(f"{where}: unknown control '{control}'; `pacs-hardening catalogue` lists them")
    if expires < today:
        raise BadInput(f"{where}: the waiver for {control} expired on {expires}")
    return Waiver(
        control, entry.get("target", "*"), entry["reason"], entry["owner"], expires, entry.get("evidence", "")
    )

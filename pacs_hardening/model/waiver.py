"""A waiver: a known failure that somebody answers for, until a day."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from .finding import BadInput, Finding

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
        named = self.control in (finding.control.id, finding.key)
        each = (finding.actual, *finding.also)  # of several open doors, the words must name every one
        return named and fnmatchcase(target, self.target) and all(self.evidence in seen for seen in each)


def parse(text: str, source: str, *, known: Iterable[str], today: date) -> tuple[Waiver, ...]:
    """Read ``[[waiver]]`` tables. Raises BadInput: malformed, unknown control, no reason or owner, expired."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{source}: {error}") from error
    return check(data, source, known=known, today=today)


def check(data: Mapping[str, object], source: str, *, known: Iterable[str] | None, today: date) -> tuple[Waiver, ...]:
    """The same for TOML that has been read already. Without ``known``, controls of any name."""
    entries = data.get("waiver")
    if set(data) - {"waiver"} or not isinstance(entries, list):
        raise BadInput(f"{source}: accepted are [[waiver]] tables with {', '.join(sorted(_KEYS))}")
    names = None if known is None else set(known)
    return tuple(_one(entry, f"{source}: waiver {n}", names, today) for n, entry in enumerate(entries, 1))


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

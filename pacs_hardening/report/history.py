"""history.jsonl beside the reports: one line a run, so that the next report can show where this one came from."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

from ..model import Past, Run
from .tally import past

FILE = "history.jsonl"
KEPT = 200
_WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def read(folder: Path) -> tuple[Past, ...]:
    """Earlier runs, oldest first. What is no such line is left out: a plot decides nothing."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(found for line in lines[-KEPT:] if (found := _past(line)))


def _past(line: str) -> Past | None:
    try:
        raw = json.loads(line)
        found = Past(raw["when"], raw["outcome"], raw["held"], raw["broken"], raw["unmeasured"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    counts = (found.held, found.broken, found.unmeasured)
    if not all(type(count) is int and 0 <= count < 100_000 for count in counts):
        return None
    known = isinstance(found.when, str) and _WHEN.fullmatch(found.when)
    return found if known and found.outcome in ("pass", "fail", "inconclusive") else None


def write(run: Run, folder: Path) -> None:
    """The history with this run as its last line, replaced in one step."""
    kept = [*run.history, past(run)][-KEPT:]
    new = folder / f"{FILE}.new"
    new.write_text("".join(json.dumps(asdict(each)) + "\n" for each in kept))
    new.replace(folder / FILE)

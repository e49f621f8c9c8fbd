"""Product x version x control, as Markdown: what an administrator who decides on an upgrade wants to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model import Control, Status

HEAD = """# Versions

Written by `pacs-hardening versions` from the reviewed results of real runs; do not edit.
*yes*: the control holds. **NO**: it fails. *n/a*: the archive has no such endpoint. *?*: it could not be measured.
"""
HARDENED = """
## Hardened

Each version with the hardest configuration that it can express, behind the same guard. A number leads to what is said
below about a failure that is known.
"""
SHIPPED = """
## What you get out of the box

Each version as Debian packages it, with the site's own nodes entered and nothing else. Area *host* is left out where it
is about the container: no package ships that.
"""
CONTAINER = ("host.protects-storage", "host.protects-secrets", "host.runs-no-known-vulnerable-version")
_WORST = (Status.FAIL, Status.WAIVED, Status.ERROR, Status.NOT_RUN, Status.PASS)
_WORDS = {Status.FAIL: "**NO**", Status.WAIVED: "**NO**", Status.PASS: "yes", Status.NOT_APPLICABLE: "n/a"}


@dataclass(frozen=True)
class Version:
    """A product in one version. ``statuses``: control with its case -> status; ``waived``: control -> the reason."""

    name: str
    as_shipped: bool
    statuses: Mapping[str, str]
    waived: Mapping[str, str]

    def worst(self, control: str) -> Status | None:
        """Over all cases; None where there is no result."""
        found = {Status(status) for key, status in self.statuses.items() if key.partition("[")[0] == control}
        return next((each for each in _WORST if each in found), Status.NOT_APPLICABLE if found else None)


def render(controls: Sequence[Control], versions: Sequence[Version]) -> str:
    ordered = sorted(control.id for control in controls)
    hardened = [version for version in versions if not version.as_shipped]
    shipped = [version for version in versions if version.as_shipped]
    notes: dict[str, int] = {}
    tables = HARDENED + _table(ordered, hardened, notes)
    tables += "\n" + "".join(f"{number}. {text}\n" for text, number in notes.items())
    packaged = [each for each in ordered if not each.startswith("host.") or each in CONTAINER]
    return HEAD + tables + SHIPPED + _table(packaged, shipped, {})


def _table(controls: Sequence[str], versions: Sequence[Version], notes: dict[str, int]) -> str:
    lines = [_row("control", *(version.name for version in versions)), _row(*["---"] * (len(versions) + 1))]
    lines += [_row(f"`{control}`", *(_cell(version, control, notes) for version in versions)) for control in controls]
    return "\n" + "\n".join(lines) + "\n"


def _cell(version: Version, control: str, notes: dict[str, int]) -> str:
    status = version.worst(control)
    word = _WORDS.get(status, "?") if status else "?"
    if status is not Status.WAIVED:
        return word
    return f"{word} ({notes.setdefault(version.waived.get(control, ''), len(notes) + 1)})"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"

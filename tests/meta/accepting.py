"""Writes the reviewed results of an environment: the same text for the same results, whoever writes when."""

from __future__ import annotations

import fcntl
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pacs_hardening.launch.definition.results import FILE, UNKNOWN, Exempt, Groups, Results, read
from pacs_hardening.model import Status
from pacs_hardening.model.naming import compact

HEAD = """\
# What every control says of this environment (environments/README.md). `exempt` is written by hand: what nothing here
# makes fail, and why. All else is measured: `ci/accept` writes it, and people review what it changed.
"""


def change(folder: Path, changed: Callable[[Results], Results]) -> None:
    """Rewrite ``results.toml`` of the environment in ``folder``. Several processes may do that at once: one waits for
    the other, and nobody reads a file that is half written."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fresh = folder / f"{FILE}.new"
        fresh.write_text(render(changed(read(folder))), encoding="utf-8")
        fresh.replace(folder / FILE)
    finally:
        os.close(lock)


def grouped(statuses: Mapping[str, str], usual: Mapping[str, str], keys: Iterable[str]) -> Groups:
    """What of ``statuses`` is not as ``usual``, of an archive that has ``keys``, controls with their cases."""
    found: dict[Status, list[str]] = defaultdict(list)
    for key, status in statuses.items():
        if usual.get(key) != status:
            found[Status(status)].append(key)
    every = [*keys]
    return {status: compact(chosen, every) for status, chosen in found.items()}


def render(results: Results) -> str:
    """As TOML: everything sorted but ``exempt``, and one line for each control, so that a change is a line."""
    weaknesses = [f"{name} = {_groups(groups, '{}')}" for name, groups in sorted(results.weaknesses.items())]
    parts = [
        HEAD + "".join(map(_exempt, results.exempt)),
        *_table("hardened", [f"{status} = {_names(names)}" for status, names in sorted(results.hardened.items())]),
        *_table("weaknesses", weaknesses),
        *_versions(results.versions),
    ]
    return "\n".join(parts)


def _table(name: str, lines: list[str]) -> list[str]:
    return [f"[{name}]\n" + "\n".join(lines) + "\n"] if lines else []


def _exempt(each: Exempt) -> str:
    status = "" if each.status is Status.PASS else f"status = {_text(each.status)}\n"
    return f"\n[[exempt]]\nreason = {_text(each.reason)}\n{status}controls = {_names(each.controls)}\n"


def _groups(groups: Groups, none: str) -> str:
    return (
        f"{{ {', '.join(f'{status} = {_names(names)}' for status, names in sorted(groups.items()))} }}"
        if groups
        else none
    )


def _names(names: Iterable[str]) -> str:
    items = [_text(name) for name in names]
    return f"[{items[0]}]" if len(items) == 1 else "[\n" + "".join(f"  {item},\n" for item in items) + "]"


def _versions(versions: Mapping[str, Mapping[str, Status]]) -> list[str]:
    """A column for each version, and a row for each control, or for those of its cases that are alike. Each case is
    named: these are run seldom, and of a new case nothing is known."""
    if not versions:
        return []
    keys = {key for column in versions.values() for key in column}
    rows: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key in keys:
        rows[tuple(column.get(key, UNKNOWN) for column in versions.values())].append(key)
    lines = sorted(f"{_text(name)} = {_text(' '.join(row))}" for row, alike in rows.items() for name in compact(alike))
    columns = f"columns = {_names(versions)}"
    return [*_table("versions", [columns]), *_table("versions.statuses", lines)]


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a TOML basic string is a JSON string

"""A result for people and for programs; whatever came out of a file is made safe to print."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from ..model import Severity
from ..report.text import clean
from .judge import Opening
from .run import Result


def text(results: Sequence[Result], fail_on: Severity) -> str:
    return "\n".join(_one(each, fail_on) for each in results)


def _one(result: Result, fail_on: Severity) -> str:
    lines = []
    for each in result.openings:
        value = f" = {clean(each.value, 200)}" if each.value and not each.value.startswith("absent") else ""
        absent = f" is {clean(each.value, 200)}" if each.value.startswith("absent") else ""
        level = f"{each.severity.name}{f'; {each.note}' if each.note else ''}"
        lines.append(f"{clean(each.file)}:{each.line}: {clean(each.key, 200)}{value}{absent} ({level})")
        lines.append(f"    opens: {each.opens}")
        lines.append(f"    use:   {each.use}")
        if each.controls:
            lines.append(f"    for:   {', '.join(each.controls)}")
    if result.unread is not None:
        lines.append(f"{clean(str(result.unread), 400)}")
    version = f", which holds {result.product} {clean(result.version)}" if result.version else ""
    assumed = [f"Read as {clean(result.assumed)}{version}."] if result.assumed else []
    return "\n".join([*lines, *([""] if lines else []), *assumed, _summary(result, fail_on), ""])


def _summary(result: Result, fail_on: Severity) -> str:
    counted = Counter(each.severity for each in result.openings)
    said = ", ".join(f"{counted[level]} {level.name.lower()}" for level in sorted(counted, reverse=True)) or "nothing"
    read = f"{len(result.files)} file{'s' if len(result.files) > 1 else ''} of {result.product}"
    word = {0: "PASS", 1: "FAIL"}.get(result.exit_status(fail_on), "ERROR")
    name = f"{clean(result.service)}: " if result.service else ""
    if result.unread is not None:
        return f"{word}  {name}{read}: not read to the end, so that it has no verdict."
    return f"{word}  {name}{read}, {result.rules} rules: {said} found. What runs was not judged: see `gate`."


def as_json(results: Sequence[Result], fail_on: Severity, *, behind_guard: bool) -> str:
    """One object for one archive, a list for several."""
    documents = [_document(each, fail_on, behind_guard) for each in results]
    return json.dumps(documents[0] if len(documents) == 1 else documents, indent=2) + "\n"


def _document(result: Result, fail_on: Severity, behind_guard: bool) -> dict[str, object]:
    return {
        "product": result.product,
        "service": clean(result.service),
        "assumed": clean(result.assumed),
        "version": clean(result.version),
        "unread": clean(str(result.unread)) if result.unread else "",
        "files": [clean(file) for file in result.files],
        "behind_guard": behind_guard,
        "fail_on": fail_on.name.lower(),
        "exit_status": result.exit_status(fail_on),
        "rules": result.rules,
        "openings": [_entry(each) for each in result.openings],
    }


def _entry(each: Opening) -> dict[str, object]:
    return {
        "file": clean(each.file),
        "line": each.line,
        "key": clean(each.key, 200),
        "value": clean(each.value, 200),
        "severity": each.severity.name.lower(),
        "opens": each.opens,
        "use": each.use,
        "theme": each.theme,
        "controls": list(each.controls),
        "source": each.source,
        "note": each.note,
    }

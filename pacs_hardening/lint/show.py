"""A result for people and for programs; whatever came out of a file is made safe to print."""

from __future__ import annotations

import json
from collections import Counter

from ..model import Severity
from ..report.text import clean
from .judge import Opening
from .run import Result


def text(result: Result, fail_on: Severity) -> str:
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
    return "\n".join([*lines, *([""] if lines else []), _summary(result, fail_on), ""])


def _summary(result: Result, fail_on: Severity) -> str:
    counted = Counter(each.severity for each in result.openings)
    said = ", ".join(f"{counted[level]} {level.name.lower()}" for level in sorted(counted, reverse=True)) or "nothing"
    read = f"{len(result.files)} file{'s' if len(result.files) > 1 else ''} of {result.product}"
    word = "FAIL" if result.exit_status(fail_on) else "PASS"
    return f"{word}  {read}, {result.rules} rules: {said} found. What runs was not judged: see `gate`."


def as_json(result: Result, fail_on: Severity, *, behind_guard: bool) -> str:
    document = {
        "product": result.product,
        "files": [clean(file) for file in result.files],
        "behind_guard": behind_guard,
        "fail_on": fail_on.name.lower(),
        "exit_status": result.exit_status(fail_on),
        "rules": result.rules,
        "openings": [_entry(each) for each in result.openings],
    }
    return json.dumps(document, indent=2) + "\n"


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

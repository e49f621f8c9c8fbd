"""Openings in SARIF 2.1.0 (OASIS), with file and line, as code scanning reads it and shows it in pull requests."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from ..model import Severity
from ..report.sarif import LEVEL, SCHEMA, SCORE
from ..report.text import clean
from .judge import Opening
from .run import Result


def render(results: Sequence[Result]) -> str:
    """Notes (severity info) are none: a viewer would show each as an alert."""
    openings = [each for result in results for each in result.openings if each.severity > Severity.INFO]
    rules = {_rule_id(each): each for each in reversed(openings)}
    index = {name: number for number, name in enumerate(rules)}
    unread = [result.unread for result in results if result.unread is not None]
    invocation = {
        "executionSuccessful": not unread,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": clean(each.what)}, "locations": [_location(each.file, each.line)]}
            for each in unread
        ],
    }
    run = {
        "tool": {"driver": {"name": "pacs-hardening lint", "rules": [_rule(name, rules[name]) for name in rules]}},
        "invocations": [invocation],
        "results": [_result(each, index[_rule_id(each)]) for each in openings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False) + "\n"


def _rule_id(each: Opening) -> str:
    """Of the fact, not of the place: what an option opens is one rule, wherever it stands."""
    return f"config.{each.theme}/{hashlib.sha256(each.opens.encode()).hexdigest()[:8]}"


def _rule(name: str, each: Opening) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": clean(each.opens)},
        "help": {"text": f"Use {clean(each.use, 400)}"},
        "defaultConfiguration": {"level": LEVEL[each.severity]},
        "properties": {"security-severity": SCORE[each.severity], "tags": ["security"]},
    }


def _result(each: Opening, index: int) -> dict[str, Any]:
    value = f" is {clean(each.value, 200)}" if each.value else ""
    service = f"{clean(each.service)}: " if each.service else ""
    text = f"{service}{clean(each.key, 200)}{value}: {clean(each.opens)}. Use {clean(each.use, 400)}"
    print_of = "\0".join((PurePath(each.file).name, each.service, each.key, each.opens))
    return {
        "ruleId": _rule_id(each),
        "ruleIndex": index,
        "level": LEVEL[each.severity],
        "message": {"text": text},
        "locations": [_location(each.file, each.line)],
        "partialFingerprints": {"opening/v1": hashlib.sha256(print_of.encode("utf-8", "replace")).hexdigest()},
    }


def _location(file: str, line: int) -> dict[str, Any]:
    """Relative to where lint runs, which is the root of a checkout where it is to be shown in one."""
    path = Path(os.path.relpath(file)) if file else Path(".")
    inside = path if ".." not in path.parts else Path(os.path.abspath(file))
    uri = quote(inside.as_posix()) if not inside.is_absolute() else inside.as_uri()
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": max(line, 1)}}}

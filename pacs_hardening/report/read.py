"""findings.json -> Run: a baseline, or one of several reports that become one."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from ..model import (
    BadInput,
    Comparison,
    Control,
    Finding,
    Impact,
    Run,
    Severity,
    Status,
    Verdict,
)
from .json_report import SCHEMA, digest

LARGEST = 64 * 1024 * 1024  # bytes


def read(path: Path) -> Run:
    """Raises BadInput, naming the place in the file, for what is no findings.json of this version."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path}: more than {LARGEST >> 20} MB, which no findings.json has")
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not JSON: {error}") from error
    raw, old = _of_today(raw)
    schema = json.loads(files(__package__).joinpath("findings.schema.json").read_text())
    wrong = jsonschema.Draft202012Validator(schema).iter_errors(raw)
    first = min(wrong, key=lambda error: len(error.absolute_path), default=None)
    if first is not None:
        place = "/".join(map(str, first.absolute_path)) or "the whole"
        raise BadInput(f"{path}: no findings.json of this version: {place}: {first.message[:200]}")
    if not old and digest(raw) != raw["digest"]:
        raise BadInput(f"{path}: is not as it was written: its digest is that of something else")
    return _run(raw)


def _of_today(raw: Any) -> tuple[Any, bool]:
    """A report of schema 1 in the shape of 2; is it one?"""
    if not isinstance(raw, dict) or raw.get("schema") != 1:
        return raw, False
    return {**raw, "schema": SCHEMA, "left_out": [], "digest": "0" * 64}, True


def _run(raw: dict[str, Any]) -> Run:
    before = raw["baseline"]
    return Run(
        target=raw["target"]["name"],
        findings=tuple(_finding(each) for each in raw["findings"]),
        verdict=Verdict(raw["verdict"], raw["exit_status"], raw["why"]),
        suite=raw["suite"],
        facts=raw["target"]["facts"],
        seconds=raw["seconds"],
        notes={name: tuple(lines) for name, lines in raw["notes"].items()},
        started=raw["started"],
        left_out=tuple(raw["left_out"]),
        comparison=Comparison(**{name: tuple(keys) for name, keys in before.items()}) if before else None,
    )


def _finding(raw: dict[str, Any]) -> Finding:
    control = Control(
        id=raw["control"],
        requirement=raw["requirement"],
        exposure=raw["exposure"],
        severity=Severity[raw["severity"]],
        impact=Impact[raw["impact"]],
        references=tuple(raw["references"]),
    )
    lines: dict[str, Any] = {name: tuple(raw[name]) for name in ("evidence", "also", "fix", "supports")}
    plain: dict[str, Any] = {name: raw[name] for name in ("case", "expected", "actual", "duration_s")}
    return Finding(control, Status(raw["status"]), **plain, **lines, caused=raw.get("caused", False))

"""Runs the gate as a user does: the same command, in a process of its own, several side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.launch.environment import Environment, discover

LIMIT = 240  # seconds for one gate run


@dataclass(frozen=True)
class GateRun:
    """How one gate run ended: exit status, what was printed, and findings.json where it was written."""

    status: int
    output: str
    findings: dict[str, Any] = field(default_factory=dict)

    @property
    def statuses(self) -> dict[str, str]:
        """Control with its case -> status."""
        rows = self.findings.get("findings", [])
        return {row["control"] + (f"[{row['case']}]" if row["case"] else ""): row["status"] for row in rows}


def run_gate(report: Path, *arguments: str, env: dict[str, str] | None = None, limit: float = LIMIT) -> GateRun:
    """``pacs-hardening gate`` with a report. Raises TimeoutExpired: a gate that hangs is a failure of the suite."""
    command = [sys.executable, "-m", "pacs_hardening", "gate", "--report", str(report), *arguments]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=limit,
        env={**os.environ, **(env or {})},
        check=False,
    )
    file = report / "findings.json"
    return GateRun(done.returncode, done.stdout, json.loads(file.read_text()) if file.exists() else {})


def engine_required(environment: str) -> None:
    """Containers need an engine. Where none is required its absence is said aloud; it is never a quiet pass."""
    if Environment.load(environment).kind != "containers":
        return
    alive = subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    if not alive and os.environ.get("PACS_REQUIRE_ENGINE") == "1":
        pytest.fail("NOT RUN: no container engine answers, and PACS_REQUIRE_ENGINE=1 asks for one")
    if not alive:
        pytest.skip("NOT RUN: no container engine answers")


def cases() -> list[tuple[str, str]]:
    """Every environment as it is (""), and with each of its weaknesses."""
    return [(name, weakness) for name in discover() for weakness in ("", *Environment.load(name).weaknesses)]

"""Runs the gate as a user does: the same command, in a process of its own, several side by side."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.cli.main import main
from pacs_hardening.launch.definition.results import read
from pacs_hardening.launch.docker import images
from pacs_hardening.launch.docker.engine import connect
from pacs_hardening.launch.environment import Environment, discover
from pacs_hardening.model.naming import control_id
from pacs_hardening.run.catalogue import controls, using

PROFILE = str(Path(__file__).with_name("matrix.toml"))  # as the baseline, without what is drawn anew in each run
LIMIT = 400  # seconds for one gate run
LIMIT_PULLED = 900  # of a product that comes as a stack of servers
COSTLY = ("host", "redaction", "robustness")  # areas that take as much processor time as all others together
# Fixtures by which a control tries a whole space, which takes seconds.
SPACES = ("explore", "explore_web", "searched", "listed", "replaced", "posted_over", "sent_elsewhere", "guessing_on")
IMPORTED = (
    "pacs_hardening.run.plugin",
    "pacs_hardening.cli.main",
    "docker",
    "pynetdicom",
    "testinfra",
    "hypothesis",
)


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
    return _ended(report, done.returncode, done.stdout)


def _ended(report: Path, status: int, output: str) -> GateRun:
    file = report / "findings.json"
    return GateRun(status, output, json.loads(file.read_text()) if file.exists() else {})


def run_warm_gate(report: Path, *arguments: str, limit: float = LIMIT) -> GateRun:
    """The same in a process forked from one that has imported the suite already: the matrix has some hundred runs,
    and each would spend more than a second of processor time on imports."""
    fork = multiprocessing.get_context("forkserver")
    fork.set_forkserver_preload([*IMPORTED])
    output, command = report / "output.txt", ["gate", "--report", str(report), *arguments]
    process = fork.Process(target=_gate, args=(command, str(output)))
    process.start()
    process.join(limit)
    if process.is_alive():
        process.kill()
        process.join()
        raise subprocess.TimeoutExpired(command, limit, output.read_text())
    return _ended(report, process.exitcode if process.exitcode is not None else -1, output.read_text())


def _gate(command: list[str], output: str) -> None:
    with open(output, "wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.exit(main(command))


def engine_answers() -> bool:
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def left_out(environment: str) -> str:
    """Why an environment is not run, which is started from images of its publisher; "" where it is. It takes an hour,
    and no machine has the images by itself: it is run where PACS_REQUIRE_<NAME>=1 asks for it."""
    pulled = Environment.load(environment).pulled
    switch = f"PACS_REQUIRE_{environment.upper()}"
    if not pulled or os.environ.get(switch) == "1":
        return ""
    return f"NOT RUN: {environment} is run where {switch}=1, and after: " + "; ".join(
        f"docker pull {image}" for image in pulled
    )


def limit(environment: str) -> float:
    return LIMIT_PULLED if Environment.load(environment).pulled else LIMIT


def images_missing(environment: str) -> tuple[str, ...]:
    pulled = Environment.load(environment).pulled
    if not pulled:
        return ()
    with connect() as api:
        return images.absent(api, pulled)


def engine_required(environment: str) -> None:
    """Containers need an engine, and some of them images that cannot be built here. Where none is required its absence
    is said aloud; it is never a quiet pass."""
    if Environment.load(environment).kind != "containers":
        return
    if why := left_out(environment):
        pytest.skip(why)
    alive = engine_answers()
    if not alive and os.environ.get("PACS_REQUIRE_ENGINE") == "1":
        pytest.fail("NOT RUN: no container engine answers, and PACS_REQUIRE_ENGINE=1 asks for one")
    if not alive:
        pytest.skip("NOT RUN: no container engine answers")
    if missing := images_missing(environment):
        pytest.fail("NOT RUN: these images are not here: " + "; ".join(f"docker pull {image}" for image in missing))


def pairs() -> list[tuple[str, str]]:
    """Every environment as it is (""), and with each of its weaknesses."""
    return [(name, weakness) for name in discover() for weakness in ("", *Environment.load(name).weaknesses)]


def only(config: pytest.Config) -> frozenset[str]:
    """Ids of controls, where somebody wants to know of these alone (`ci/accept CONTROL`)."""
    return frozenset(config.getoption("only") or ())


def area(key: str) -> str:
    return key.partition(".")[0]


def asked(environment: str, weakness: str, config: pytest.Config) -> set[str]:
    """What a weakened archive is asked: controls that it refutes or changes besides by the reviewed result, and those
    of the same areas, but for the costly: controls of robustness that are only changed, and what tries a whole space
    and is not changed. Where results are accepted, or PACS_MATRIX=whole, it is every area, but for the costly ones
    where they are not refuted; only so can a new side effect be seen. The hardened archive is asked everything."""
    loaded, every = Environment.load(environment), {area(each.id) for each in controls()}
    reviewed = read(loaded.folder).weaknesses.get(weakness)
    if only(config) and (reviewed is not None or not weakness):
        return {*only(config)}
    if not weakness:
        return every
    refutes = loaded.weaknesses[weakness].refutes
    if is_whole(config) or reviewed is None:
        return every - set(COSTLY) | set(map(area, refutes))
    changed = {*refutes, *(control_id(name) for names in reviewed.values() for name in names)}
    slow = {each for each in changed if area(each) == "robustness" and each not in refutes}
    areas = {area(each) for each in changed} - set(COSTLY)
    beside = {each.id for each in controls() if area(each.id) in areas} - using(*SPACES)
    return changed - slow | beside


def is_whole(config: pytest.Config) -> bool:
    """PACS_MATRIX=asked accepts what an ordinary run asks, in a third of the time."""
    chosen = os.environ.get("PACS_MATRIX", "")
    return chosen == "whole" or (bool(config.getoption("accept")) and chosen != "asked")


def selection(names: set[str]) -> str:
    """For ``-k``."""
    return " or ".join(sorted(f"test_{name.rpartition('.')[2].replace('-', '_')}" for name in names))

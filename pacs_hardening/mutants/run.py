"""Starts each mutant, has it proven open, and gates it; each in a process forked from one that has imported all."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from ..cli.main import main
from ..embedded import start
from ..launch.environment import discover
from . import honest
from .mutant import Mutant
from .proof.player import Player
from .score import Result

AT_ONCE = 4  # on two cores: much of a run is waiting
LIMIT = 400  # seconds for one mutant
LIMIT_HONEST = 400
_FINE = ("PASS", "NOT_APPLICABLE")
PRELOADED = ["pacs_hardening.mutants.run", "pacs_hardening.run.plugin", "pynetdicom", "hypothesis"]


def run(mutants: Sequence[Mutant], say: Callable[[Result], None] = lambda result: None) -> list[Result]:
    """Every mutant's result, in their order; ``say`` gets each as it comes."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        environments = _environments(Path(folder), mutants)

        def one(mutant: Mutant) -> Result:
            result = _forked(mutant, environments)
            say(result)
            return result

        return list(pool.map(one, mutants))


def run_honest(say: Callable[[str], None]) -> dict[str, tuple[int, dict[str, str]]]:
    """Name of each honest archive -> exit status of its gate, and what neither held nor was inapplicable."""
    with tempfile.TemporaryDirectory(prefix="honest-") as folder, ThreadPoolExecutor(2) as pool:
        environments = honest.environments(Path(folder) / "environments")

        def one(name: str) -> tuple[int, dict[str, str]]:
            report = Path(folder) / f"report-{name}"
            aimed = ["--environments", str(environments), "--environment", name, "--report", str(report)]
            command = ["gate", *aimed, "-k", honest.MANNERS[name].selection]
            status = _in_a_process(command, Path(folder) / f"{name}.txt")
            file = report / "findings.json"
            found = json.loads(file.read_text())["findings"] if file.exists() else []
            odd = {_key(row): f"{row['status']}: {row['actual']}" for row in found if row["status"] not in _FINE}
            status = status if file.exists() else -1  # it came to no end, or broke: that is no verdict
            say(f"{honest.verdict(status)} {name}")
            return status, odd

        return dict(zip(honest.MANNERS, pool.map(one, honest.MANNERS), strict=True))


def _in_a_process(command: list[str], output: Path) -> int:
    fork = multiprocessing.get_context("forkserver")
    fork.set_forkserver_preload(PRELOADED)
    process = fork.Process(target=_commanded, args=(command, output))
    process.start()
    process.join(LIMIT_HONEST)
    if process.is_alive():
        process.kill()
        process.join()
    return -1 if process.exitcode is None else process.exitcode


def _commanded(command: list[str], output: Path) -> None:
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.exit(main(command))


def _key(row: Mapping[str, str]) -> str:
    return row["control"] + (f"[{row['case']}]" if row["case"] else "")


def _environments(folder: Path, mutants: Sequence[Mutant]) -> Path:
    """A folder of environments with the embedded one, in which each mutant is a weakness."""
    weak = folder / "environments" / "embedded" / "weak"
    weak.mkdir(parents=True)
    shutil.copy(discover()["embedded"] / "environment.toml", weak.parent)
    for mutant in mutants:
        (weak / f"{mutant.name}.toml").write_text(mutant.weakness())
    return folder / "environments"


def _forked(mutant: Mutant, environments: Path) -> Result:
    fork = multiprocessing.get_context("forkserver")
    fork.set_forkserver_preload(PRELOADED)
    folder = environments.parent / mutant.name
    folder.mkdir()
    result = Result(mutant.name, mutant.area, mutant.table, mutant.kind, mutant.title)
    began = time.monotonic()
    process = fork.Process(target=_judged, args=(mutant, result, environments, folder))
    process.start()
    process.join(LIMIT)
    if process.is_alive():
        process.kill()
        process.join()
    file = folder / "result.json"
    if file.exists():  # it was proven, however its gate ended
        read = json.loads(file.read_text())
        result = Result(**{**read, "killed_by": tuple(read["killed_by"])})
    else:
        said = (folder / "output.txt").read_text() if (folder / "output.txt").exists() else ""
        result = replace(result, unproven=f"the proof came to no end: {said[-300:]}")
    return replace(result, seconds=round(time.monotonic() - began, 2))


def _judged(mutant: Mutant, result: Result, environments: Path, folder: Path) -> None:
    with (folder / "output.txt").open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    raw = tomllib.loads((environments / "embedded" / "environment.toml").read_text())
    result = replace(result, unproven=_unproven(mutant, raw, folder))
    _write(result, folder)
    if not result.unproven:
        _write(_gated(mutant, result, environments, folder), folder)


def _write(result: Result, folder: Path) -> None:
    (folder / "result.new").write_text(json.dumps(asdict(result)))
    (folder / "result.new").replace(folder / "result.json")


def _unproven(mutant: Mutant, raw: dict[str, object], folder: Path) -> str:
    """Why it does not count; empty where it does."""
    with start({**raw, "openings": [dict(each) for each in mutant.openings]}, folder / "mutant") as running:
        if not Player(running).served(mutant):
            return "the mutant refuses"
    with start(raw, folder / "hardened") as running:
        return "the hardened archive serves" if Player(running).served(mutant) else ""


def _gated(mutant: Mutant, result: Result, environments: Path, folder: Path) -> Result:
    """A kill is the verdict FAIL, by a control of an area that the mutant touches. ERROR is none."""
    files = " or ".join(f"test_{area}" for area in mutant.areas)
    named = ("--environments", str(environments), "--environment", "embedded", "--weakness", mutant.name)
    status = main(["gate", *named, "-k", files, "--report", str(folder / "report")])
    sys.stdout.flush()
    found = json.loads((folder / "report" / "findings.json").read_text())["findings"]
    asked = {_key(row): row["status"] for row in found}
    failed = [row["control"] for row in found if row["status"] == "FAIL"]
    touched = [control for control in failed if control.split(".")[0] in mutant.areas]
    killers = tuple(dict.fromkeys(touched)) if status == 1 else ()
    return replace(result, status=status, killed_by=killers, asked=asked)

"""Several targets: the same gate for each in a process of its own, side by side, and one report."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import date
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock, Thread

from .. import contract
from ..config import targetfile
from ..launch import owner
from ..model import BadInput, Run, Verdict
from ..model.waiver import Waiver, parse
from ..report import (
    history,
    html,
    junit,
    markdown,
    sarif,
    table,
)
from ..report.read import read
from ..report.text import clean

REPORTS = {
    "report.html": html.render_all,
    "results.sarif": sarif.render_all,
    "junit.xml": junit.render_all,
    "summary.md": markdown.render_all,
    "findings.csv": table.render_all,
}
_CONTEXT = get_context("forkserver")
LIMIT = 1800  # seconds for one target; a gate of passive controls takes seconds
# Imported once, by a process of which each gate is then a fork: importing costs as much as a gate's own work.
PRELOADED = ["pytest", "hypothesis", "pydicom", "pynetdicom", "docker", "pacs_hardening.run.plugin"]
_OURS = ("--target", "--report", "--waivers", "--baseline")


@dataclass(frozen=True)
class Asked:
    """What the command line says. ``others`` goes to each gate as it is."""

    targets: tuple[str, ...]
    report: Path | None
    waivers: Path | None
    baseline: Path | None
    others: tuple[str, ...]


def asked(arguments: Sequence[str]) -> Asked:
    given: dict[str, list[str]] = {name: [] for name in _OURS}
    others, rest = [], list(arguments)
    while rest:
        argument = rest.pop(0)
        name, equals, value = argument.partition("=")
        if name not in given:
            others.append(argument)
        elif equals or rest:
            given[name].append(value if equals else rest.pop(0))
        else:
            raise BadInput(f"{name}: a value is missing")
    last = {name: Path(values[-1]) if values else None for name, values in given.items()}
    targets = tuple(each for text in given["--target"] for each in _expanded(text))
    return Asked(targets, last["--report"], last["--waivers"], last["--baseline"], tuple(others))


def _expanded(text: str) -> list[str]:
    """A folder stands for every target file in it, and ``@file`` for the targets that it lists, one a line."""
    if text.startswith("@"):
        here = Path(text[1:])
        try:
            lines = [line.strip() for line in here.read_text(encoding="utf-8").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"--target {text}: cannot be read: {error}") from error
        found = [line if "://" in line else str(here.parent / line) for line in lines if line and line[0] != "#"]
    elif "://" not in text and Path(text).is_dir():
        found = [str(path) for path in sorted(Path(text).glob("*.toml"))]
    else:
        return [text]
    if not found:
        raise BadInput(f"--target {text}: names no target; accepted: a folder with *.toml, or a list, one a line")
    return found


def run(ask: Asked, gate: Callable[[list[str]], int]) -> int:
    """``gate`` is that of the command line. Exit status: 1 where an archive fails, else 10 where one is inconclusive,
    else 0. Raises BadInput before anything starts where any target, waiver or folder cannot be used."""
    names = _names(ask.targets)
    waivers = _waivers(ask.waivers, list(names))
    folder = ask.report
    if folder is not None:
        _clear(folder)
    _CONTEXT.set_forkserver_preload(PRELOADED)
    owner.sweep_folders()
    with owner.folder() as scratch:
        home = folder or scratch
        lock, begun = Lock(), list[BaseProcess]()

        def one(name: str) -> Run:
            done = _one(ask, gate, name, names[name], home / slug(name), waivers, scratch, begun)
            with lock:
                word = done.verdict.outcome.upper()
                print(f"{word:<14}{clean(name, 60)}  {clean(done.verdict.why, 200)}", flush=True)
            return done

        with ThreadPoolExecutor(min(len(names), max(4, 4 * (os.cpu_count() or 1)))) as pool:
            try:
                runs = list(pool.map(one, names))
            finally:  # after Ctrl-C, what was begun for nothing is not waited for
                for process in begun:
                    if process.is_alive():
                        process.terminate()
    if folder is not None:
        for name, render in REPORTS.items():
            (folder / f"{name}.new").write_text(render(runs), encoding="utf-8", newline="")
            (folder / f"{name}.new").replace(folder / name)
    statuses = {each.verdict.exit_status for each in runs}
    worst = 1 if 1 in statuses else 0 if statuses == {0} else 10
    counts = [f"{sum(r.verdict.outcome == word for r in runs)} {word}" for word in ("fail", "inconclusive", "pass")]
    print(f"\n{ {0: 'PASS', 1: 'FAIL', 10: 'INCONCLUSIVE'}[worst] }  {len(runs)} archives: {', '.join(counts)}")
    return worst


def slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:80] or "target"


def _names(targets: Iterable[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for text in targets:
        name = targetfile.read(text).name
        if slug(name) in {slug(each) for each in names}:
            raise BadInput(f"--target {text}: two targets are named {name!r}; give one of them another `name`")
        if slug(name) in REPORTS:
            raise BadInput(f"--target {text}: {name!r} is the name of a report; give the target another `name`")
        names[name] = text
    return names


def _waivers(path: Path | None, names: Sequence[str]) -> tuple[Waiver, ...]:
    if path is None:
        return ()
    from .catalogue import controls

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read: {error}") from error
    known = [*(control.id for control in controls()), *contract.renamed("control")]
    return parse(text, str(path), known=known, today=date.today(), targets=names)


def _clear(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in REPORTS:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"--report {folder}: not a folder that can be written to ({error.strerror})") from error


def _one(
    ask: Asked,
    gate: Callable[[list[str]], int],
    name: str,
    target: str,
    folder: Path,
    waivers: tuple[Waiver, ...],
    scratch: Path,
    begun: list[BaseProcess],
) -> Run:
    command = ["--target", target, "--report", str(folder)]
    theirs = [waiver for waiver in waivers if waiver.meant_for(name)]
    if theirs:
        file = scratch / f"{slug(name)}.waivers.toml"
        file.write_text("".join(map(_written, theirs)), encoding="utf-8")
        command += ["--waivers", str(file)]
    if ask.baseline is not None:
        earlier = ask.baseline / slug(name) / "findings.json"
        command += ["--baseline", str(earlier)] if earlier.exists() else []
    (folder / "findings.json").unlink(missing_ok=True)
    log = scratch / f"{slug(name)}.log"
    log.touch()
    process = _CONTEXT.Process(target=_alone, args=(gate, [*command, *ask.others], str(log)), daemon=True)
    process.start()
    begun.append(process)
    process.join(LIMIT)
    if process.exitcode is None:
        process.kill()
        return _lost(name, f"no verdict within {LIMIT} s")
    if process.exitcode not in (0, 1, 10) or not (folder / "findings.json").exists():
        said = log.read_text(errors="replace").splitlines()
        last = next((line for line in reversed(said) if line.strip()), "it said nothing")
        return _lost(name, f"the gate ended with exit status {process.exitcode}: {clean(last, 200)}")
    found = read(folder / "findings.json")
    if found.verdict.exit_status != process.exitcode:
        return _lost(name, f"the gate ended with exit status {process.exitcode}, and its report says otherwise")
    return replace(found, history=history.read(folder)[:-1])  # the last is this one


def _alone(gate: Callable[[list[str]], int], arguments: list[str], log: str) -> None:
    """In a process of its own; what it prints goes into ``log``."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    Thread(target=_end_with_parent, daemon=True).start()
    with open(log, "w", encoding="utf-8") as file:
        sys.stdout.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        status = gate(arguments)
        sys.stdout.flush()
    sys.exit(status)


def _end_with_parent() -> None:
    """Nobody reads the verdict of a run that was killed, and the next one may write into the same folder."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _lost(name: str, why: str) -> Run:
    return Run(name, (), Verdict("inconclusive", 10, why))


def _written(waiver: Waiver) -> str:
    rows = {**asdict(waiver), "expires": None}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=True)}" for key, value in rows.items() if value is not None]
    return "\n".join(["[[waiver]]", *lines, f"expires = {waiver.expires}", ""])

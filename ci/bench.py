"""Time whole runs of the gate and of lint; see ci/bench."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pacs_hardening.config import targetfile
from pacs_hardening.launch.environment import Environment


def one(environment: str) -> dict[str, float]:
    """One gate run: seconds by phase, whole seconds, peak memory in MB. Exits where the gate does not pass."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pacs_hardening", "gate", "--environment", environment, "--report", folder]
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        whole = time.monotonic() - began
        if process.returncode != 0:
            sys.exit(f"ci/bench: the gate on {environment} ended with exit status {process.returncode}")
        phases: dict[str, float] = json.loads((Path(folder) / "findings.json").read_text())["seconds"]
    rest = whole - sum(phases.values())
    return {"interpreter and imports": rest, **phases, "whole": whole, "peak memory, MB": usage.ru_maxrss / 1024}


def collecting() -> dict[str, float]:
    """``pytest --collect-only`` over the whole suite, seconds."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests"], check=True, stdout=subprocess.DEVNULL
    )
    return {"whole": time.monotonic() - began}


HARDENED = Path(__file__).parents[1] / "environments" / "orthanc" / "config"


def long(folder: Path) -> Path:
    """The hardened configuration with so many further nodes that it has 300 lines."""
    lines = (HARDENED / "orthanc.json").read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if line.strip() == '"DicomModalities": {') + 1
    nodes = [
        f'    "device{n}": {{ "AET": "TEST{n}", "Host": "10.0.0.1", "Port": 104 }},' for n in range(300 - len(lines))
    ]
    file = folder / "orthanc.json"
    file.write_text("\n".join([*lines[:at], *nodes, *lines[at:]]) + "\n")
    return file


def linting(path: Path, status: int) -> dict[str, float]:
    """``pacs-hardening lint``, whole seconds of a process of its own. Exits where it does not end as expected."""
    return timed(status, "lint", str(path), "--behind-guard")


def timed(status: int, *arguments: str) -> dict[str, float]:
    """``pacs-hardening`` with ``arguments``: whole seconds. Exits where it does not end with ``status``."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pacs_hardening", *arguments]
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if ended != status:
        sys.exit(f"ci/bench: {' '.join(arguments)} ended with exit status {ended}")
    return {"whole": time.monotonic() - began}


FLEET = 20


def fleet(environment: str, count: int) -> dict[str, list[dict[str, float]]]:
    """Passive gates against one archive that stands under FLEET names, alone and side by side. The archive answers on
    the same processors, in one process; what it needs of them is in these seconds too. (A guard that bounds the
    associations of one node would refuse twenty gates at once that are all that node.)"""
    measured: dict[str, list[dict[str, float]]] = {"one target": [], f"{FLEET} targets side by side": []}
    with Environment.load(environment).start(None) as running, tempfile.TemporaryDirectory() as folder:
        file = targetfile.write(running.target, Path(folder))
        text = file.read_text()
        file.unlink()
        name = f"name = {json.dumps(running.target.name)}\n"
        for number in range(FLEET):
            other = Path(folder) / f"{number}.toml"
            other.write_text(text.replace(name, f'name = "archive {number}"\n', 1))
        for _ in range(count):
            for what, target in zip(measured, (str(Path(folder) / "0.toml"), folder), strict=True):
                measured[what].append(timed(0, "gate", "--target", target))
    return measured


def main(arguments: list[str]) -> None:
    count = int(arguments[1]) if arguments[1:] else 5
    if arguments[0] == "lint":
        with tempfile.TemporaryDirectory() as folder:
            file = long(Path(folder))
            measured = {"300 lines": [linting(file, 1) for _ in range(count)]}
        measured["the hardened configuration"] = [linting(HARDENED, 0) for _ in range(count)]
    elif arguments[0] == "fleet":
        measured = fleet(arguments[2] if arguments[2:] else "embedded", count)
    else:
        measured = {name: [one(name) for _ in range(count)] for name in arguments[2:] or ["embedded", "orthanc"]}
        measured["pytest --collect-only"] = [collecting() for _ in range(count)]
    print(f"median (minimum to maximum) of {count} runs, seconds unless said otherwise, {os.cpu_count()} processors\n")
    print("| what | phase | median | min | max |\n|---|---|---|---|---|")
    for name, runs in measured.items():
        for phase in runs[0]:
            values = [run[phase] for run in runs]
            median = statistics.median(values)
            print(f"| {name} | {phase} | {median:.2f} | {min(values):.2f} | {max(values):.2f} |")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Regenerate what is generated; see ci/accept."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from pacs_hardening.launch.definition.results import FILE
from pacs_hardening.launch.environment import Environment, discover
from pacs_hardening.run.catalogue import controls
from pacs_hardening.run.versions import column, variants

ROOT = Path(__file__).parents[1]
WRITTEN = {  # by which command
    "docs/catalogue.md": ["catalogue"],
    "docs/versions.md": ["versions"],
    "docs/target-file.md": ["target", "keys"],
}
MATRIX, VERSIONS = "tests/meta/test_kill_matrix.py", "tests/meta/test_versions.py"
CONTROLS = {control.id for control in controls()}


def tests(words: list[str]) -> Iterator[tuple[str, set[str]]]:
    """The tests that measure what ``words`` name, each with the words that it answers. Versions are measured as a whole
    only, and where that is wanted."""
    here = [word for word in words if word in discover()]
    wanted, ids = {*words} - {*here} - CONTROLS, CONTROLS & {*words}
    others = [each for each in variants() if column(each)]
    for environment in map(Environment.load, here or discover()):
        name = environment.name
        for weakness in ("", *environment.weaknesses):
            if not wanted or (weakness or "hardened") in wanted:
                yield f"{MATRIX}::test_matrix[{name}-{weakness}]", {name, weakness or "hardened", *ids}
        for each in others:
            if each.name == name and (column(each) in wanted or not (wanted or ids)):
                yield f"{VERSIONS}::test_version[{each.label}]", {name, column(each)}
        yield f"{MATRIX}::test_results_are_those_of_weaknesses_that_exist[{name}]", {name}
    for name in discover():
        yield f"{MATRIX}::test_every_control_is_refuted_or_exempt[{name}]", set()


def main(words: list[str]) -> int:
    measured = [] if words == ["docs"] else [*tests(words)]
    unknown = {*words} - {"docs"} - {word for _, answered in measured for word in answered}
    if unknown:
        print(
            f"ERROR: {', '.join(sorted(unknown))}: no environment, weakness, version or control of that name",
            file=sys.stderr,
        )
        return 4
    files = [*map(ROOT.joinpath, WRITTEN), *(folder / FILE for folder in discover().values())]
    before = {file: _lines(file) for file in files}
    only = [f"--only={word}" for word in words if word in CONTROLS]
    status = _measure([*only, *(test for test, _ in measured)]) if measured else 0
    for name, command in WRITTEN.items():
        done = subprocess.run([sys.executable, "-m", "pacs_hardening", *command], stdout=subprocess.PIPE, check=False)
        if done.returncode == 0:
            (ROOT / name).write_bytes(done.stdout)
        status = status or done.returncode
    for file in files:
        name = str(file.relative_to(ROOT))
        sys.stdout.writelines(difflib.unified_diff(before[file], _lines(file), name, name, n=1))
    changed = sum(before[file] != _lines(file) for file in files)
    runs = sum("test_matrix" in test or "test_version" in test for test, _ in measured)
    said = "; NOT EVERYTHING IS AS IT MUST BE, see above" if status else ""
    print(f"{runs} measured, {changed} of {len(files)} files changed{said}")
    return status


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines(keepends=True) if file.is_file() else []


def _measure(arguments: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--accept", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PACS_VERSIONS": "1"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Installs the wheel as users do: into an environment of its own, for each Python that is here."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = ("python3.11", "python3.12", "python3.13")
MAKING = 600  # seconds, once for each Python and lock


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel and what it depends on, and nothing of the checkout."""

    python: Path

    @property
    def package(self) -> Path:
        (found,) = self.python.parents[1].glob("lib/python*/site-packages/pacs_hardening")
        return found

    def run(self, folder: Path, *arguments: str, limit: float = 240) -> subprocess.CompletedProcess[str]:
        """``python ARGUMENTS`` in ``folder``."""
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=folder,
            env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )

    def command(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(folder, "-m", "pacs_hardening", *arguments)


def find(name: str) -> str | None:
    """An interpreter of that name: in PACS_PYTHONS (a list as PATH is), on PATH, or among those of pyenv."""
    listed = [Path(each) for each in os.environ.get("PACS_PYTHONS", "").split(os.pathsep) if each]
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [*(str(each) for each in listed if each.name == name), shutil.which(name)]
    candidates += map(str, sorted(kept.glob(f"*/bin/{name}")))
    return next((each for each in candidates if each and _works(each, name)), None)


def _works(python: str, name: str) -> bool:
    """pyenv's shims are there for versions that are not, and Debian's Python may lack what makes environments."""
    ask = "import ensurepip, sys, venv; print('python%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-Ic", ask], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0 and done.stdout.strip() == name


def demand(name: str) -> str:
    """Which Pythons a machine has is its own affair; that one was not tried is said aloud."""
    found = find(name)
    if found is None:
        pytest.skip(f"NOT RUN: no {name} with venv is here (PACS_PYTHONS can name one)")
    return found


def install(python: str, wheel: Path) -> Installed:
    """What the wheel depends on is installed once for each Python and lock, below .venv; the wheel itself anew."""
    lock = (ROOT / "requirements.lock").read_text()
    wanted = hashlib.sha256((lock + python + (ROOT / "pyproject.toml").read_text()).encode()).hexdigest()[:12]
    folder = Path(sys.prefix) / "installed" / f"{Path(python).name}-{wanted}"
    installed = Installed(folder / "bin" / "python")
    if not (folder / "complete").exists():
        for older in folder.parent.glob(f"{Path(python).name}-*"):
            shutil.rmtree(older)
        _checked([python, "-Im", "venv", str(folder)])
        constraints = folder / "constraints.txt"
        constraints.write_text("\n".join(_pinned(lock)))
        _pip(installed, "--no-compile", "--constraint", str(constraints), str(wheel))
        (folder / "complete").touch()
    _pip(installed, "--no-compile", "--no-deps", "--force-reinstall", str(wheel))
    return installed


def _pinned(lock: str) -> Iterator[str]:
    """``name==version; marker`` of each package: hashes are what ci/setup asks for."""
    for line in lock.splitlines():
        if found := re.match(r"([\w.-]+==[^\s;\\]+)(?: *(;[^\\]+))?", line):
            yield " ".join(part.strip() for part in found.groups() if part)


def _pip(installed: Installed, *arguments: str) -> None:
    _checked([str(installed.python), "-Im", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])


def _checked(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=MAKING, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

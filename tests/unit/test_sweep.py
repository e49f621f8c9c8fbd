"""Who is dead: only what certainly is gets swept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from pacs_hardening.launch import owner

HOLD_A_FOLDER = """
import sys
from pacs_hardening.launch import owner
with owner.folder() as folder:
    (folder / "secret").write_text("x")
    print(owner.this_process(), folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders go, in this process and in those that it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def _hold() -> tuple[subprocess.Popen[str], owner.Owner, Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_A_FOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    who, folder = process.stdout.readline().split()
    found = owner.parse(who)
    assert found
    return process, found, Path(folder)


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=10)


def test_an_owner_is_read_as_it_is_written() -> None:
    assert owner.parse(str(owner.this_process())) == owner.this_process()
    assert owner.this_process().pid == os.getpid()
    for foreign in ("", "a/b", "somebody", "a/b/c/d/e", f"{owner.this_process()}/more", "a/b/c/1234567890/e"):
        assert owner.parse(foreign) is None


@pytest.mark.usefixtures("temporary")
def test_a_killed_process_is_dead_before_and_after_its_parent_noticed() -> None:
    process, who, folder = _hold()
    assert not owner.is_dead(who)
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert owner.is_dead(who)
    _end(process)
    assert owner.is_dead(who)
    assert folder.exists()
    owner.sweep_folders()
    assert not folder.exists()


def test_a_process_with_the_same_number_is_not_the_same() -> None:
    assert owner.is_dead(replace(owner.this_process(), start="1"))
    assert not owner.is_dead(replace(owner.this_process(), start="-"))


def test_whoever_may_live_elsewhere_is_left_alone() -> None:
    gone = replace(owner.this_process(), pid=999_999_999)
    assert owner.is_dead(gone)
    assert not owner.is_dead(replace(gone, host="elsewhere"))
    assert not owner.is_dead(replace(gone, pid_namespace="1"))
    assert owner.is_dead(replace(owner.this_process(), boot="another"))
    assert not owner.is_dead(replace(owner.this_process(), boot="another", host="elsewhere"))


def test_a_folder_is_private_and_removed_at_the_end(temporary: Path) -> None:
    with owner.folder() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        owner.sweep_folders()
        assert folder.exists()
    assert list(temporary.iterdir()) == []


def test_folders_of_the_living_and_of_strangers_are_left_alone(temporary: Path) -> None:
    process, _, folder = _hold()
    try:
        stranger = temporary / "pacs-hardening.a~b"
        stranger.mkdir()
        elsewhere = temporary / f"pacs-hardening.{'~'.join(['elsewhere', 'x', '1', '2', '3'])}.abc"
        elsewhere.mkdir()
        precious = temporary / "precious"
        precious.mkdir()
        dead = "~".join(str(replace(owner.this_process(), pid=999_999_999)).split("/"))
        (temporary / f"pacs-hardening.{dead}.abc").symlink_to(precious)
        owner.sweep_folders()
        assert all(path.exists() for path in (folder, stranger, elsewhere, precious))
    finally:
        _end(process)
    assert not folder.exists()

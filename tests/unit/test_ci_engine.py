"""ci/engine, with stand-ins for docker, dockerd, mmdebstrap and root: what it starts, what it leaves alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "ci" / "engine"
Engine = Callable[..., "subprocess.CompletedProcess[str]"]

DOCKER = """
case $1 in
  version) [ -e "$PACS_ENGINE_RUN/answers" ] ;;
  image) shift 2; [ -e "$PACS_ENGINE_RUN/answers" ] || exit 1; for i; do [ -e "$PACS_ENGINE_RUN/$i" ] || exit 1; done ;;
  pull) exit 1 ;;
  import) for last; do :; done; touch "$PACS_ENGINE_RUN/$last" ;;
esac
"""
DOCKERD = """
echo $$ > "$PACS_ENGINE_RUN/docker.pid"
trap 'rm -f "$PACS_ENGINE_RUN/answers"; exit 0' TERM
touch "$PACS_ENGINE_RUN/answers"
for i in $(seq 600); do sleep 0.1; done
"""
MMDEBSTRAP = """
echo "$@" >> "$PACS_ENGINE_RUN/mmdebstrap.calls"
case "$*" in *Check-Valid-Until*) exit 0 ;; esac
echo "$PACS_MMDEBSTRAP_SAYS"
[ -z "$PACS_MMDEBSTRAP_SAYS" ]
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout without base images, and a PATH in front of the real one."""
    for name in ("ci", "bin", "run"):
        (tmp_path / name).mkdir()
    shutil.copy(SCRIPT, tmp_path / "ci")
    for name, body in {"docker": DOCKER, "dockerd": DOCKERD, "mmdebstrap": MMDEBSTRAP, "id": "echo 0"}.items():
        stand_in(tmp_path, name, body)
    return tmp_path


def stand_in(tree: Path, name: str, body: str) -> None:
    path = tree / "bin" / name
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def engine(tree: Path) -> Iterator[Engine]:
    plain = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
    plain |= {"PATH": f"{tree / 'bin'}:{plain['PATH']}", "PACS_ENGINE_RUN": str(tree / "run")}
    plain |= {"PACS_ENGINE_DEADLINE": "2", "PACS_MMDEBSTRAP_SAYS": ""}

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tree / "ci" / "engine", *arguments], env=plain | environment, capture_output=True, text=True, timeout=30
        )

    yield run
    run("stop")


def needs(tree: Path, base: str) -> None:
    folder = tree / "environments" / "some" / "archive"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM {base} AS first\nFROM first\n")


def number(tree: Path) -> int:
    return int((tree / "run" / "docker.pid").read_text())


def test_does_nothing_where_an_engine_answers(tree: Path, engine: Engine) -> None:
    (tree / "run" / "answers").touch()
    result = engine()
    assert (result.returncode, result.stderr) == (0, "")
    assert not (tree / "run" / "docker.pid").exists()


def test_starts_one_that_holds_nothing_of_ours_and_stops_it(tree: Path, engine: Engine) -> None:
    result = engine()  # returns: dockerd does not hold our pipes
    assert (result.returncode, result.stderr) == (0, "ci/engine: starting dockerd\n")
    pid = number(tree)
    assert os.getsid(pid) == os.getpgid(pid) == pid
    held = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
    assert not any(link.startswith("pipe:") or link.endswith("/lock") for link in held)
    assert engine("stop").returncode == 0
    assert not (tree / "run" / "answers").exists()


def test_stop_leaves_an_engine_alone_that_it_did_not_start(tree: Path, engine: Engine) -> None:
    engine()
    record = tree / "run" / "pacs-hardening" / "engine.pid"
    ours = record.read_text()
    record.write_text(f"{ours.split()[0]} 1\n")  # the same number, born at another time
    assert engine("stop").returncode == 0
    assert (tree / "run" / "answers").exists()
    record.write_text(ours)


def test_a_number_file_that_names_another_process_does_not_hinder(tree: Path, engine: Engine) -> None:
    (tree / "run" / "docker" / "containerd").mkdir(parents=True)
    for stale in ("docker.pid", "docker/containerd/containerd.pid"):
        (tree / "run" / stale).write_text(str(os.getpid()))
    assert engine().returncode == 0
    assert number(tree) != os.getpid()
    assert not (tree / "run" / "docker" / "containerd" / "containerd.pid").exists()


def test_says_why_when_the_engine_ends(tree: Path, engine: Engine) -> None:
    stand_in(tree, "dockerd", "echo failed to start daemon: no cgroups; exit 1")
    result = engine()
    assert result.returncode == 3
    assert "dockerd has ended" in result.stderr
    assert result.stderr.endswith("failed to start daemon: no cgroups\n")


def test_gives_up_on_an_engine_that_never_answers(tree: Path, engine: Engine) -> None:
    stand_in(tree, "dockerd", 'trap "exit 0" TERM; for i in $(seq 300); do sleep 0.1; done')
    result = engine()
    assert result.returncode == 3
    assert "has not answered for 2 s" in result.stderr


def test_starts_nothing_where_docker_host_is_set(tree: Path, engine: Engine) -> None:
    result = engine(DOCKER_HOST="unix:///nowhere")
    assert result.returncode == 3
    assert "nothing is started while that is set" in result.stderr
    assert not (tree / "run" / "docker.pid").exists()


def test_says_that_only_root_can_start_one(tree: Path, engine: Engine) -> None:
    stand_in(tree, "id", "echo 1000")
    result = engine()
    assert (result.returncode, len(result.stderr.splitlines())) == (3, 1)
    assert "only root" in result.stderr


def test_makes_a_base_image_that_cannot_be_pulled_once(tree: Path, engine: Engine) -> None:
    needs(tree, "debian:forky-slim")
    result = engine()
    assert result.returncode == 0
    assert "making base image debian:forky-slim from Debian packages" in result.stderr
    assert (tree / "run" / "debian:forky-slim").exists()
    assert engine().stderr == ""
    assert "Valid-Until" not in (tree / "run" / "mmdebstrap.calls").read_text()


def test_makes_the_base_of_an_older_generation_when_it_is_asked_for(tree: Path, engine: Engine) -> None:
    needs(tree, "debian:forky-slim")
    folder = tree / "environments" / "some" / "generations"
    folder.mkdir()
    (folder / "old.toml").write_text('title = "Debian"\nbase = "debian:old-slim"\n')
    engine()
    assert not (tree / "run" / "debian:old-slim").exists()
    assert engine("old").returncode == 0
    assert (tree / "run" / "debian:old-slim").exists()
    assert engine("odd").returncode == 2


def test_ignores_an_old_package_list_only_after_it_was_refused(tree: Path, engine: Engine) -> None:
    needs(tree, "debian:forky-slim")
    result = engine(PACS_MMDEBSTRAP_SAYS="E: Release file for forky is expired (invalid since 3d)")
    assert result.returncode == 0
    calls = (tree / "run" / "mmdebstrap.calls").read_text().splitlines()
    assert ["Valid-Until" in call for call in calls] == [False, True]


def test_says_why_a_base_image_cannot_be_made(tree: Path, engine: Engine) -> None:
    needs(tree, "debian:nosuch-slim")
    result = engine(PACS_MMDEBSTRAP_SAYS="E: no such suite")
    assert result.returncode == 3
    assert "mmdebstrap nosuch failed: E: no such suite" in result.stderr.splitlines()[-1]
    assert "Valid-Until" not in (tree / "run" / "mmdebstrap.calls").read_text()


def test_two_at_once_start_one(tree: Path, engine: Engine) -> None:
    environment = {**os.environ, "PATH": f"{tree / 'bin'}:{os.environ['PATH']}", "PACS_ENGINE_RUN": str(tree / "run")}
    environment.pop("DOCKER_HOST", None)
    stand_in(tree, "dockerd", f'echo $$ >> "$PACS_ENGINE_RUN/started"; sleep 0.3\n{DOCKERD}')
    both = [subprocess.Popen([tree / "ci" / "engine"], env=environment, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait(20) for each in both] == [0, 0]
    assert len((tree / "run" / "started").read_text().split()) == 1

"""The templates for users' pipelines: valid, and their shell steps run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "ci" / "templates"
ACTION = yaml.safe_load((TEMPLATES / "github" / "action.yml").read_text())
WORKFLOW = yaml.safe_load((TEMPLATES / "github" / "workflow.yml").read_text())
GITLAB = yaml.safe_load((TEMPLATES / "gitlab" / "gitlab-ci.yml").read_text())
JENKINS = (TEMPLATES / "jenkins" / "Jenkinsfile").read_text()
FEW = "--environment embedded -k anonymous_find"


def github(folder: Path, arguments: str) -> subprocess.CompletedProcess[str]:
    """Every step of the action, as GitHub's runner runs them, with its inputs in the environment."""
    given = {"arguments": arguments, "install": "nothing-is-installed", "report": "out"}
    script = ""
    for step in ACTION["runs"]["steps"]:
        assert step["shell"] == "bash"
        values = {
            name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: given[m[1]], v)
            for name, v in step.get("env", {}).items()
        }
        exports = "".join(f"export {name}={quoted(value)}\n" for name, value in values.items())
        script += f"(\n{exports}{step['run']})\n"
    return shell(folder, ["bash", "--noprofile", "--norc", "-eo", "pipefail"], script)


def gitlab(folder: Path, arguments: str) -> subprocess.CompletedProcess[str]:
    job = GITLAB["pacs-hardening"]
    variables = {**job["variables"], "PACS_ARGUMENTS": arguments}
    exports = "".join(f"export {name}={quoted(value)}\n" for name, value in variables.items())
    return shell(folder, ["sh", "-e"], exports + "\n".join(job["script"]))


def jenkins(folder: Path, arguments: str) -> subprocess.CompletedProcess[str]:
    (script,) = re.findall(r"sh '''(.*?)'''", JENKINS, re.DOTALL)
    return shell(folder, ["sh", "-xe"], f"export PACS_INSTALL=x PACS_ARGUMENTS={quoted(arguments)}\n{script}")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def shell(folder: Path, command: list[str], script: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {
        **os.environ,
        "PATH": path,
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    return subprocess.run(
        [*command, "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize("pipeline", [github, gitlab, jenkins])
@pytest.mark.parametrize(
    ("weakness", "status"), [("", 0), ("--weakness anonymous-find", 1), ("--weakness none-such", 4)]
)
def test_the_steps_end_as_the_gate_does(pipeline: Any, weakness: str, status: int, tmp_path: Path) -> None:
    done = pipeline(tmp_path, f"{FEW} {weakness}")
    assert done.returncode == status, done.stdout + done.stderr
    report = tmp_path / ("out" if pipeline is github else "pacs-hardening-report")
    assert (report / "junit.xml").exists() is (status in (0, 1))
    if pipeline is github:
        verdict = {0: "pass", 1: "fail"}.get(status, "inconclusive")
        assert f"verdict={verdict}" in (tmp_path / "output").read_text()
        if status < 2:
            assert (tmp_path / "summary").read_text() == (report / "summary.md").read_text()


@pytest.mark.parametrize("pipeline", [github, gitlab, jenkins])
def test_no_argument_becomes_a_command(pipeline: Any, tmp_path: Path) -> None:
    for trick in ("$(touch owned)", "; touch owned", "`touch owned`", "&& touch owned", "'; touch owned; '"):
        assert pipeline(tmp_path, f"--environment nowhere {trick}").returncode == 4
    assert not (tmp_path / "owned").exists()


def test_no_expression_stands_in_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
    assert not re.search(r'sh """|\$\{params', JENKINS)


def test_what_the_templates_name_is_what_the_gate_writes() -> None:
    from pacs_hardening.run.written import REPORTS

    texts = [path.read_text() for path in TEMPLATES.rglob("*") if path.is_file()]
    named = {name for text in texts for name in re.findall(r"[\w.-]*report/([\w-]+\.[a-z]+)", text)}
    assert named <= {*REPORTS, "history.jsonl"}
    assert {"junit.xml", "results.sarif", "history.jsonl"} <= named


def test_the_workflow_gives_what_the_action_takes_and_asks_for_little() -> None:
    (job,) = WORKFLOW["jobs"].values()
    (use,) = [step for step in job["steps"] if step.get("uses", "").startswith("./")]
    assert set(use["with"]) <= set(ACTION["inputs"])
    assert WORKFLOW["permissions"] == {"contents": "read", "security-events": "write"}
    for step in job["steps"]:
        if "upload" in step.get("uses", ""):
            assert step["if"].startswith("always()"), "a report of a failure is the one that is needed"


def test_the_image_of_the_suite_judges(tmp_path: Path) -> None:
    """Built by ci/image, which takes minutes: where it was built it must work, elsewhere this says so."""
    name = os.environ.get("PACS_SUITE_IMAGE", "")
    if not name:
        pytest.skip("NOT RUN: PACS_SUITE_IMAGE names no image that ci/image built")
    gate = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        name,
        "gate",
        "--environment",
        "embedded",
        "-k",
        "anonymous_find",
    ]
    done = subprocess.run(gate, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout

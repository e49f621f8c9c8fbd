"""Bad input: one line that names it and what is accepted, exit status 4, nothing started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.meta.gating import GateRun

Run = Callable[..., GateRun]

CASES = {
    "environment": (["--environment", "nowhere"], "unknown environment 'nowhere'; known: dcm4chee, dcmtk, embedded"),
    "weakness": (["--environment", "embedded", "--weakness", "none-such"], "unknown weakness 'none-such'"),
    "weakness of nothing": (["--weakness", "x", "--target", "dicom://127.0.0.1:1"], "--weakness needs --environment"),
    "generation": (["--environment", "embedded", "--generation", "old"], "unknown generation 'old'; known: none"),
    "as shipped": (["--environment", "embedded", "--as-shipped"], "nothing says how this archive is shipped"),
    "generation of nothing": (["--generation", "x", "--target", "dicom://127.0.0.1:1"], "--generation needs"),
    "environments": (["--environments", "/no/such", "--environment", "x"], "unknown environment 'x'; known: none"),
    "both": (["--environment", "embedded", "--target", "dicom://127.0.0.1:1"], "exclude each other"),
    "option": (["--environment", "embedded", "--no-such-option"], "--no-such-option"),
    "option value": (["--environment", "embedded", "--allow", "everything"], "invalid choice: 'everything'"),
    "severity": (["--environment", "embedded", "--fail-on", "awful"], "invalid choice: 'awful'"),
    "profile": (
        ["--environment", "embedded", "--profile", "lax"],
        "unknown profile 'lax'; known: baseline, research, strict",
    ),
    "target scheme": (["--target", "ftp://127.0.0.1:1"], "ftp"),
    "target port": (["--target", "dicoms://127.0.0.1:99999"], "99999"),
    "target file": (["--target", "/no/such/target.toml"], "/no/such/target.toml"),
    "product": (["--target", str(Path(__file__).parent / "no-product.toml")], "product: unknown product 'nopacs'"),
    "profile file": (["--environment", "embedded", "--profile", "/no/such.toml"], "/no/such.toml: [Errno 2]"),
    "baseline": (["--environment", "embedded", "--baseline", "/no/such.json"], "/no/such.json: cannot be read"),
    "config of nothing": (
        ["--target", "dicom://127.0.0.1:1?called=A&calling=B", "--config", "x"],
        "need --environment",
    ),
    "guard of nothing": (["--environment", "orthanc", "--with-guard"], "--with-guard needs --config"),
    "config missing": (["--environment", "orthanc", "--config", "/no/such"], "/no/such: there is no such file"),
    "config elsewhere": (["--environment", "embedded", "--config", "x"], "cannot take a configuration of your own"),
    "image": (["--environment", "orthanc", "--image", "registry.example/x"], "accepted: SERVICE=REF"),
    "image of nothing": (["--environment", "orthanc", "--image", "pacs=x"], "unknown service 'pacs'; known: archive"),
    "disruptive": (
        ["--target", "dicom://127.0.0.1:1?called=A&calling=B", "--allow", "disruptive"],
        "say so: --yes-disrupt 127.0.0.1",
    ),
    "waivers missing": (["--environment", "embedded", "--waivers", "/no/such/waivers"], "/no/such/waivers"),
    "report": (["--environment", "embedded", "--report", "/dev/null"], "/dev/null"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_option(gate_run: Run, case: str) -> None:
    arguments, words = CASES[case]
    run = gate_run(*arguments)
    assert run.status == 4, run.output
    lines = [line for line in run.output.splitlines() if words in line]
    assert lines, run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("this is not TOML", "line 1"),
        ('[[waiver]]\ncontrol = "x.y"\n', "'reason' is missing"),
        ('[[waivr]]\ncontrol = "x.y"\n', "[[waiver]]"),
        (
            '[[waiver]]\ncontrol = "no.such"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n',
            "unknown control 'no.such'",
        ),
        (
            '[[waiver]]\ncontrol = "web.refuses-anonymous-ui"\nreason = "r"\nowner = "o"\nexpires = 2020-01-01\n',
            "expired on 2020-01-01",
        ),
    ],
)
def test_waivers_that_cannot_be_used(gate_run: Run, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(text)
    run = gate_run("--environment", "embedded", "--waivers", str(file))
    assert run.status == 4, run.output
    assert words in run.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("endpoints = [", "not TOML"),
        ('called_aet = "PACS"\nendpoints = ["dicoms://127.0.0.1:1"]\ncolour = "red"\n', "colour"),
        (
            'called_aet = "PACS"\nendpoints = ["dicoms://127.0.0.1:1"]\n[nodes.all]\naet = "A"\n'
            'certificate = "missing.pem"\nkey = "missing.pem"\n',
            "missing.pem",
        ),
    ],
)
def test_target_files_that_cannot_be_used(gate_run: Run, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "target.toml"
    file.write_text(text)
    run = gate_run("--target", str(file))
    assert run.status == 4, run.output
    assert words in run.output
    assert "Traceback" not in run.output

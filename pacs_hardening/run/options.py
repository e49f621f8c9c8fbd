"""The options of the gate: ``pacs-hardening gate --target``, and ``pytest --pacs-target`` where the plugin is loaded.

With the prefix none can be another plugin's (pytest-profiling has ``--profile``), nor can the name of a value.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contract import renamed
from ..model import Impact, Severity

if TYPE_CHECKING:
    import pytest

PREFIX = "pacs-"
TITLE = "judge a DICOM archive"
# Without one of these there is nothing to judge, and the rest of the plugin is not even imported.
AIMS = ("environment", "target", "weakness", "generation", "as-shipped", "config", "with-guard", "image")


def _words(values: type[IntEnum]) -> list[str]:
    return [value.name.lower() for value in values]


OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "environment": {"metavar": "NAME", "help": "start this environment and judge it"},
    "weakness": {"metavar": "NAME", "help": "weaken the environment by this one defect first"},
    "generation": {"metavar": "NAME", "default": "", "help": "an older generation of it: trixie, bookworm"},
    "as-shipped": {"action": "store_true", "help": "the archive as its package ships it, not hardened"},
    "environments": {"metavar": "DIR", "type": Path, "help": "a folder of environments of your own"},
    "config": {
        "metavar": "PATH",
        "type": Path,
        "help": "start the environment with this configuration: a file or a folder",
    },
    "with-guard": {"action": "store_true", "help": "with --config: behind the environment's own guard"},
    "image": {
        "metavar": "SERVICE=REF",
        "action": "append",
        "default": [],
        "help": "use this image for a service of the environment",
    },
    "target": {"metavar": "URL_OR_FILE", "help": "judge an archive that runs: dicoms://host:port?… or a file"},
    "profile": {
        "metavar": "NAME_OR_FILE",
        "default": "baseline",
        "help": "thresholds: baseline (default), strict, research, or a file of your own on top of one of them",
    },
    "allow": {
        "choices": _words(Impact),
        "help": "highest impact on the target (default: passive; on an environment everything)",
    },
    "yes-disrupt": {
        "metavar": "HOST",
        "action": "append",
        "default": [],
        "help": "with --allow disruptive: this host of the target may be disturbed (asked for on a terminal)",
    },
    "fail-on": {"choices": _words(Severity), "default": "info", "help": "lowest severity that fails the gate"},
    "malformed-cases": {
        "metavar": "N",
        "type": int,
        "help": "play so many malformed conversations (default: profile)",
    },
    "fuzz-time": {"metavar": "SECONDS", "type": float, "default": 0.0, "help": "and then random ones for so long"},
    "seed": {"metavar": "N", "type": int, "help": "which ways are tried in pairs, and as whom: as in that run"},
    "identify": {"action": "store_true", "help": "say in every request that this suite asks, so that watchmen know it"},
    "rate": {
        "metavar": "N",
        "type": float,
        "help": "begin at most N conversations a second (default: 50 with a target that is not on this machine)",
    },
    "soak": {
        "metavar": "SECONDS",
        "type": float,
        "default": 0.0,
        "help": "and then ask for so long, every second, as each that must be refused",
    },
    "controls": {
        "metavar": "DIR",
        "type": Path,
        "action": "append",
        "default": [],
        "help": "controls of your own, asked beside those of the suite",
    },
    "controls-version": {
        "metavar": "N",
        "type": int,
        "help": "ask the controls that version N of the set has, and say which newer ones there are",
    },
    "waivers": {"metavar": "FILE", "type": Path, "help": "TOML file of waived failures"},
    "baseline": {
        "metavar": "FILE",
        "type": Path,
        "help": "findings.json of an earlier run: fail only on what is new or worse",
    },
    "report": {
        "metavar": "DIR",
        "type": Path,
        "help": "write the reports into this folder: report.html, findings.json, junit.xml, results.sarif …",
    },
    "only-controls": {"action": "store_true", "help": argparse.SUPPRESS},  # the gate's: other tests are not run
}


def register(parser: pytest.Parser) -> None:
    group = parser.getgroup("pacs-hardening", TITLE)
    for name, how in OPTIONS.items():
        before = [f"--{PREFIX}{each.old}" for each in renamed("option").values() if each.new == name]
        group.addoption(f"--{PREFIX}{name}", *before, **how)


def notes(config: pytest.Config) -> tuple[str, ...]:
    """What to say of options that were given by a name of before."""
    used = {argument.partition("=")[0] for argument in config.invocation_params.args}
    return tuple(f"--{each.note}" for each in renamed("option").values() if f"--{PREFIX}{each.old}" in used)


def given(config: pytest.Config, name: str) -> Any:
    """The value of the option ``name``, without its prefix."""
    return config.getoption(f"{PREFIX}{name}".replace("-", "_"))


def aimed(config: pytest.Config) -> bool:
    """Is there anything to judge?"""
    return any(given(config, name) for name in AIMS)


def prefixed(arguments: Iterable[str]) -> list[str]:
    """``--target x`` -> ``--pacs-target x``; what is none of ours stays as it is."""
    return [_prefixed(argument) for argument in arguments]


def _prefixed(argument: str) -> str:
    name, equals, value = argument.partition("=")
    ours = name.startswith("--") and name[2:] in {*OPTIONS, *renamed("option")}
    return f"--{PREFIX}{name[2:]}{equals}{value}" if ours else argument


def plain(text: str) -> str:
    """A message of pytest's about one of our options, as the user of ``gate`` wrote it."""
    return text.replace(f"--{PREFIX}", "--")


def usage() -> str:
    parser = argparse.ArgumentParser(
        prog="pacs-hardening gate", usage="%(prog)s [OPTIONS] [any pytest argument]", add_help=False
    )
    group = parser.add_argument_group(TITLE)
    for name, how in OPTIONS.items():
        group.add_argument(f"--{name}", **how)
    return parser.format_help()

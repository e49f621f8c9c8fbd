"""``pacs-hardening replay FILE --target …``: has one conversation again, and says what came of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .launch import targetfile
from .launch.environment import Environment
from .launch.running import Running
from .malform import casefile
from .model import BadInput, Impact, Status
from .probes.authorised import Authorised, EchoOnly, plant
from .probes.robustness import Scene, canaries
from .survival import judge_round


def run(options: argparse.Namespace) -> int:
    """0: the case was survived; 1: it was not. Raises BadInput, and Unmeasurable where the target was not served
    before."""
    case = casefile.read(Path(options.case))
    if bool(options.target) == bool(options.environment):
        raise BadInput("replay needs one of --target and --environment")
    with _running(options) as running:
        authorised = (EchoOnly if options.echo_only else Authorised)(running.target)
        if running.target.ceiling >= Impact.WRITES and not options.echo_only:
            authorised = Authorised(replace(running.target, specimen=plant(authorised)))
        service = "web" if case.malformation.startswith("web.") else "dicom"
        scene = Scene.at(authorised, running.fingerprint, service)
        born = running.fingerprint()
        (round_,) = scene.rounds([case])
        found = judge_round(round_, born, canaries(authorised.target), strictly=options.strict)
    print(f"{case.name} ({case.clause}), expected: {case.expects.value}")
    for _, answer in round_.answers:
        print(f"answer: {answer.said}")
    for each in found:
        print(f"{Status.FAIL}: {each.fault}: {each.how}")
    if not found:
        print(f"{Status.PASS}: refused or survived; others were served meanwhile and afterwards")
    sys.stdout.flush()
    return 1 if found else 0


@contextmanager
def _running(options: argparse.Namespace) -> Iterator[Running]:
    if options.environment:
        with Environment.load(options.environment).start(options.weakness) as running:
            yield running
    else:
        yield Running(targetfile.read(options.target), fingerprint=lambda: "", arrivals=None, logs=lambda: "")

"""What each command does, but for ``gate``. What it needs is imported where it runs: a command starts at once."""

from __future__ import annotations

import argparse
import json
import threading
from dataclasses import replace
from pathlib import Path

from ..model import BadInput


def catalogue(options: argparse.Namespace) -> int:
    from ..report.catalogue import render
    from ..run.catalogue import controls, found_mutants, refutations, supports

    print(render(controls(), refutations(), supports(), found_mutants()), end="")
    return 0


def versions(options: argparse.Namespace) -> int:
    from ..report.versions import render
    from ..run.catalogue import controls
    from ..run.versions import versions

    print(render(controls(), versions()), end="")
    return 0


def lint(options: argparse.Namespace) -> int:
    from .lint import run

    return run(options)


def target_new(options: argparse.Namespace) -> int:
    from ..config import schema, template

    text = json.dumps(schema.of_target(), indent=2) + "\n" if options.schema else template.render()
    if options.path is None:
        print(text, end="")
        return 0
    try:
        with Path(options.path).open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise BadInput(f"{options.path}: cannot be written: {error.strerror}") from error
    print(f"{options.path} is written: fill it in, then `pacs-hardening target check {options.path}`")
    return 0


def target_keys(options: argparse.Namespace) -> int:
    from ..config import documentation

    print(documentation.render(), end="")
    return 0


def target_check(options: argparse.Namespace) -> int:
    """0 where every endpoint and node serves, 10 where one does not: then no gate could say PASS."""
    from ..config import targetfile
    from .target_check import check, render

    target = targetfile.read(options.target)
    lines = check(target)
    print(render(target, lines), end="")
    found = [line.good for line in lines]
    return 10 if False in found or True not in found else 0


def replay(options: argparse.Namespace) -> int:
    from .replay import run

    return run(options)


def up(options: argparse.Namespace) -> int:
    from ..config import targetfile
    from ..launch import owner
    from ..launch.environment import Environment

    starting = Environment.load(options.environment).start(options.weakness)
    with starting as running, owner.folder() as folder:
        target = replace(running.target, product=options.environment)
        file = targetfile.write(target, folder)
        print(*(f"  {endpoint}" for endpoint in target.endpoints), f"  called AE title {target.called_aet}", sep="\n")
        for node in target.nodes.values():
            print(f"  node {node.name}: AE title {node.aet}, may {' '.join(sorted(node.permits)) or 'do nothing'}")
        hosts = " ".join(
            f"--yes-disrupt {host}" for host in dict.fromkeys(endpoint.host for endpoint in target.endpoints)
        )
        print(f"judge it with:  pacs-hardening gate --allow disruptive {hosts} --target {file}")
        print("Ctrl-C ends it.", flush=True)
        threading.Event().wait()
    return 0

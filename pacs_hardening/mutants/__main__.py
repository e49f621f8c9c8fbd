"""``ci/mutants``: how many generated mutants of the embedded archive the controls find."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from ..launch.environment import root
from . import honest
from .generate import SHARES, mutants
from .run import run, run_honest
from .score import Result, accept, render, write


def main() -> int:
    parser = argparse.ArgumentParser(prog="ci/mutants", description=__doc__)
    parser.add_argument("number", nargs="?", type=int, default=40, metavar="N", help="how many (default: 40)")
    parser.add_argument("seed", nargs="?", type=int, default=1, metavar="SEED", help="others for another one")
    parser.add_argument("--area", choices=[*SHARES], action="append", help="only those of this area, or of these")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the results for programs, as JSON")
    parser.add_argument("--accept", action="store_true", help="write what was found into environments/embedded")
    parser.add_argument("--honest", action="store_true", help="instead: honest archives with manners of their own")
    given = parser.parse_args()
    if given.honest:
        told = run_honest(lambda line: print(line, file=sys.stderr, flush=True))
        print(honest.render(told), end="")
        return 0
    chosen = [each for each in mutants(given.number, given.seed) if each.area in (given.area or SHARES)]
    began = time.monotonic()
    results = run(chosen, say)
    print(render(results), end="")
    print(f"{len(results)} mutants, seed {given.seed}, {time.monotonic() - began:.0f} s")
    if given.accept:
        accept(results, root() / "embedded" / "mutants.toml", seed=given.seed, number=given.number)
    if given.out:
        write(results, given.out, seed=given.seed, number=given.number)
    return 0


def say(result: Result) -> None:
    how = "unproven" if result.unproven else "killed" if result.killed_by else "SURVIVES"
    print(f"{how:<9} {result.seconds:5.1f} s  {result.name}  {result.title}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

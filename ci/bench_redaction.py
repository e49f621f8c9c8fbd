"""Canaries by the hundred through the research side of the hardened Orthanc; see ci/bench."""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import replace

from pacs_hardening.canary import Searcher, objects
from pacs_hardening.canary.table import query_keys
from pacs_hardening.launch.environment import Environment
from pacs_hardening.probes.research import release
from pacs_hardening.redaction import evidence


def main(count: int) -> None:
    """``count`` objects that are redacted, in studies of six. Exits with 1 where a canary came through."""
    seconds: dict[str, float] = {}
    began = time.monotonic()

    def lap(phase: str) -> None:
        nonlocal began
        seconds[phase] = seconds.get(phase, 0.0) + time.monotonic() - began
        began = time.monotonic()

    stored = leaked = size = 0
    pieces: list[bytes] = []
    with Environment.load("orthanc").start() as running:
        target, research = running.target, running.target.research
        assert research is not None
        lap("start")
        while stored < count:
            canaries = objects(stored)
            sent = [each for each in canaries.planted if not each.must_be_refused]
            lap("generate")
            last = stored + len(sent) >= count  # the lists of the REST interface name everything: once is enough
            doors = research if last else replace(research, lists={}, arrivals=None)
            released = release(target, doors, [each.dataset for each in sent], query_keys(), running.hosts)
            stored += len(released.copies)
            lap("store, and retrieve through every door")
            found = evidence(canaries, released)
            leaked += sum(map(len, found.leaks.values())) if not last else 0
            size += found.searcher.seen
            pieces += [piece.data for piece in released.pieces]
            lap("search")
        heap = b"".join(pieces) * (1 + (64 << 20) // size)
        before = time.process_time()
        unknown = Searcher().found(heap)
        rate = len(heap) / (time.process_time() - before) / 1e6
        began = time.monotonic()
    lap("clean-up")
    print(f"{stored} objects, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n\n| what | |\n|---|---|")
    for phase, each in seconds.items():
        print(f"| {phase}, seconds | {each:.1f} |")
    print(f"| all, seconds | {sum(seconds.values()):.1f} |\n| searched, MB | {size / 1e6:.1f} |")
    print(
        f"| search, MB for each second of one processor, over {len(heap) >> 20} MB of the same answers | {rate:.0f} |"
    )
    print(f"| peak memory, MB | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} |")
    print(f"| canaries that came through | {leaked + len(unknown)} |")
    sys.exit(1 if leaked or unknown else 0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)

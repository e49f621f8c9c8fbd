"""Canaries by the hundred through the research side of the hardened Orthanc; see ci/bench."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count

from pacs_hardening.canary import Canaries, Searcher, objects
from pacs_hardening.canary.table import query_keys
from pacs_hardening.launch.environment import Environment
from pacs_hardening.model import Research
from pacs_hardening.model.running import Running
from pacs_hardening.oracles.redaction import Evidence, evidence
from pacs_hardening.probes.dicom.association import Outcome, Peer, associate_as
from pacs_hardening.probes.research.given import Delivered, Released
from pacs_hardening.probes.research.reader import Reader
from pacs_hardening.probes.research.release import deliver, retrieve
from pacs_hardening.probes.research.side import LANES, research_view
from pacs_hardening.wire import operations

AHEAD = 3  # studies that are stored and not yet searched: bounds the memory


def studies(wanted: int) -> Iterator[Canaries]:
    """Canaries whose objects can all be redacted, in studies of six, ``wanted`` objects in all."""
    made = 0
    for seed in count():
        if made >= wanted:
            return
        canaries = objects(seed)
        planted = tuple(each for each in canaries.planted if not each.must_be_refused)[: wanted - made]
        made += len(planted)
        yield Canaries(planted, canaries.manifest, canaries.refers)


def research_of(running: Running) -> Research:
    assert running.target.research is not None
    return running.target.research


def stored_alone(running: Running, wanted: int) -> float:
    """Seconds for ``wanted`` objects, encoded beforehand, to be taken: what the archive needs at least."""
    view, research = research_view(running.target, research_of(running)), research_of(running)
    peer = Peer.of(running.target.nodes[research.sender])
    encoded = [operations.store(each.dataset) for canaries in studies(wanted) for each in canaries.planted]
    began = time.monotonic()
    with ThreadPoolExecutor(LANES) as pool:
        attempts = list(pool.map(lambda each: associate_as(view, peer, each, seconds=60), encoded))
    assert all(attempt.outcome is Outcome.SERVED for attempt in attempts), attempts[0].observed
    return time.monotonic() - began


def through(running: Running, wanted: int) -> list[Evidence]:
    """Each study is retrieved through every endpoint and searched while the next one is made and stored."""
    target, research, keys = running.target, research_of(running), query_keys()

    def rest(canaries: Canaries, delivered: Delivered) -> Evidence:
        return evidence(canaries, retrieve(target, research, delivered, keys, {}))

    waiting: list[Future[Evidence]] = []
    delivered: list[Delivered] = []
    with ThreadPoolExecutor(AHEAD) as pool:
        for canaries in studies(wanted):
            if len(waiting) >= AHEAD:
                waiting[-AHEAD].result()
            delivered.append(deliver(target, research, [each.dataset for each in canaries.planted]))
            waiting.append(pool.submit(rest, canaries, delivered[-1]))
        found = [each.result() for each in waiting]
    copies = dict(enumerate(copy for each in found for copy in each.released.copies.values()))
    moved = Reader(target, research).moved([uid for each in delivered for uid in each.studies], copies, running.hosts)
    return [*found, evidence(found[-1].canaries, Released((), tuple(moved), copies))]


def main(wanted: int) -> None:
    """``wanted`` objects that are redacted. Exits with 1 where a canary came through, a copy is missing, or a
    endpoint never gave anything."""
    with Environment.load("orthanc").start() as running:
        alone = stored_alone(running, wanted)
    with Environment.load("orthanc").start() as running:
        began, busy = time.monotonic(), time.process_time()
        found = through(running, wanted)
        seconds, busy = time.monotonic() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    copies = sum(len(each.released.copies) for each in found[:-1])
    leaked = sum(len(tokens) for each in found for tokens in each.leaks.values())
    gave_nothing = Counter(endpoint for each in found for endpoint in each.released.empty)
    empty = ", ".join(f"{endpoint} ({times} of {len(found) - 1} studies)" for endpoint, times in gave_nothing.items())
    heap = b"".join(piece.data for each in found for piece in each.released.pieces)
    before = time.process_time()
    leaked += len(Searcher().found(heap))
    rate = len(heap) / (time.process_time() - before) / 1e6
    print(f"{copies} objects, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n\n| what | |\n|---|---|")
    print(f"| stored, retrieved through every endpoint, searched, seconds | {seconds:.1f} |")
    print(f"| of which this side was busy, seconds of one processor | {busy:.1f} |")
    print(f"| stored and nothing else, seconds | {alone:.1f} |")
    print(f"| answers, MB | {len(heap) / 1e6:.1f} |\n| search, MB for each second of one processor | {rate:.0f} |")
    print(f"| peak memory, MB | {peak:.0f} |\n| canaries that came through | {leaked} |")
    print(f"| endpoints that gave nothing | {empty or 'none'} |")
    silent = [endpoint for endpoint, times in gave_nothing.items() if times >= len(found) - 1]
    sys.exit(1 if leaked or silent or copies < wanted else 0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)

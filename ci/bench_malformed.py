"""Hostile conversations per second on DCMTK's storescp, side by side with a bare socket loop; see ci/bench."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from pacs_hardening.fuzz.conversation import Case, Expectation, Step
from pacs_hardening.fuzz.families import cases, families
from pacs_hardening.fuzz.hostile import HostilePeers, slots
from pacs_hardening.fuzz.parts import ABORT, REQUEST, send
from pacs_hardening.fuzz.recipe import compile_recipe
from pacs_hardening.fuzz.verdict import judge_batch
from pacs_hardening.model import (
    Endpoint,
    Impact,
    Node,
    Target,
)
from pacs_hardening.probes.authorised import EchoOnly

IMAGE = "pacs-hardening/bench-storescp"
FOLDER = Path(__file__).parents[1] / "environments" / "shared" / "receiver"
POLITE = Case("bench.associate", 0, "", Expectation.SURVIVAL, (send(REQUEST), Step("receive"), send(ABORT)))
BATCH = 200


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def storescp(*more: str) -> Iterator[Target]:
    """One process that serves one association after the other; with ``--fork``, one for each, so that a peer that holds
    on keeps no other waiting. TCP_NODELAY: DCMTK waits 40 ms for an acknowledgement without it."""
    docker("build", "-q", "--network", "host", "-t", IMAGE, str(FOLDER))
    options = [*more, "--ignore", "--accept-all", "--disable-host-lookup", "--acse-timeout", "5", "11112"]
    one = docker(
        "run",
        "-d",
        "--rm",
        "-p",
        "127.0.0.1:0:11112",
        "-e",
        "TCP_NODELAY=1",
        "--entrypoint",
        "storescp",
        IMAGE,
        *options,
    )
    try:
        port = int(docker("port", one, "11112").rsplit(":", 1)[1])
        node = Node("all", "BENCH", frozenset({"echo"}))
        target = Target(
            "s", "ANY", (Endpoint("dicom", "127.0.0.1", port, False),), {"all": node}, ceiling=Impact.DISRUPTIVE
        )
        ends = time.monotonic() + 20
        while not HostilePeers.at(EchoOnly(target), str).pulse().served:
            if time.monotonic() > ends:
                sys.exit("ci/bench: storescp does not answer")
        yield target
    finally:
        docker("rm", "-f", one)


def bare(target: Target) -> Callable[[], int]:
    """The limit: prebuilt bytes on sockets, nothing looked at."""
    endpoint, filled = target.endpoints[0], slots(target, target.nodes["all"])
    first, last = compile_recipe(REQUEST, filled), compile_recipe(ABORT, filled)

    def batch() -> int:
        for _ in range(BATCH):
            with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.sendall(first)
                sock.recv(1 << 16)
                sock.sendall(last)
        return BATCH

    return batch


def engine(peers: HostilePeers) -> Callable[[], int]:
    """The same conversation, by the player."""
    player = peers.player(patience=0.0)

    def batch() -> int:
        for _ in range(BATCH):
            player.play(POLITE)
            if player.is_full:
                player.settle(at_once=True)
        player.settle(at_once=True)
        player.take()
        return BATCH

    return batch


def judged(peers: HostilePeers, source: Iterator[Case]) -> Callable[[], int]:
    """The player with every oracle."""

    def batch() -> int:
        for batch in peers.batches(islice(source, BATCH), size=100):
            judge_batch(batch, "", [b"SECRET-VALUE"])
        return BATCH

    return batch


def rate(batch: Callable[[], int], seconds: float) -> float:
    began, done = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        done += batch()
    return done / passed


def main(arguments: list[str]) -> None:
    seconds = float(arguments[0]) if arguments else 5.0
    mixed = [each for name in ("pdata", "command", "sequence") for each in families()[name]]
    prompt = [case for case in cases(mixed, 4 * len(mixed)) if case.expects is not Expectation.WAITING]
    print(f"better of two runs of {seconds / 2:g} s each, {os.cpu_count()} processors, storescp, loopback\n")
    print("| server | what | conversations/s | ratio |\n|---|---|---|---|")
    for more in ((), ("--fork",)):
        with storescp(*more) as target:
            peers = HostilePeers.at(EchoOnly(target), str)
            lanes = {
                "bare socket loop: associate, abort": bare(target),
                "engine without oracles: the same": engine(peers),
                "engine with all oracles: the same": judged(peers, cycle([POLITE])),
            }
            if more:  # without it, whatever holds on keeps the others waiting, which the oracles say
                lanes["engine with all oracles: malformed"] = judged(peers, cycle(prompt))
            rates = {name: max(rate(batch, seconds / 2) for _ in range(2)) for name, batch in lanes.items()}
        limit = next(iter(rates.values()))
        for name, best in rates.items():
            print(f"| {' '.join(more) or 'one process'} | {name} | {best:.0f} | {best / limit:.2f} |", flush=True)
    print(f"\npeak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])

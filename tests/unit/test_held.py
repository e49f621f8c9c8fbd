"""Whether others are served beside hostile peers: nothing is said without what came before, each time."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from fixtures import broken_peer as broken
from fixtures.small import running
from fixtures.strict_peer import Peer, serving
from pacs_hardening.fuzz import held
from pacs_hardening.fuzz.campaign import Search
from pacs_hardening.fuzz.conversation import Case, Expectation, Step
from pacs_hardening.fuzz.evidence import Disturbed, Held, Served, StillServed
from pacs_hardening.fuzz.families import families
from pacs_hardening.fuzz.held import must_limit, must_serve_others
from pacs_hardening.fuzz.hostile import HostilePeers, Pulse
from pacs_hardening.fuzz.parts import REQUEST, stalled_request, stalled_store
from pacs_hardening.fuzz.steady import Steady
from pacs_hardening.model import Target, Unmeasurable, Violation
from pacs_hardening.model.running import Running
from pacs_hardening.pki import certificates
from pacs_hardening.probes.authorised import Authorised, EchoOnly
from pacs_hardening.wire import pdu

TIMES = 50
IDLE = Case("idle", 0, "PS3.8 9.1.5", Expectation.WAITING, (Step("plain"),))
STALLED = Case("stalls", 0, "PS3.8 9.1.5", Expectation.WAITING, (stalled_request(),))
HALF = Case("stalls within", 0, "PS3.8 9.2", Expectation.WAITING, tuple(stalled_store()))
ASSOCIATED = Case("holds", 0, "PS3.8 9.3.4", Expectation.WAITING, (Step("associate", REQUEST),))


@pytest.fixture(scope="module")
def archive() -> Iterator[Running]:
    with running() as it:
        yield it


def at(target: Target, running: Running) -> HostilePeers:
    return replace(HostilePeers.at(Authorised(target), running.fingerprint), prompt=2.0, witness="all")


@contextmanager
def hostile(peer: Peer) -> Iterator[HostilePeers]:
    with serving(peer) as target:
        yield replace(HostilePeers.at(EchoOnly(target), peer.fingerprint), deadline=2.0, prompt=1.0)


@pytest.mark.parametrize("case", [IDLE, STALLED, HALF], ids=lambda case: case.malformation)
def test_an_honest_archive_is_never_accused(archive: Running, case: Case) -> None:
    for _ in range(TIMES // 10):
        must_serve_others(at(archive.target, archive), [case] * 8, "hold on")


def mistyped(target: Target) -> Target:
    return replace(target, nodes={**target.nodes, "all": replace(target.nodes["all"], aet="TYPO")})


def expired(target: Target) -> Target:
    return replace(target, nodes={**target.nodes, "all": replace(target.nodes["all"], keys=target.bad_keys["expired"])})


@pytest.mark.parametrize("spoilt", [mistyped, expired])
def test_who_was_not_served_before_accuses_nobody(archive: Running, spoilt: Callable[[Target], Target]) -> None:
    """Given a node that the archive refuses anyway; when hostile peers hold on; then nothing could be measured."""
    peers = at(spoilt(archive.target), archive)
    for _ in range(TIMES):
        with pytest.raises(Unmeasurable, match="positive control failed"):
            must_serve_others(peers, [IDLE] * 8, "hold on")
        with pytest.raises(Unmeasurable, match="positive control failed"):
            must_limit(peers, [ASSOCIATED] * 17, 16)


def test_an_archive_whose_list_is_out_of_date_is_not_accused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an archive that refuses everybody since its CRL has expired."""
    monkeypatch.setattr(certificates, "revoke", partial(certificates.revoke, lasts=-certificates.DAY / 2))
    with running() as it:
        for _ in range(TIMES):
            with pytest.raises(Unmeasurable, match="positive control failed"):
                must_serve_others(at(it.target, it), [IDLE] * 8, "hold on")


class EndsMidway(Peer):
    """Serves one authorised peer, hears ``many`` others, and serves nobody any more, for so many ``seconds``: an engine
    that is restarted, or a certificate that expires."""

    def __init__(self, many: int, seconds: float) -> None:
        super().__init__()
        self.many, self.seconds, self.came, self.until = many, seconds, 0, 0.0

    def begun(self, sock: socket.socket) -> None:
        self.came += 1
        if self.came == self.many + 2:
            self.generation, self.until = 1, time.monotonic() + self.seconds
        if time.monotonic() < self.until:
            raise OSError("gone")


@pytest.mark.parametrize("other", [None, lambda: hostile(Peer())], ids=["no-other", "another-serves"])
def test_what_ends_for_another_reason_was_not_ended_by_hostile_peers(
    other: Callable[[], AbstractContextManager[HostilePeers]] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a server that is gone since others were served, for good; whether another one like it can be started, which
    serves them all, or not; then nobody is accused."""
    monkeypatch.setattr(held, "RECOVERY_S", 0.05)
    for _ in range(TIMES if other is None else TIMES // 10):
        with hostile(EndsMidway(3, 600)) as peers, pytest.raises(Unmeasurable, match="nor is anybody served"):
            must_serve_others(replace(peers, fresh=other), [IDLE] * 3, "are idle")


def test_a_server_that_restarts_once_is_not_accused() -> None:
    for _ in range(TIMES):
        with hostile(EndsMidway(1, 0.1)) as peers, pytest.raises(Unmeasurable, match="second time"):
            must_serve_others(peers, [IDLE], "are idle")


class Limits(Peer):
    """Closes, without a word, whoever comes beyond so many."""

    most = 4

    def __init__(self) -> None:
        super().__init__()
        self.there = 0

    def begun(self, sock: socket.socket) -> None:
        with self.lock:
            self.there += 1

    def request(self, body: bytes) -> bytes:
        if self.there > self.most:
            raise OSError("too many")
        return super().request(body)

    def ended(self, invalid: object) -> None:
        with self.lock:
            self.there -= 1


def test_a_limit_is_one_where_somebody_was_turned_away() -> None:
    for _ in range(TIMES // 10):
        with hostile(Limits()) as peers:
            must_limit(peers, [ASSOCIATED] * 6, 4)
        with hostile(Peer()) as peers:
            with pytest.raises(Violation, match="all of 6 were accepted"):
                must_limit(peers, [ASSOCIATED] * 6, 4)
            with pytest.raises(Unmeasurable, match="none was refused"):
                must_limit(peers, [ASSOCIATED] * 4, 4)


class Disowns(Peer):
    """Knows nobody any more after ``many`` associations: somebody has changed its configuration."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self.many = many

    def request(self, body: bytes) -> bytes:
        self.many -= 1
        return super().request(body) if self.many >= 0 else pdu.pdu(pdu.A_ASSOCIATE_RJ, bytes([0, 1, 1, 3]))


def test_who_is_refused_for_who_he_is_was_not_stopped_by_hostile_peers() -> None:
    """Given an archive that comes to refuse the authorised peer's AE title while malformed requests are played."""
    for number in range(TIMES):
        with hostile(Disowns(number % 5 + 1)) as peers, pytest.raises(Unmeasurable):
            Search(peers, families()["associate"], each=1, born=peers.fingerprint()).run()


class SendsAway(Peer):
    """Lets nobody in who says nothing at once."""

    artim = 0.001


def test_who_is_sent_away_at_once_was_not_held() -> None:
    """Given a server that closes what says nothing; when such peers come; then they cannot be held, and nothing is said
    about those beside them."""
    for _ in range(TIMES):
        with hostile(SendsAway()) as peers, pytest.raises(Unmeasurable):
            must_serve_others(peers, [IDLE] * 3, "are idle")


def test_a_server_that_is_stopped_for_good_fails_where_another_one_is_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a server that serves nobody any more once somebody said nothing to it; when another like it does the same;
    then that is a failure, and not a matter of anything else."""
    monkeypatch.setattr(held, "RECOVERY_S", 0.05)

    class Stops(Peer):
        came = 0

        def begun(self, sock: socket.socket) -> None:
            self.came += 1
            if self.came > 2:  # one who is served, and the first that says nothing
                raise OSError("stopped")

    with hostile(Stops()) as peers, pytest.raises(Violation, match="meanwhile and afterwards"):
        must_serve_others(replace(peers, fresh=lambda: hostile(Stops())), [IDLE], "are idle")


def test_evidence_cannot_be_made_of_nothing() -> None:
    with hostile(Peer()) as peers:
        with pytest.raises(Unmeasurable):
            Served(peers, "", Pulse(False, "refused", 0.1))
        before = Served.now(peers)
        with pytest.raises(Unmeasurable):
            Held(before, ())
        with pytest.raises(Unmeasurable):
            Held(before, (peers.player(),))
        player = peers.player()
        player.play(IDLE)
        there, ran = Held(before, (player,)), Steady()
        with ran, pytest.raises(Disturbed):
            StillServed(there, before.pulse, 1, ran)  # it is not over yet
        with pytest.raises(Disturbed):
            StillServed(there, Pulse(False, "silence", 4.0), 1, ran)
        with pytest.raises(Disturbed):
            StillServed(there, before.pulse, 0, ran)
        StillServed(there, before.pulse, 1, ran)
        player.settle(at_once=True)
        with pytest.raises(Unmeasurable):
            Held(before, (player,))


WEAK = """
import sys
from dataclasses import replace
from pacs_hardening.fuzz.conversation import Case, Expectation, Step
from pacs_hardening.fuzz.families import families
from pacs_hardening.fuzz.held import must_serve_others
from pacs_hardening.fuzz.hostile import HostilePeers
from pacs_hardening.model import Endpoint, Impact, Node, Target, Unmeasurable, Violation
from pacs_hardening.probes.authorised import Authorised, EchoOnly
from pacs_hardening.wire import pdu
node = Node("all", "TESTER", frozenset({"echo", "find"}))
target = Target("weak", "ARCHIVE", (Endpoint("dicom", "127.0.0.1", int(sys.argv[1]), tls=False),), nodes={"all": node},
                ceiling=Impact.DISRUPTIVE)
idle = Case("idle", 0, "PS3.8 9.1.5", Expectation.WAITING, (Step("plain"),))
print("begun", flush=True)
try:
    must_serve_others(replace(HostilePeers.at(Authorised(target), str), prompt=1.5), [idle], "are idle")
except Violation:
    sys.exit(1)
except Unmeasurable as error:
    print(error)
    sys.exit(10)
"""


class OnePeerAtATime(broken.OneMessageAtATime):
    artim = 2.5  # then it leaves who says nothing


def freeze(at_s: float, for_s: float) -> int:
    """The exit status of a suite that judges a weak archive, and is stopped after ``at_s`` for ``for_s`` seconds."""
    with serving(OnePeerAtATime()) as target:
        words = [sys.executable, "-c", WEAK, str(target.endpoints[0].port)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as suite:
            assert suite.stdout is not None
            suite.stdout.readline()
            Event().wait(at_s)
            suite.send_signal(signal.SIGSTOP)
            Event().wait(for_s)
            suite.send_signal(signal.SIGCONT)
            suite.stdout.read()
            return suite.wait(60)


@pytest.mark.parametrize("at_s", [0.0, 0.4, 1.0, 2.0])
def test_time_in_which_the_suite_did_not_run_is_no_evidence(at_s: float) -> None:
    """Given an archive that one silent peer keeps from serving others until its patience ends; when the suite is
    stopped for longer than that, at any moment; then the archive never passes."""
    assert freeze(at_s, 4.0) in (1, 10)

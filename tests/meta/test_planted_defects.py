"""The kill matrix of the oracles: a strict peer passes, and each planted defect is named by the right oracle, soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from fixtures import broken_peer as broken
from fixtures.broken_peer import PASSCODE, Peer, crashes_on, leaking, lenient, serving
from pacs_hardening.malform import casefile
from pacs_hardening.malform.families import cases, families
from pacs_hardening.malform.sequence import Walks
from pacs_hardening.model import Violation
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.robustness import ROUND, Scene, exhaust, holding
from pacs_hardening.search import Search
from pacs_hardening.survival import Fault, Found, judge_round, must_be_served, must_not_grow
from pacs_hardening.wire import strict
from pacs_hardening.wire.conversation import Case, Expectation, Step

DICOM = ("associate", "items", "pdata", "command", "dataset", "sequence")
EACH = 12  # cases of each malformation, at most
DEFECTS: dict[str, tuple[type[Peer], str, Fault]] = {
    "accepts-no-protocol-version": (lenient("protocol version"), "associate", Fault.ACCEPTED),
    "accepts-bad-ae-titles": (lenient("no AE title"), "associate", Fault.ACCEPTED),
    "accepts-any-called-title": (lenient("another called"), "associate", Fault.ACCEPTED),
    "accepts-missing-items": (lenient("items missing"), "items", Fault.ACCEPTED),
    "accepts-overrunning-items": (lenient("runs past the end of what holds it"), "items", Fault.ACCEPTED),
    "accepts-even-contexts": (lenient("not odd and distinct"), "items", Fault.ACCEPTED),
    "accepts-contexts-without-syntax": (lenient("not one abstract syntax"), "items", Fault.ACCEPTED),
    "accepts-cut-contexts": (lenient("without its fixed part"), "items", Fault.ACCEPTED),
    "accepts-lying-identities": (lenient("a field runs past"), "items", Fault.ACCEPTED),
    "hangs-before-association": (broken.Hangs, "associate", Fault.HANG),
    "hangs-on-items": (broken.Hangs, "items", Fault.HANG),
    "hangs-on-association": (broken.HangsWithin, "pdata", Fault.HANG),
    "hangs-in-the-wrong-state": (broken.HangsWithin, "sequence", Fault.HANG),
    "answers-late": (broken.Slow, "items", Fault.HANG),
    "believes-lengths": (broken.BelievesLengths, "associate", Fault.HANG),
    "crashes-on-anything": (broken.Restarts, "associate", Fault.PROCESS),
    "crashes-on-command-elements": (crashes_on("PS3.7 6.3.1"), "command", Fault.PROCESS),
    "crashes-on-nested-sequences": (crashes_on("nested more than"), "dataset", Fault.PROCESS),
    "crashes-on-fragments": (crashes_on("PS3.8 9.3.5.1"), "pdata", Fault.PROCESS),
    "crashes-on-events": (crashes_on("PS3.8 9.2"), "sequence", Fault.PROCESS),
    "crashes-after-some-events": (broken.WornOut, "sequence", Fault.PROCESS),
    "crashes-between-two-associations": (broken.SharesABuffer, "sequence", Fault.PROCESS),
    "stops-listening": (broken.StopsListening, "associate", Fault.DURING),
    "drops-others": (broken.DropsOthers, "command", Fault.DURING),
    "serves-one-at-a-time": (broken.OneAtATime, "pdata", Fault.DURING),
    "over-reads": (broken.OverReads, "items", Fault.CANARY),
    "tells-in-comments": (broken.CommentsWithSecret, "command", Fault.CANARY),
    "echoes-requests": (broken.Echoes, "items", Fault.ECHO),
    "answers-without-end": (broken.Endless, "items", Fault.ENDLESS),
    "answers-in-http": (broken.Nonsense, "associate", Fault.NONSENSE),
    "aborts-at-length": (broken.LongAbort, "associate", Fault.NONSENSE),
    "aborts-for-no-known-reason": (broken.UnknownReason, "items", Fault.REASON),
    "rejects-for-no-known-reason": (broken.UnknownRejection, "items", Fault.REASON),
    "returns-a-data-set": (broken.ReturnsDataSet, "dataset", Fault.DATA_SET),
    "says-success": (broken.SaysSuccess, "pdata", Fault.SUCCESS),
}


@contextmanager
def scene(peer: Peer | None = None, again: type[Peer] = Peer) -> Iterator[Scene]:
    peer = peer or again()
    with serving(peer) as target:
        yield replace(Scene.at(Authorised(target), peer.fingerprint), deadline=2.0, prompt=1.5)


def search(peer: Peer, family: str, each: int = EACH) -> tuple[list[Found], int]:
    malformations = families()[family]
    return play(peer, cases(malformations, each * len(malformations)))


def play(peer: Peer, some: Iterable[Case], size: int = ROUND) -> tuple[list[Found], int]:
    """The faults of the first round that shows one, and how many cases it took."""
    played = 0
    with scene(peer) as where:
        born = peer.fingerprint()
        for round_ in where.rounds((case.demanding() for case in some), size):
            played += len(round_.cases)
            if found := judge_round(round_, born, [PASSCODE], strictly=True):
                return found, played
    return [], played


@pytest.mark.parametrize("family", DICOM)
def test_a_strict_peer_survives_everything(family: str) -> None:
    """Given a peer that follows the standard; when each malformation comes three times; then no oracle speaks."""
    found, played = search(Peer(), family, each=3)
    assert not found
    assert played == 3 * sum(each.share for each in families()[family])


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_named_by_the_right_oracle(defect: str) -> None:
    """Given one defect; when its family of malformations comes; then the first oracle to speak is the one for it."""
    peer, family, fault = DEFECTS[defect]
    found, played = search(peer(), family)
    assert found, f"survived {played} cases"
    assert found[0].fault is fault, [f"{each.fault}: {each.how}" for each in found]


@pytest.mark.parametrize("peer", [broken.WornOut, broken.SharesABuffer])
def test_a_defect_behind_a_sequence_of_events_is_reached_by_walks_only(peer: type[Peer]) -> None:
    """Given a defect that no single event, or no single association, reaches; when everything else that is said at the
    wrong time comes; then nothing is found: the walks of the state machine find it, and name it."""
    walks, others = [], []
    for each in families()["sequence"]:
        (walks if isinstance(each, Walks) else others).append(each)
    assert not play(peer(), cases(others, 4 * len(others)), size=1)[0]
    # Whether two messages are unfinished together is a matter of milliseconds: one walk of eight brings it about on an
    # idle machine, one of twenty on a busy one.
    found, played = play(peer(), cases(walks, 100))
    assert found, f"survived {played} walks"
    assert found[0].fault is Fault.PROCESS


@pytest.mark.parametrize(("again", "says"), [(True, "confirmed"), (False, "not seen again"), (None, "not confirmed")])
def test_a_found_walk_is_small_kept_and_played_on_a_fresh_server(again: bool | None, says: str, tmp_path: Path) -> None:
    """Given a defect behind a sequence of events; when walks have found it; then one walk is the culprit, it stands in
    a file, and the evidence says whether a server that had seen nothing before suffered from it, too."""
    peer, walks = broken.WornOut(), [each for each in families()["sequence"] if isinstance(each, Walks)]
    fresh = None if again is None else partial(scene, again=broken.WornOut if again else Peer)
    with scene(peer) as where:
        looking = Search(where, walks, each=EACH, born=peer.fingerprint(), folder=tmp_path, fresh=fresh)
        with pytest.raises(Violation, match="process ended") as found:
            looking.run()
    assert any(f"{says} on a fresh server" in line for line in found.value.evidence), found.value.evidence
    (path,) = tmp_path.glob("*.case")
    case = casefile.read(path)
    assert f"{says} on a fresh server" in path.read_text()
    reached, _ = play(broken.WornOut(), [case])
    assert [each.fault for each in reached] == [Fault.PROCESS]


@pytest.mark.parametrize("how", ["", "no AE title"])
def test_a_culprit_is_found_on_fresh_servers_where_the_first_is_dead(how: str) -> None:
    """Given a server that stops for good at its first case, or at a later one; then that one is named."""

    class Stops(broken.StopsListening):
        def ended(self, invalid: strict.Invalid | None) -> None:
            if how in str(invalid):
                super().ended(invalid)

    with scene(Stops()) as where:
        fresh = partial(scene, again=Stops)
        looking = Search(where, families()["associate"], each=1, born=where.fingerprint(), fresh=fresh)
        with pytest.raises(Violation, match="others are not served") as found:
            looking.run()
    assert "one of" not in found.value.actual, found.value.evidence
    assert any("confirmed on a fresh server" in line for line in found.value.evidence)


def test_what_was_found_stays_found_where_it_cannot_be_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a shrinker that breaks (seen: a SystemError of the ast module of CPython 3.11); then it is still a FAIL."""

    def breaks(*_: object) -> Case:
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr(Search, "_smallest", breaks)
    with scene(lenient("protocol version")()) as where, pytest.raises(Violation, match="accepted") as found:
        Search(where, families()["associate"], each=1, born=where.fingerprint()).run()
    assert any("SystemError" in line for line in found.value.evidence)


def test_every_fault_has_a_defect() -> None:
    assert {fault for _, _, fault in DEFECTS.values()} | {Fault.AFTER} == set(Fault)


@pytest.mark.parametrize("what", ["memory", "descriptors", "threads", "processes"])
def test_a_leak_is_a_slope(what: str) -> None:
    """Given a peer that keeps something for each association, and a sound one; then only the first one grows."""
    for peer, leaks in ((leaking(what)(), True), (Peer(), False)):
        with scene(peer) as where:
            readings = []
            for _ in range(4):
                exhaust(where, [m.case(0) for m in families()["associate"]], 10)
                readings.append(peer.usage())
        if leaks:
            with pytest.raises(Violation, match=what):
                must_not_grow(readings, 10, what)
        else:
            must_not_grow(readings, 10, what)


@pytest.mark.parametrize(("peer", "fails"), [(Peer, False), (broken.OneMessageAtATime, True)])
def test_others_are_served_beside_a_peer_that_holds_on(peer: type[Peer], fails: bool) -> None:
    idle = Case("idle", 0, "PS3.8 9.1.5", Expectation.WAITING, (Step("plain"),))
    with scene(peer()) as where, holding(where, [idle] * 3):
        if fails:
            with pytest.raises(Violation, match="silent"):
                must_be_served(where.pulse(), "beside idle peers")
        else:
            must_be_served(where.pulse(), "beside idle peers")

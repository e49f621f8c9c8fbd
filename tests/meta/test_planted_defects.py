"""The kill matrix of the oracles: a strict peer passes, and each planted defect is named by the right oracle, soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from fixtures import broken_peer as broken
from fixtures.broken_peer import PASSCODE, crashes_on, leaking, lenient
from fixtures.strict_peer import Peer, serving
from pacs_hardening.fuzz import casefile
from pacs_hardening.fuzz.campaign import Search
from pacs_hardening.fuzz.conversation import Case, Expectation, Step
from pacs_hardening.fuzz.families import cases, families
from pacs_hardening.fuzz.growth import grown, must_not_grow
from pacs_hardening.fuzz.held import must_serve_others
from pacs_hardening.fuzz.hostile import TOGETHER, HostilePeers
from pacs_hardening.fuzz.malformations.sequence import Walks
from pacs_hardening.fuzz.verdict import Fault, Found, judge_batch
from pacs_hardening.model import Violation
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.report import words
from pacs_hardening.wire.strict import Rule, rules

DICOM = ("associate", "items", "pdata", "command", "dataset", "sequence")
OVERRUNS = (Rule.ITEM_OVERRUNS, Rule.ITEM_OVERRUNS_CONTEXT, Rule.ITEM_OVERRUNS_USER)
EACH = 12  # cases of each malformation, at most
DEFECTS: dict[str, tuple[type[Peer], str, Fault]] = {
    "accepts-no-protocol-version": (lenient(Rule.PROTOCOL_VERSION), "associate", Fault.ACCEPTED),
    "accepts-bad-ae-titles": (lenient(Rule.AE_TITLE), "associate", Fault.ACCEPTED),
    "accepts-any-called-title": (lenient(Rule.CALLED_TITLE), "associate", Fault.ACCEPTED),
    "accepts-missing-items": (lenient(Rule.ITEMS), "items", Fault.ACCEPTED),
    "accepts-overrunning-items": (
        lenient(*OVERRUNS),
        "items",
        Fault.ACCEPTED,
    ),
    "accepts-even-contexts": (lenient(Rule.CONTEXT_IDS), "items", Fault.ACCEPTED),
    "accepts-contexts-without-syntax": (lenient(Rule.CONTEXT_SYNTAXES), "items", Fault.ACCEPTED),
    "accepts-cut-contexts": (lenient(Rule.CONTEXT_FIXED_PART), "items", Fault.ACCEPTED),
    "accepts-lying-identities": (lenient(Rule.FIELD_OVERRUNS), "items", Fault.ACCEPTED),
    "hangs-before-association": (broken.Hangs, "associate", Fault.HANG),
    "hangs-on-items": (broken.Hangs, "items", Fault.HANG),
    "hangs-on-association": (broken.HangsWithin, "pdata", Fault.HANG),
    "hangs-in-the-wrong-state": (broken.HangsWithin, "sequence", Fault.HANG),
    "answers-late": (broken.Slow, "items", Fault.HANG),
    "believes-lengths": (broken.BelievesLengths, "associate", Fault.HANG),
    "crashes-on-anything": (broken.Restarts, "associate", Fault.PROCESS),
    "crashes-on-command-elements": (crashes_on(*rules("PS3.7 6.3.1")), "command", Fault.PROCESS),
    "crashes-on-nested-sequences": (crashes_on(Rule.NESTING), "dataset", Fault.PROCESS),
    "crashes-on-fragments": (crashes_on(*rules("PS3.8 9.3.5.1")), "pdata", Fault.PROCESS),
    "crashes-on-events": (crashes_on(*rules("PS3.8 9.2")), "sequence", Fault.PROCESS),
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
def hostile(peer: Peer | None = None, again: type[Peer] = Peer) -> Iterator[HostilePeers]:
    peer = peer or again()
    with serving(peer) as target:
        yield replace(HostilePeers.at(Authorised(target), peer.fingerprint), deadline=2.0, prompt=1.5)


def search(peer: Peer, family: str, each: int = EACH) -> tuple[list[Found], int]:
    malformations = families()[family]
    return play(peer, cases(malformations, each * len(malformations)))


def play(peer: Peer, some: Iterable[Case], size: int = TOGETHER) -> tuple[list[Found], int]:
    """The faults of the first round that shows one, and how many cases it took."""
    played = 0
    with hostile(peer) as where:
        born = peer.fingerprint()
        for batch in where.batches((case.demanding() for case in some), size):
            played += len(batch.cases)
            if found := judge_batch(batch, born, [PASSCODE], strictly=True):
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
    assert found[0].fault is fault, [f"{each.fault}: {words.text(each.how)}" for each in found]


@pytest.mark.parametrize("peer", [broken.WornOut, broken.SharesABuffer])
def test_a_defect_behind_a_sequence_of_events_is_reached_by_walks_only(peer: type[Peer]) -> None:
    """Given a defect that no single event, or no single association, reaches; when everything else that is said at the
    wrong time comes; then nothing is found: the walks of the state machine find it, and name it."""
    sequences = families()["sequence"]
    walks = [each for each in sequences if isinstance(each, Walks)]
    others = [each for each in sequences if not isinstance(each, Walks)]
    assert not play(peer(), cases(others, 4 * len(others)), size=1)[0]
    found, played = play(peer(), cases(walks, EACH))
    assert found, f"survived {played} walks"
    assert found[0].fault is Fault.PROCESS


@pytest.mark.parametrize(("again", "says"), [(True, "confirmed"), (False, "not seen again"), (None, "not confirmed")])
def test_a_found_walk_is_small_kept_and_played_on_a_fresh_server(again: bool | None, says: str, tmp_path: Path) -> None:
    """Given a defect behind a sequence of events; when walks have found it; then one walk is the culprit, it stands in
    a file, and the evidence says whether a server that had seen nothing before suffered from it, too."""
    peer, walks = broken.WornOut(), [each for each in families()["sequence"] if isinstance(each, Walks)]
    fresh = None if again is None else partial(hostile, again=broken.WornOut if again else Peer)
    with hostile(peer) as where:
        looking = Search(replace(where, fresh=fresh), walks, each=EACH, born=peer.fingerprint(), folder=tmp_path)
        with pytest.raises(Violation, match="process ended") as found:
            looking.run()
    assert any(f"{says} on a fresh server" in words.text(line) for line in found.value.evidence), found.value.evidence
    (path,) = tmp_path.glob("*.case")
    case = casefile.read(path)
    assert f"{says} on a fresh server" in path.read_text()
    reached, _ = play(broken.WornOut(), [case])
    assert [each.fault for each in reached] == [Fault.PROCESS]


@pytest.mark.parametrize("fatal", [frozenset(Rule), {Rule.AE_TITLE}], ids=["the-first", "a-later-one"])
def test_a_culprit_is_found_on_fresh_servers_where_the_first_is_dead(fatal: frozenset[Rule]) -> None:
    """Given a server that stops for good at its first case, or at a later one; then that one is named."""
    Stops = type("Stops", (broken.StopsListening,), {"fatal": fatal})  # noqa: N806 - a class
    with hostile(Stops()) as where:
        fresh = partial(hostile, again=Stops)
        looking = Search(replace(where, fresh=fresh), families()["associate"], each=1, born=where.fingerprint())
        with pytest.raises(Violation, match="others are not served") as found:
            looking.run()
    assert "one of" not in words.text(found.value.actual), found.value.evidence
    assert any("confirmed on a fresh server" in words.text(line) for line in found.value.evidence)


def test_what_was_found_stays_found_where_it_cannot_be_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a shrinker that breaks (seen: a SystemError of the ast module of CPython 3.11); then it is still a FAIL."""

    def breaks(*_: object) -> Case:
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr(Search, "_smallest", breaks)
    with hostile(lenient(Rule.PROTOCOL_VERSION)()) as where, pytest.raises(Violation, match="accepted") as found:
        Search(where, families()["associate"], each=1, born=where.fingerprint()).run()
    assert any("SystemError" in words.text(line) for line in found.value.evidence)


def test_every_fault_has_a_defect() -> None:
    assert {fault for _, _, fault in DEFECTS.values()} | {Fault.AFTER} == set(Fault)


@pytest.mark.parametrize("what", ["memory", "descriptors", "threads", "processes"])
def test_a_leak_is_a_slope(what: str) -> None:
    """Given a peer that keeps something for each association, and a sound one; then only the first one grows."""
    for peer, leaks in ((leaking(what)(), True), (Peer(), False)):
        with hostile(peer) as where:
            seen = grown(where, peer.usage, 10)
        with pytest.raises(Violation, match=what) if leaks else nullcontext():
            must_not_grow(seen, what)


@pytest.mark.parametrize(("peer", "fails"), [(Peer, False), (broken.OneMessageAtATime, True)])
def test_others_are_served_beside_a_peer_that_holds_on(peer: type[Peer], fails: bool) -> None:
    idle = Case("idle", 0, "PS3.8 9.1.5", Expectation.WAITING, (Step("plain"),))
    with hostile(peer()) as where, pytest.raises(Violation, match="Silent") if fails else nullcontext():
        must_serve_others(where, [idle] * 3, "are idle")

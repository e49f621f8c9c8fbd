"""Archives with manners of their own: pages that hold nothing, limits of their own, a service that is dead."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pacs_hardening.model import Control, Endpoint, Impact, Node, Severity, Target, Unmeasurable, Unserved
from pacs_hardening.model.response import DimseStatus, Rejected, Served, Silent, Stage
from pacs_hardening.probes.appear import awaited
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.dicom import negotiation
from pacs_hardening.probes.dicom.association import Attempt, Peer
from pacs_hardening.probes.offered import offered
from pacs_hardening.run.alive import Alive
from pacs_hardening.space import operation, services
from pacs_hardening.space import played as outcome
from pacs_hardening.space.bid import Bid
from pacs_hardening.space.dimension import Base, Kind, Way
from pacs_hardening.space.play import Player
from pacs_hardening.wire import operations, pace, pdu
from pacs_hardening.wire.http import Answer
from pacs_hardening.wire.pages import holds_nothing, is_login
from pacs_hardening.wire.scu import request_for

HTML = {"content-type": "text/html"}


@pytest.mark.parametrize(
    ("body", "login", "empty"),
    [
        (b"<form><input name=user><input type=password></form>", True, True),
        (b"<!doctype html><title>Viewer</title><div id=app></div><script src=x.js></script>", False, True),
        (b"<html><script>window.location='/login'</script></html>", False, True),
        (b"<h1>Archive</h1><a href='/dicom-web/studies'>Studies</a>", False, False),
        (b"<table><tr><td>DOE^JANE</td></tr></table><script></script>", False, False),
        (b"<p>" + b"DOE^JANE " * 60 + b"</p><input type='password'>", False, False),
        (b"<html></html>", False, False),
    ],
)
def test_pages_that_hold_nothing(body: bytes, login: bool, empty: bool) -> None:
    assert is_login(Answer(200, HTML, body)) is login
    assert holds_nothing(Answer(200, HTML, body)) is empty
    assert not holds_nothing(Answer(200, {"content-type": "application/json"}, body))


@pytest.mark.parametrize(
    ("reply", "busy"), [((2, 3, 2), True), ((2, 3, 1), True), ((1, 1, 3), False), ((1, 2, 1), False)]
)
def test_what_is_said_of_the_archive_and_not_of_who_asks(reply: tuple[int, int, int], busy: bool) -> None:
    assert Rejected(*reply).is_busy is busy


def test_too_wide_a_query_is_bounded() -> None:
    assert DimseStatus(0xA700).is_out_of_resources
    assert not DimseStatus(0x0124).is_out_of_resources


def test_connections_keep_to_a_pace() -> None:
    here = Endpoint("dicom", "pace.invalid", 104, tls=False)
    pace.keep_to(here, 20)
    began = time.monotonic()
    for _ in range(4):
        pace.await_turn(here)
    assert time.monotonic() - began >= 0.14


def test_what_must_appear_is_awaited() -> None:
    looks = iter([False, False, True])
    assert awaited(lambda: next(looks), "a study")
    assert not awaited(lambda: False, "a study", seconds=0.05)


WEB, DICOM = (Endpoint(service, "127.0.0.1", 1, tls=True) for service in ("web", "dicom"))
FURTHER = Endpoint("web", "127.0.0.1", 2, tls=True)


class Serves(Authorised):
    """Serves, but at the endpoints that ``failing`` names."""

    def __init__(self, target: Target, failing: dict[Endpoint, Unmeasurable]) -> None:
        super().__init__(target)
        self.failing = failing

    def lives_at(self, endpoint: Endpoint) -> None:
        if endpoint in self.failing:
            raise self.failing[endpoint]


def _alive(**failing: Unmeasurable) -> Alive:
    target = Target("t", "T", (DICOM, WEB, FURTHER))
    places = {"web": WEB, "dicom": DICOM, "further": FURTHER}
    return Alive.of(target, Serves(target, {places[name]: error for name, error in failing.items()}))


def _control(area: str, *needs: str) -> Control:
    return Control(f"{area}.x", "It MUST.", "It is open.", Severity.HIGH, Impact.PASSIVE, needs=frozenset(needs))


def test_a_dead_service_spoils_only_what_is_asked_of_it() -> None:
    alive = _alive(web=Unmeasurable("no TCP connection"))
    assert alive.forbids(_control("web", "web")) == "no TCP connection"
    assert alive.forbids(_control("authorisation", "dicom")) is alive.doubts(_control("authorisation", "dicom")) is None
    assert alive.doubts(_control("host")) is None
    assert alive.doubts(_control("transport")) == "no TCP connection", "it says something of all endpoints"
    assert alive.reason == "no TCP connection", "the run as a whole is no pass"


def test_who_is_refused_himself_believes_no_refusal_there() -> None:
    alive = _alive(dicom=Unserved("A-ASSOCIATE-RJ"))
    assert alive.forbids(_control("authorisation", "dicom")) is None, "an open one can still be found"
    assert alive.doubts(_control("authorisation", "dicom")) == "A-ASSOCIATE-RJ"
    assert alive.doubts(_control("web", "web")) is None


def test_a_further_door_spoils_its_service_and_nothing_else() -> None:
    alive = _alive(further=Unmeasurable("not trusted"))
    assert alive.asked == ("dicom", "web")
    assert alive.doubts(_control("web", "web")) == "not trusted"
    assert alive.doubts(_control("authorisation", "dicom")) is None


def test_where_nothing_is_there_nothing_is_asked() -> None:
    with pytest.raises(Unmeasurable, match="gone"):
        _alive(web=Unmeasurable("gone"), dicom=Unmeasurable("gone"))


ECHO, CAPTURE = operations.VERIFICATION, operations.SECONDARY_CAPTURE


class Bears:
    """Stands in for `associate_as`: an archive that rejects more than ``most`` contexts and grants ``granted``."""

    def __init__(self, most: int, *granted: str, only_first: bool = False) -> None:
        self.most, self.granted, self.only_first = most, granted, only_first
        self.asked: list[int] = []

    def __call__(self, target: Target, peer: Peer, **given: Any) -> Attempt:
        contexts = given["request"].contexts
        self.asked.append(len(contexts))
        if len(contexts) > self.most and not self.only_first:
            return Attempt(peer, DICOM, None, Rejected(1, 3, 2))
        results = {
            context.id: (0 if context.abstract in self.granted and place < self.most else 3, context.transfers[0])
            for place, context in enumerate(contexts)
        }
        return Attempt(peer, DICOM, None, Served(), accepted=pdu.Accepted(results))


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests found out about other archives."""
    monkeypatch.setattr(pace, "_contexts", [negotiation.MOST])
    monkeypatch.setattr(pace, "_noticed", {})


@pytest.mark.usefixtures("forgotten")
@pytest.mark.parametrize("only_first", [False, True], ids=["rejects", "grants the first"])
@pytest.mark.parametrize("most", [1, 2, 8, 16, 128])
def test_what_is_offered_is_found_whatever_an_association_bears(
    monkeypatch: pytest.MonkeyPatch, most: int, only_first: bool
) -> None:
    archive = Bears(most, operations.GET["STUDY"], CAPTURE, only_first=only_first)
    monkeypatch.setattr(negotiation, "associate_as", archive)
    target = Target("t", "T", (DICOM,))
    found = offered(target, Peer("node 'all'", b"GATE"), DICOM, stores=True)
    assert found is not None
    assert found == {operations.GET["STUDY"], CAPTURE}
    assert pace.contexts() == most
    archive.asked.clear()
    uids = negotiation.known_uids("SOP Class")
    proposals = [(uid, (pdu.IMPLICIT_LE,)) for uid in uids]
    accepted = negotiation.accepted_syntaxes(target, Peer("node", b"GATE"), proposals, operations.GET["STUDY"])
    assert accepted == [f"{CAPTURE} in {pdu.IMPLICIT_LE}"]
    assert max(archive.asked) <= most
    assert len(archive.asked) <= len(uids) // max(1, most - 1) + 1


class Mute(Player):
    """Stands in for a peer to which nobody's ``odd`` bids are answered; an authorised node is ``served``."""

    def __init__(self, target: Target, *, served: bool) -> None:
        super().__init__(target, prove=self.proven)
        self.served, self.asked = served, list[bytes]()

    def proven(self, endpoint: Endpoint) -> None:
        if not self.served:
            raise Unmeasurable("no answer")

    def _converse(self, bid: Bid) -> outcome.Played:
        self.asked.append(bid.calling)
        odd = bid.first_context == 2
        return outcome.Played(
            Way(""), outcome.Answer.UNMEASURED if odd else outcome.Answer.REFUSED, Silent(4, Stage.ASSOCIATION)
        )


@pytest.mark.parametrize("served", [True, False])
def test_what_no_node_is_answered_is_refused_where_nodes_are_served(served: bool) -> None:
    target = Target("t", "T", (DICOM,), nodes={"all": Node("all", "GATE", frozenset({"find"}))})
    start = Bid(target, DICOM, b"STRANGER", b"T", requests=(services.FIND,))
    base = Base("stranger", Kind.STRANGER, start, tuple(operation.contexts()))
    ways = [(base, Way.of("stranger", {"context-ids": "even"}))] * 3
    player = Mute(target, served=served)
    (played,) = player.play_all(ways)
    assert {each.answer for each in played} == {outcome.Answer.REFUSED if served else outcome.Answer.UNMEASURED}
    assert player.asked.count(b"GATE") == 1, "it is asked once for all"
    assert player.asked.count(b"STRANGER") == (3 if served else 6)
    assert player.lanes >= 4 if served else player.lanes == 2


@pytest.mark.usefixtures("forgotten")
def test_a_retrieval_offers_no_more_than_an_association_bears() -> None:
    pace.offer_at_most(1)
    request = request_for(b"PACS", b"GATE", None, operations.get())
    assert [context.abstract for context in request.contexts] == [operations.GET["STUDY"]]

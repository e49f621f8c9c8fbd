"""What counts as refused, and what does not: one good and one bad case for each way."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from pacs_hardening.model import Door, Inapplicable, Target, Unmeasurable, Violation
from pacs_hardening.oracle import must_be_tls, must_differ, must_refuse, must_refuse_association, must_refuse_web
from pacs_hardening.probes.association import Attempt, Outcome, Peer
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.web import WebAttempt
from pacs_hardening.wire.http import Answer
from pacs_hardening.wire.pdu import Accepted

DOOR = Door("dicom", "127.0.0.1", 104, tls=False)
WEB = Door("web", "127.0.0.1", 80, tls=True)
REFUSED = Attempt(Peer("stranger", b"X"), DOOR, "C-FIND", Outcome.REFUSED, "A-ABORT (source 0, reason 0)", "C-FIND")


class Served(Authorised):
    """An authorised user who gets a page, or does not."""

    def __init__(self, works: bool) -> None:
        super().__init__(Target("t", "T", (WEB,)))
        self.works = works

    def web(self, *_: object, **__: object) -> Answer:
        if not self.works:
            raise Unmeasurable("positive control failed")
        return Answer(200, MappingProxyType({}), b"page")


def test_a_refusal_is_one() -> None:
    must_refuse([REFUSED])
    must_refuse_association([replace(REFUSED, stage="A-ASSOCIATE-RQ")])


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (replace(REFUSED, outcome=Outcome.SERVED, how="DIMSE status 0000H"), "served"),
        (replace(REFUSED, outcome=Outcome.SILENT, how="no answer within 8 s"), "hang is not a refusal"),
        (replace(REFUSED, datasets=(b"x",)), "1 data sets came back"),
    ],
)
def test_what_is_no_refusal(attempt: Attempt, words: str) -> None:
    with pytest.raises(Violation, match=words):
        must_refuse([REFUSED, attempt])


def test_an_accepted_association_is_no_refusal_of_it() -> None:
    with pytest.raises(Violation, match="after A-ASSOCIATE-AC"):
        must_refuse_association([replace(REFUSED, accepted=Accepted())])


def test_nothing_attempted_proves_nothing() -> None:
    with pytest.raises(Inapplicable):
        must_refuse([])


def test_the_answer_of_an_authorised_node_is_no_refusal() -> None:
    unable = replace(REFUSED, how="DIMSE status C000H")
    must_differ([REFUSED], unable)
    with pytest.raises(Violation, match="as for an authorised node"):
        must_differ([unable], replace(unable, peer=Peer("node", b"N")))


def answered(status: int) -> WebAttempt:
    return WebAttempt(WEB, "GET /x", Answer(status, MappingProxyType({}), b""), f"HTTP {status}")


@pytest.mark.parametrize("attempt", [answered(401), answered(403), WebAttempt(WEB, "GET /x", None, "closed")])
def test_a_web_refusal_is_one(attempt: WebAttempt) -> None:
    must_refuse_web([attempt], Served(True), "/x")
    with pytest.raises(Unmeasurable):
        must_refuse_web([attempt], Served(False), "/x")


@pytest.mark.parametrize("status", [200, 204, 206])
def test_a_web_answer_is_none(status: int) -> None:
    for works in (True, False):
        with pytest.raises(Violation):
            must_refuse_web([answered(401), answered(status)], Served(works), "/x")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_is_neither_is_not_measured(status: int) -> None:
    with pytest.raises(Unmeasurable, match="neither"):
        must_refuse_web([answered(status)], Served(True), "/x")


def test_tls_is_judged_where_there_is_some() -> None:
    assert must_be_tls(Target("t", "T", (DOOR, WEB)), "web") == [WEB]
    with pytest.raises(Inapplicable):
        must_be_tls(Target("t", "T", (DOOR, WEB)), "dicom")

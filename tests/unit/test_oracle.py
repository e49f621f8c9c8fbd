"""What counts as refused, and what does not: one good and one bad case for each way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from pacs_hardening.model import Door, Inapplicable, Target, Unmeasurable, Violation
from pacs_hardening.oracle import (
    must_be_tls,
    must_differ,
    must_not_process,
    must_refuse,
    must_refuse_association,
    must_refuse_web,
)
from pacs_hardening.probes.association import Attempt, Outcome, Peer
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.web import WebAttempt
from pacs_hardening.wire.http import Answer
from pacs_hardening.wire.pdu import Accepted

DOOR = Door("dicom", "127.0.0.1", 104, tls=False)
WEB = Door("web", "127.0.0.1", 80, tls=True)
REFUSED = Attempt(Peer("stranger", b"X"), DOOR, "C-FIND", Outcome.REFUSED, "A-ABORT (source 0, reason 0)", "C-FIND")


PAGE = b"the page that a user gets"


class Served(Authorised):
    """An authorised user who gets a page, or does not."""

    def __init__(self, works: bool) -> None:
        super().__init__(Target("t", "T", (WEB,)))
        self.works = works

    def web(self, *_: object, absent: bool = False, **__: object) -> Answer:
        if not self.works:
            raise Unmeasurable("positive control failed")
        if absent:
            return Answer(404, MappingProxyType({}), b"no such object")
        return Answer(200, MappingProxyType({}), PAGE)


def test_a_refusal_is_one() -> None:
    must_refuse([REFUSED])
    must_refuse_association([replace(REFUSED, stage="A-ASSOCIATE-RQ")])


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (replace(REFUSED, outcome=Outcome.SERVED, how="DIMSE status 0000H"), "served"),
        (replace(REFUSED, outcome=Outcome.SILENT, how="no answer within 8 s"), "hang is not a refusal"),
        (replace(REFUSED, received=7), "7 bytes of data sets came back"),
        (replace(REFUSED, how="DIMSE status A702H", completed=5), "5 objects were sent away"),
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


def test_all_that_is_open_is_named() -> None:
    served = replace(REFUSED, outcome=Outcome.SERVED, how="DIMSE status 0000H")
    with pytest.raises(Violation) as caught:
        must_refuse([served, REFUSED, replace(served, peer=Peer("another", b"Y"))])
    assert "another" in caught.value.also[0]


def test_what_could_not_be_measured_does_not_hide_what_was() -> None:
    def attempts(first: Attempt) -> Iterator[Attempt]:
        yield first
        raise Unmeasurable("the second door was dead")

    with pytest.raises(Violation):
        must_refuse(attempts(replace(REFUSED, outcome=Outcome.SERVED)))
    with pytest.raises(Unmeasurable):
        must_refuse(attempts(REFUSED))


@pytest.mark.parametrize(("status", "processed"), [("0112H", True), ("0110H", True), ("0124H", False)])
def test_no_such_object_is_no_refusal(status: str, processed: bool) -> None:
    attempt = replace(REFUSED, how=f"DIMSE status {status}")
    if not processed:
        must_not_process([REFUSED, attempt])
        return
    with pytest.raises(Violation, match="was processed"):
        must_not_process([REFUSED, attempt])


def answered(status: int, body: bytes = b"", **headers: str) -> WebAttempt:
    return WebAttempt(WEB, "GET /x", Answer(status, MappingProxyType(headers), body), f"HTTP {status}")


@pytest.mark.parametrize("status", [401, 302, 404])
def test_content_is_content_whatever_the_status(status: int) -> None:
    with pytest.raises(Violation, match="what a user gets"):
        must_refuse_web([answered(status, b"<html>" + PAGE)], Served(True), "/x")
    with pytest.raises(Violation, match="what a user gets"):
        must_refuse_web([answered(status, b"{}", **{"content-type": "application/dicom+json"})], Served(True), "/x")


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


def test_where_nothing_is_stored_404_is_the_answer_of_those_who_may_ask() -> None:
    must_refuse_web([answered(401)], Served(True), "/x", absent=True)
    with pytest.raises(Violation):
        must_refuse_web([answered(404)], Served(True), "/x", absent=True)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_is_neither_is_not_measured(status: int) -> None:
    with pytest.raises(Unmeasurable, match="neither"):
        must_refuse_web([answered(status)], Served(True), "/x")


def test_tls_is_judged_where_there_is_some() -> None:
    assert must_be_tls(Target("t", "T", (DOOR, WEB)), "web") == [WEB]
    with pytest.raises(Inapplicable):
        must_be_tls(Target("t", "T", (DOOR, WEB)), "dicom")

"""What counts as refused, and what does not: one good and one bad case for each way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from pacs_hardening.model import (
    Endpoint,
    Inapplicable,
    Target,
    Unmeasurable,
    Violation,
)
from pacs_hardening.model.response import Aborted, Closed, DimseStatus, Response, Served, Silent
from pacs_hardening.oracles.access import must_differ, must_not_process, must_refuse, must_refuse_association
from pacs_hardening.oracles.transport import must_be_tls
from pacs_hardening.oracles.web import must_refuse_web
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.dicom.association import Attempt, Peer
from pacs_hardening.probes.web.request import WebAttempt
from pacs_hardening.report import words
from pacs_hardening.wire import operations
from pacs_hardening.wire.http import Answer
from pacs_hardening.wire.pdu import Accepted

ENDPOINT = Endpoint("dicom", "127.0.0.1", 104, tls=False)
WEB = Endpoint("web", "127.0.0.1", 80, tls=True)
REFUSED = Attempt(Peer("stranger", b"X"), ENDPOINT, operations.find("STUDY"), Aborted(0, 0))
SERVED = replace(REFUSED, response=Served(DimseStatus(0)))


PAGE = b"the page that a user gets"


class User(Authorised):
    """An authorised user who gets a page, or does not."""

    def __init__(self, works: bool) -> None:
        super().__init__(Target("t", "T", (WEB,)))
        self.works = works

    def web(self, *_: object, **__: object) -> Answer:
        if not self.works:
            raise Unmeasurable("positive control failed")
        return Answer(200, MappingProxyType({}), PAGE)


def test_a_refusal_is_one() -> None:
    must_refuse([REFUSED])
    must_refuse_association([replace(REFUSED, operation=None)])


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (SERVED, "served"),
        (replace(REFUSED, response=Silent(8.0)), "hang is not a refusal"),
        (replace(REFUSED, received=7), "7 bytes of data sets came back"),
        (replace(REFUSED, response=DimseStatus(0xA702), completed=5), "5 objects were sent away"),
    ],
)
def test_what_is_no_refusal(attempt: Attempt, said: str) -> None:
    with pytest.raises(Violation) as caught:
        must_refuse([REFUSED, attempt])
    assert said in words.text(caught.value.actual)


def test_an_accepted_association_is_no_refusal_of_it() -> None:
    with pytest.raises(Violation, match="after A-ASSOCIATE-AC"):
        must_refuse_association([replace(REFUSED, accepted=Accepted())])


def test_nothing_attempted_proves_nothing() -> None:
    with pytest.raises(Unmeasurable, match="nothing was attempted"):
        must_refuse([])


def test_the_answer_of_an_authorised_node_is_no_refusal() -> None:
    unable = replace(REFUSED, response=DimseStatus(0xC000))
    must_differ([REFUSED], unable)
    with pytest.raises(Violation, match="as for an authorised node"):
        must_differ([unable], replace(unable, peer=Peer("node", b"N")))


def test_all_that_is_open_is_named() -> None:
    with pytest.raises(Violation) as caught:
        must_refuse([SERVED, REFUSED, replace(SERVED, peer=Peer("another", b"Y"))])
    assert "another" in words.text(caught.value.also[0])


def test_what_could_not_be_measured_does_not_hide_what_was() -> None:
    def attempts(first: Attempt) -> Iterator[Attempt]:
        yield first
        raise Unmeasurable("the second endpoint was dead")

    with pytest.raises(Violation):
        must_refuse(attempts(SERVED))
    with pytest.raises(Unmeasurable):
        must_refuse(attempts(REFUSED))


@pytest.mark.parametrize(
    ("response", "processed"),
    [
        *((DimseStatus(code), True) for code in (0x0112, 0x0110, 0xC000)),
        *((DimseStatus(code), False) for code in (0x0122, 0x0124, 0x0211)),
        (Served(DimseStatus(0)), True),
        (Closed(), False),
    ],
)
def test_no_such_object_is_no_refusal(response: Response, processed: bool) -> None:
    attempt = replace(REFUSED, response=response)
    if not processed:
        must_not_process([REFUSED, attempt])
        return
    with pytest.raises(Violation, match="was processed"):
        must_not_process([REFUSED, attempt])


def answered(status: int, body: bytes = b"", **headers: str) -> WebAttempt:
    return WebAttempt(WEB, "GET /x", Answer(status, MappingProxyType(headers), body))


@pytest.mark.parametrize("status", [401, 302, 404])
def test_content_is_content_whatever_the_status(status: int) -> None:
    with pytest.raises(Violation, match="what a user gets"):
        must_refuse_web([answered(status, b"<html>" + PAGE)], User(True), "/x")
    with pytest.raises(Violation, match="what a user gets"):
        must_refuse_web([answered(status, b"{}", **{"content-type": "application/dicom+json"})], User(True), "/x")


@pytest.mark.parametrize("attempt", [answered(401), answered(403), WebAttempt(WEB, "GET /x", Closed())])
def test_a_web_refusal_is_one(attempt: WebAttempt) -> None:
    must_refuse_web([attempt], User(True), "/x")
    with pytest.raises(Unmeasurable):
        must_refuse_web([attempt], User(False), "/x")


@pytest.mark.parametrize("status", [200, 204, 206])
def test_a_web_answer_is_none(status: int) -> None:
    for works in (True, False):
        with pytest.raises(Violation):
            must_refuse_web([answered(401), answered(status)], User(works), "/x")


@pytest.mark.parametrize("status", [302, 404, 410])
def test_who_is_sent_elsewhere_while_the_user_is_served_was_refused(status: int) -> None:
    must_refuse_web([answered(status)], User(True), "/x")
    with pytest.raises(Unmeasurable):
        must_refuse_web([answered(status)], User(False), "/x")


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_what_is_neither_is_not_measured(status: int) -> None:
    with pytest.raises(Unmeasurable, match="neither"):
        must_refuse_web([answered(status)], User(True), "/x")


def test_tls_is_judged_where_there_is_some() -> None:
    assert must_be_tls(Target("t", "T", (ENDPOINT, WEB)), "web") == [WEB]
    with pytest.raises(Inapplicable):
        must_be_tls(Target("t", "T", (ENDPOINT, WEB)), "dicom")

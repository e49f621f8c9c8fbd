"""Hostile peers: malformed, stalling, too many (PS3.8 9.2 and 9.3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pacs_hardening.fuzz.campaign import Search
from pacs_hardening.fuzz.conversation import Case, Expectation, Step
from pacs_hardening.fuzz.growth import Growth, must_not_grow
from pacs_hardening.fuzz.held import must_limit, must_serve_others
from pacs_hardening.fuzz.hostile import HostilePeers
from pacs_hardening.fuzz.parts import (
    REQUEST,
    on_association,
    send,
    stalled_request,
    stalled_store,
)
from pacs_hardening.fuzz.verdict import must_stop
from pacs_hardening.model import (
    Impact,
    Severity,
    Target,
    control,
)
from pacs_hardening.model.running import Running
from pacs_hardening.oracles.transport import must_be_tls
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.profiles import Profile

AVAILABILITY = ("PS3.8 9.2", "PS3.8 9.3")
STALLED = 8  # more than an archive commonly has workers
Searching = Callable[..., Search]
Peers = Callable[..., HostilePeers]


@pytest.mark.parametrize("family", ["associate", "items", "pdata", "command"])
@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="A device that sends nonsense stops the archive, or gets what it should not: no one else is served.",
    needs=("dicom",),
    references=("PS3.8 9.2", "PS3.8 9.3", "PS3.7 6.3", *AVAILABILITY),
)
def test_survives_malformed_associations(authorised: Authorised, search: Searching, family: str) -> None:
    """The archive MUST survive malformed associations: refuse them soon, serve the others meanwhile and after.

    It must accept no request that is invalid, answer or close within its time limit, return no data set, and remain
    the same process. One broken device, or one stolen certificate, must not be able to stop a hospital.

    hostile node -> a request, item, fragment or command with one thing wrong; archive -> RJ, A-ABORT or close;
    authorised node, at the same time -> C-ECHO, C-FIND; archive -> success.
    """
    search(family).run()


@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="A device that says the right things at the wrong time stops the archive.",
    needs=("dicom",),
    references=("PS3.8 9.2", *AVAILABILITY),
)
def test_survives_stateful_sequences(authorised: Authorised, search: Searching) -> None:
    """The archive MUST survive any order of legal and illegal events on an association.

    Releases, aborts and answers that nobody asked for lead through states that ordinary devices never reach, on one
    association and on several at once.

    hostile node -> a walk through the states of PS3.8 9.2; archive -> A-ABORT, release or close; others are served.
    """
    search("sequence").run()


@pytest.mark.parametrize("endpoint", ["dicom", "web"])
@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="Anybody who reaches the port can stop the archive, without a certificate.",
    references=("RFC 8446 5", "RFC 8446 6", *AVAILABILITY),
)
def test_survives_malformed_tls(target: Target, authorised: Authorised, search: Searching, endpoint: str) -> None:
    """The archive MUST survive malformed TLS, and protocols that are none, from somebody who has no certificate.

    stranger -> records with lengths that lie, half a handshake, plaintext; archive -> alert or close; others served.
    """
    must_be_tls(target, endpoint)
    search("tls", endpoint).run()


@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="Anybody who reaches the web port can stop the archive, without a password.",
    needs=("web",),
    references=("RFC 9112", *AVAILABILITY),
)
def test_survives_malformed_http(authorised: Authorised, search: Searching) -> None:
    """The archive MUST survive malformed HTTP requests from somebody who has no password.

    stranger -> lengths that lie, chunks without end, headers without number; archive -> 4xx or close; others served.
    """
    search("web", "web").run()


def _stalling(*steps: Step) -> list[Case]:
    return [Case("holds-on", 0, "PS3.8 9.1.5", Expectation.WAITING, steps)] * STALLED


@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="A few connections on which nothing is said keep everybody else waiting.",
    needs=("dicom",),
    references=("PS3.8 9.1.5", *AVAILABILITY),
)
def test_serves_others_while_peer_is_idle(hostile_peers: Peers) -> None:
    """The archive MUST serve its nodes while other peers are connected and say nothing.

    Archives that read one association after the other wait for a silent peer while all others wait, too.

    peers -> TCP or TLS, then nothing; authorised node -> C-ECHO, C-FIND; archive -> success within 4 s.
    """
    peers = hostile_peers()
    must_serve_others(peers, _stalling(Step("plain")), "are connected and send nothing")
    if peers.endpoint.tls:
        must_serve_others(peers, _stalling(), "have TLS and send nothing")


@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="A few connections that stop within their first request keep everybody else waiting.",
    needs=("dicom",),
    references=("PS3.8 9.1.5", *AVAILABILITY),
)
def test_serves_others_while_peer_stalls_mid_request(hostile_peers: Peers) -> None:
    """The archive MUST serve its nodes while other peers have sent only a part of their A-ASSOCIATE-RQ.

    peers -> 94 bytes of a request, then nothing; authorised node -> C-ECHO, C-FIND; archive -> success within 4 s.
    """
    must_serve_others(hostile_peers(), _stalling(stalled_request()), "stall within a request")


@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="A few associations that stop within a transfer keep everybody else waiting.",
    needs=("dicom",),
    references=("PS3.8 9.2", *AVAILABILITY),
)
def test_serves_others_while_peer_stalls_mid_data(hostile_peers: Peers) -> None:
    """The archive MUST serve its nodes while other peers have sent only a part of an object.

    Each of them may keep one worker of the archive: there must be more workers than one node can hold.

    peers -> C-STORE-RQ and half of its data set; authorised node -> C-ECHO, C-FIND; archive -> success within 4 s.
    """
    must_serve_others(hostile_peers(), _stalling(*stalled_store()), "stall within an object")


@control(
    Severity.MEDIUM,
    Impact.DISRUPTIVE,
    exposure="One device can take all the archive's connections.",
    needs=("dicom",),
    references=("PS3.8 9.3.4", *AVAILABILITY),
)
def test_limits_associations_per_node(hostile_peers: Peers, profile: Profile) -> None:
    """The archive MUST limit how many associations one node holds at the same time.

    Otherwise one device that loses count, or is stolen, takes the places of all the others.

    node -> association after association, none released; archive -> A-ASSOCIATE-RJ or close from some number on.
    """
    peers, limit = hostile_peers(), profile.associations_per_node
    case = Case("holds", 0, "PS3.8 9.3.4", Expectation.WAITING, (Step("associate", REQUEST),))
    must_limit(peers, [case] * (limit + 1), limit)


@control(
    Severity.MEDIUM,
    Impact.DISRUPTIVE,
    exposure="A peer can make the archive take in as much as it likes to send.",
    needs=("dicom",),
    references=("PS3.8 9.3.1", "PS3.8 D.1", *AVAILABILITY),
)
def test_refuses_oversized_pdu(hostile_peers: Peers, running: Running) -> None:
    """The archive MUST refuse PDUs that are longer than any request, or longer than it has agreed to.

    node -> a PDU that announces 1 GiB, and begins to send it; archive -> A-ABORT or close before it has come.
    """
    steps = {
        "a request of 1 GiB": (send("01 00 40000000 00*33554432"),),
        "a P-DATA-TF of 1 GiB": tuple(on_association(send("04 00 40000000 3fffffff 01 02 00*33554432"))),
    }
    cases = [Case(name, 0, "PS3.8 9.3.1", Expectation.REFUSAL, each) for name, each in steps.items()]
    must_stop(list(hostile_peers().batches(cases)), running.fingerprint())


@pytest.mark.parametrize("what", ["memory", "descriptors", "threads", "processes"])
@control(
    Severity.MEDIUM,
    Impact.DISRUPTIVE,
    exposure="Every hostile association takes something for good: the archive stops one day, without any warning.",
    needs=("dicom", "usage"),
    references=("CWE-772", "CWE-401", *AVAILABILITY),
)
def test_bounds_what_hostile_associations_leave(growth: Callable[[], Growth], what: str) -> None:
    """The archive MUST give back the memory, file descriptors, threads and processes of a hostile association.

    A leak of one descriptor for each refused device ends the archive after a thousand of them.

    hostile node -> associations, in equal numbers, several times; archive -> holds afterwards what it held before.
    """
    must_not_grow(growth(), what)


@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="An object that is malformed stops the archive.",
    needs=("dicom",),
    references=("PS3.5 7", "CWE-674", "CWE-125", *AVAILABILITY),
)
def test_survives_malformed_datasets(authorised: Authorised, search: Searching) -> None:
    """The archive MUST survive malformed data sets, in objects that are stored and in queries.

    Lengths that lie, sequences nested deep and values of another kind are where parsers read what is not theirs.

    hostile node -> C-STORE or C-FIND with such a data set; archive -> any answer without data; others are served.
    """
    search("dataset").run()

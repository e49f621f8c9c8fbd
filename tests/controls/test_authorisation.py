"""What a node may do: nothing for strangers, and for each node no more than it needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pacs_hardening.model import (
    Impact,
    Missing,
    Severity,
    Target,
    Unmeasurable,
    Violation,
    control,
)
from pacs_hardening.oracles.access import must_differ, must_not_process, must_refuse
from pacs_hardening.oracles.ways import must_keep_within, must_serve_in_no_way
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.authorised.served import somewhere
from pacs_hardening.probes.dicom.association import Peer, associate_as
from pacs_hardening.probes.plant import plant
from pacs_hardening.probes.unauthorised import demand_stranger, tried_by_strangers
from pacs_hardening.run.bounding import Listed, Posted, Replaced, Searched, Sent
from pacs_hardening.run.exploring import Explore
from pacs_hardening.space import people
from pacs_hardening.wire import operations
from pacs_hardening.wire.scu import Operation

ACCESS = ("CWE-862",)
LEAST = ("CWE-863",)


@pytest.mark.parametrize("level", operations.FIND)
@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the DICOM port can list patients and their studies.",
    needs=("dicom",),
    references=(*ACCESS, "PS3.4 C.4.1"),
)
def test_refuses_anonymous_find(target: Target, authorised: Authorised, level: str) -> None:
    """The archive MUST refuse C-FIND to peers that are not authorised, at every level and for worklists.

    This is the query that listed five million patients in 2019. The key matches nothing: Success without a
    match proves that the query was allowed, and no patient data is touched.

    stranger -> C-FIND-RQ; archive -> refusal at any layer, and no identifier.
    """
    must_refuse(tried_by_strangers(target, operations.find(level)))
    demand_stranger(target)
    authorised.must_be_offered(operations.find(level))
    authorised.find(level)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the DICOM port can download images.",
    needs=("dicom",),
    references=(*ACCESS, "PS3.4 C.4.3"),
)
def test_refuses_anonymous_get(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse C-GET to peers that are not authorised.

    stranger -> C-GET-RQ for a synthetic study; archive -> refusal at any layer, not one byte of an object.
    """
    asked = [operations.get(target.sample_study, root) for root in operations.GET]
    attempts = list(tried_by_strangers(target, *asked))
    must_refuse(attempts)
    demand_stranger(target)
    must_differ(attempts, authorised.get())


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the DICOM port can have images sent away.",
    needs=("dicom",),
    references=(*ACCESS, "PS3.4 C.4.2"),
)
def test_refuses_anonymous_move(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse C-MOVE to peers that are not authorised, even to a destination that it knows.

    stranger -> C-MOVE-RQ for a synthetic study; archive -> refusal at any layer.
    """
    asked = [operations.move(somewhere(target), target.sample_study, root) for root in operations.MOVE]
    attempts = list(tried_by_strangers(target, *asked))
    must_refuse(attempts)
    demand_stranger(target)
    must_differ(attempts, authorised.move())
    authorised.demand_destination()


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="ANYONE who reaches the DICOM port can put false images into patients' records.",
    needs=("dicom",),
    references=(*ACCESS, "PS3.4 B.2"),
)
def test_refuses_anonymous_store(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse C-STORE from peers that are not authorised.

    stranger -> C-STORE-RQ with a synthetic object; archive -> refusal at any layer.
    """
    must_refuse(tried_by_strangers(target, operations.store(authorised.an_object())))
    demand_stranger(target)
    authorised.store()


@control(
    Severity.LOW,
    Impact.PASSIVE,
    exposure="Anyone can tell that a DICOM archive answers here.",
    needs=("dicom",),
    references=ACCESS,
)
def test_refuses_anonymous_echo(target: Target) -> None:
    """The archive MUST refuse C-ECHO to peers that are not authorised.

    An answer confirms to a scanner that it has found an archive and a valid name.

    stranger -> C-ECHO-RQ; archive -> refusal at any layer.
    """
    must_refuse(tried_by_strangers(target, operations.echo()))
    demand_stranger(target)


@pytest.mark.parametrize("service", ["N-ACTION", "N-CREATE", "N-SET", "N-DELETE"])
@control(
    Severity.HIGH,
    Impact.ACTIVE,
    exposure="Strangers can alter procedure steps or storage commitments.",
    needs=("dicom",),
    references=(*ACCESS, "PS3.7 10.1"),
)
def test_refuses_normalized_services_from_unknown(target: Target, service: str) -> None:
    """The archive MUST refuse normalized services to peers that are not authorised.

    Storage commitment, performed procedure step and print objects are as much the record as images are.

    stranger -> N-ACTION, N-CREATE, N-SET or N-DELETE-RQ for an object that does not exist; archive -> refusal.
    """
    attempts = list(tried_by_strangers(target, operations.normalized(service)))
    must_refuse(attempts)
    must_not_process(attempts)
    demand_stranger(target)


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="Images can be sent to places that nobody has approved.",
    needs=("dicom",),
    references=(*LEAST, "PS3.4 C.4.2"),
)
def test_refuses_move_to_unknown_destination(
    target: Target, authorised: Authorised, arrivals: Callable[[], int] | None, sent_elsewhere: Sent
) -> None:
    """The archive MUST refuse C-MOVE to a destination that it does not declare, and nothing may arrive there.

    Stale and factory destinations are how studies leave unnoticed: the address behind them may have a new owner.

    each node that may move -> C-MOVE-RQ to other nodes, to what resembles the declared title, and to factory and likely
    names; archive -> failure status, no sub-operation completed.
    """
    if target.sample_study is None:
        raise Unmeasurable("without a stored synthetic study an unknown destination looks like an unknown study")
    before = arrivals() if arrivals else 0
    must_keep_within("failure status A801H or another refusal", sent_elsewhere(target.sample_study).causes)
    arrived = (arrivals() if arrivals else 0) - before
    if arrived:
        raise Violation("nothing arrives", f"{arrived} objects arrived at a destination that is not declared")
    authorised.move()
    authorised.demand_destination()


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="A workstation that should only look can put images into the archive.",
    needs=("dicom",),
    references=LEAST,
)
def test_refuses_store_from_query_node(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse C-STORE from a node that may only query.

    query node -> C-STORE-RQ; archive -> refusal, while the same node's C-FIND succeeds.
    """
    node = authorised.node("query")
    must_refuse([associate_as(target, Peer.of(node), operations.store(authorised.an_object()))])
    authorised.find(role="query")
    authorised.store()


def _store_node_must_not(service: str, target: Target) -> list[Operation]:
    """The service at every level and in both information models."""
    if service == "C-FIND":
        return [operations.find(level) for level in operations.FIND if level != "WORKLIST"]
    if service == "C-GET":
        return [operations.get(target.sample_study, root) for root in operations.GET]
    return [operations.move(somewhere(target), target.sample_study, root) for root in operations.MOVE]


@pytest.mark.parametrize("service", ["C-FIND", "C-GET", "C-MOVE"])
@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="A device that should only send images can search and fetch those of all patients.",
    needs=("dicom",),
    references=LEAST,
)
def test_refuses_query_from_store_node(target: Target, authorised: Authorised, service: str) -> None:
    """The archive MUST refuse C-FIND, C-GET and C-MOVE from a node that may only store.

    Modalities are old, many and badly patched: whoever takes one over must not inherit the archive.

    store node -> C-FIND-RQ, C-GET-RQ or C-MOVE-RQ; archive -> refusal, while the node's C-ECHO succeeds.
    """
    peer = Peer.of(authorised.node("store"))
    attempts = [associate_as(target, peer, operation) for operation in _store_node_must_not(service, target)]
    must_refuse(attempts)
    authorised.echo("store")
    may = {"C-FIND": authorised.find, "C-GET": authorised.get, "C-MOVE": authorised.move}[service]()
    must_differ(attempts, may)
    if service == "C-MOVE":
        authorised.demand_destination()


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="A stranger who asks in the right way can search or download patients' images.",
    needs=("dicom",),
    references=(*ACCESS, "CWE-290", "PS3.7 D.3.3", "PS3.4 C"),
)
def test_refuses_strangers_in_every_way(target: Target, explore: Explore) -> None:
    """The archive MUST refuse peers that are not authorised, in whatever way they ask.

    Whoever may do nothing here may do nothing under another name, with another implementation class UID, a user
    identity, another information model or level, as a later message, or in any two of these together. What is served
    is reduced to the smallest thing that makes it so.

    stranger -> A-ASSOCIATE-RQ and each service of PS3.4, with each value of all that can vary; archive -> refusal.
    """
    must_serve_in_no_way(explore("a stranger", people.strangers(target), 0.45).causes)
    demand_stranger(target)


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="A stranger who asks in the right way can put false objects into patients' records.",
    needs=("dicom",),
    references=(*ACCESS, "CWE-290", "PS3.4 B.2"),
)
def test_refuses_strangers_to_store_in_any_way(target: Target, explore: Explore) -> None:
    """The archive MUST refuse C-STORE from peers that are not authorised, of whatever object and in whatever way.

    stranger -> C-STORE-RQ of each storage class, with each value of all that can vary; archive -> refusal.
    """
    must_serve_in_no_way(explore("a stranger who stores", people.storing_strangers(target), 0.15).causes)
    demand_stranger(target)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="A device that asks in the right way can do what it may not, or act as another.",
    needs=("dicom",),
    references=(*LEAST, "CWE-290", "PS3.7 D.3.3.7"),
)
def test_grants_no_more_in_any_way(target: Target, explore: Explore) -> None:
    """The archive MUST grant a node what that node may, and nothing else, in whatever way it asks.

    A node has its own certificate with the AE title of another, or no passcode where nodes have one; a modality asks
    for images, a workstation stores: each in every way.

    node -> A-ASSOCIATE-RQ and requests that it may not make, with each value of all that can vary; archive -> refusal.
    """
    must_serve_in_no_way(explore("a node that may not", people.overreaching(target), 0.35).causes)


WITH = {"STUDY": ("PATIENT", "STUDY"), "IMAGE": ("SERIES", "IMAGE")}  # case -> levels


@pytest.mark.parametrize("level", WITH)
@control(
    Severity.MEDIUM,
    Impact.WRITES,
    exposure="One query can list every patient that the archive holds.",
    needs=("dicom",),
    references=("PS3.4 C.4.1",),
)
def test_limits_query_results(
    target: Target, authorised: Authorised, searched: Searched, listed: Listed, level: str
) -> None:
    """The archive MUST bound how many matches one query returns, at every level, to whoever asks in whatever way.

    An unbounded answer makes one stolen workstation enough to copy the whole index, and exhausts the archive.

    authorised node -> stores limit + 1 patients, studies, series or instances; each node -> a C-FIND that matches all,
    by every kind of key, and by QIDO-RS as a user; archive -> at most limit.
    """
    limit = target.query_limit
    if limit is None:
        raise Missing("the target declares no query_limit to compare with")
    planted = [plant(authorised, limit, each) for each in WITH[level]]
    found = [explored for each in planted for explored in (searched(each), *listed(each))]
    must_keep_within(f"at most {limit} matches", [cause for each in found for cause in each.causes])
    authorised.find(level)


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Images in the archive can be replaced by sending others under the same number.",
    needs=("dicom",),
    references=("PS3.4 B.4.1",),
)
def test_refuses_overwrite_of_stored_instance(authorised: Authorised, replaced: Replaced, posted_over: Posted) -> None:
    """The archive MUST keep a stored instance when another object arrives with the same SOP Instance UID, whoever sends
    it and however.

    The record of an examination is evidence: who can store must not thereby be able to falsify.

    authorised node -> C-STORE, then others with that UID: of each class and transfer syntax, of other content, with
    each value of all that can vary, and by STOW-RS as a user; C-GET, or WADO-RS where nobody may C-GET -> returns the
    first.
    """
    explored = [replaced(), *posted_over()]
    must_keep_within("the first object kept", [cause for each in explored for cause in each.causes])
    authorised.store()

"""What a node may do: nothing for strangers, and for each node no more than it needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pacs_hardening.model import (
    Impact,
    Inapplicable,
    Missing,
    Severity,
    Specimen,
    Target,
    Unmeasurable,
    Violation,
    control,
)
from pacs_hardening.oracle import must_differ, must_not_process, must_refuse
from pacs_hardening.probes.association import Outcome, Peer, knock
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.intruders import demand_stranger, tried_by_strangers
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
    if level == "WORKLIST" and authorised.is_not_offered(operations.find(level)):
        raise Inapplicable("the target serves no worklist, to authorised nodes neither")
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
    asked = [operations.get(target.specimen, root) for root in operations.GET]
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
    if target.move_destination is None:
        raise Inapplicable("the target declares no C-MOVE destination")
    asked = [operations.move(target.move_destination, target.specimen, root) for root in operations.MOVE]
    attempts = list(tried_by_strangers(target, *asked))
    must_refuse(attempts)
    demand_stranger(target)
    must_differ(attempts, authorised.move())


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
    must_refuse(tried_by_strangers(target, operations.store(operations.synthetic_object())))
    demand_stranger(target)
    authorised.store()


@control(
    Severity.LOW,
    Impact.PASSIVE,
    exposure="Anyone can tell that a DICOM archive answers here.",
    needs=("dicom",),
    references=ACCESS,
)
def test_refuses_anonymous_echo(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse C-ECHO to peers that are not authorised.

    An answer confirms to a scanner that it has found an archive and a valid name.

    stranger -> C-ECHO-RQ; archive -> refusal at any layer.
    """
    must_refuse(tried_by_strangers(target, operations.echo()))
    demand_stranger(target)
    authorised.echo()


@pytest.mark.parametrize("service", ["N-ACTION", "N-CREATE", "N-SET", "N-DELETE"])
@control(
    Severity.HIGH,
    Impact.ACTIVE,
    exposure="Strangers can alter procedure steps or storage commitments.",
    needs=("dicom",),
    references=(*ACCESS, "PS3.7 10.1"),
)
def test_refuses_normalized_services_from_unknown(target: Target, authorised: Authorised, service: str) -> None:
    """The archive MUST refuse normalized services to peers that are not authorised.

    Storage commitment, performed procedure step and print objects are as much the record as images are.

    stranger -> N-ACTION, N-CREATE, N-SET or N-DELETE-RQ for an object that does not exist; archive -> refusal.
    """
    attempts = list(tried_by_strangers(target, operations.normalized(service)))
    must_refuse(attempts)
    must_not_process(attempts)
    demand_stranger(target)
    authorised.echo()


# AE titles that toolkits give a storage SCP, and one that nobody has registered.
DESTINATIONS = ("STORESCP", "ANY-SCP", "MOVESCP", "TEST-NOBODY")


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="Images can be sent to places that nobody has approved.",
    needs=("dicom",),
    references=(*LEAST, "PS3.4 C.4.2"),
)
def test_refuses_move_to_unknown_destination(
    target: Target, authorised: Authorised, arrivals: Callable[[], int] | None
) -> None:
    """The archive MUST refuse C-MOVE to a destination that it does not declare, and nothing may arrive there.

    Stale and factory destinations are how studies leave unnoticed: the address behind them may have a new owner.

    authorised node -> C-MOVE-RQ to STORESCP and others; archive -> failure status, no sub-operation completed.
    """
    if target.move_destination is None:
        raise Inapplicable("the target declares no C-MOVE destination")
    if target.specimen is None:
        raise Unmeasurable("without a stored synthetic study an unknown destination looks like an unknown study")
    before = arrivals() if arrivals else 0
    peer = Peer.of(authorised.node("all"))
    attempts = [knock(target, peer, operations.move(title, target.specimen)) for title in DESTINATIONS]
    for title, attempt in zip(DESTINATIONS, attempts, strict=True):
        if attempt.completed:
            actual = f"C-MOVE to {title} ends with {attempt.how}, {attempt.completed} objects sent"
            raise Violation("failure status A801H or another refusal", actual, attempt.transcript)
    must_refuse(attempts)
    arrived = (arrivals() if arrivals else 0) - before
    if arrived:
        raise Violation("nothing arrives", f"{arrived} objects arrived at a destination that is not declared")
    authorised.move()


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
    must_refuse([knock(target, Peer.of(node), operations.store(operations.synthetic_object()))])
    authorised.find(role="query")
    authorised.store()


def _store_node_must_not(service: str, target: Target) -> list[Operation]:
    """The service at every level and in both information models."""
    if service == "C-FIND":
        return [operations.find(level) for level in operations.FIND if level != "WORKLIST"]
    if service == "C-GET":
        return [operations.get(target.specimen, root) for root in operations.GET]
    if target.move_destination is None:
        raise Inapplicable("the target declares no C-MOVE destination")
    return [operations.move(target.move_destination, target.specimen, root) for root in operations.MOVE]


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
    attempts = [knock(target, peer, operation) for operation in _store_node_must_not(service, target)]
    must_refuse(attempts)
    authorised.echo("store")
    may = {"C-FIND": authorised.find, "C-GET": authorised.get, "C-MOVE": authorised.move}[service]()
    must_differ(attempts, may)


@pytest.mark.parametrize("level", ["STUDY", "IMAGE"])
@control(
    Severity.MEDIUM,
    Impact.WRITES,
    exposure="One query can list every patient that the archive holds.",
    needs=("dicom",),
    references=("PS3.4 C.4.1",),
)
def test_limits_query_results(target: Target, authorised: Authorised, level: str) -> None:
    """The archive MUST bound how many matches one query returns.

    An unbounded answer makes one stolen workstation enough to copy the whole index, and exhausts the archive.

    authorised node -> stores limit + 1 studies, or instances, then a C-FIND that matches all; archive -> at most
    limit.
    """
    limit = target.query_limit
    if limit is None:
        raise Missing("the target declares no query_limit to compare with")
    keys = authorised.store_many(limit + 1, level)
    attempt = knock(target, Peer.of(authorised.node("all")), operations.find(level, keys), seconds=60)
    matches = len(attempt.datasets)
    if matches > limit:
        raise Violation(f"at most {limit} matches", f"{matches} matches in one answer", attempt.transcript)
    if attempt.outcome is Outcome.SILENT or not matches:
        raise Unmeasurable(f"{attempt.said}, with {matches} matches for {limit + 1} that were just stored")
    authorised.find(level)


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Images in the archive can be replaced by sending others under the same number.",
    needs=("dicom",),
    references=("PS3.4 B.4.1",),
)
def test_refuses_overwrite_of_stored_instance(target: Target, authorised: Authorised) -> None:
    """The archive MUST keep a stored instance when another object arrives with the same SOP Instance UID.

    The record of an examination is evidence: who can store must not thereby be able to falsify.

    authorised node -> C-STORE twice, one UID, different content, then C-GET; archive -> returns the first.
    """
    first = operations.synthetic_object(marker="TEST FIRST")
    specimen = Specimen(
        str(first.PatientID),
        str(first.StudyInstanceUID),
        str(first.SeriesInstanceUID),
        str(first.SOPInstanceUID),
        str(first.SOPClassUID),
    )
    authorised.succeeds(operations.store(first))
    second = operations.synthetic_object(specimen=specimen, marker="TEST OTHER")
    knock(target, Peer.of(authorised.node("all")), operations.store(second))
    kept = authorised.succeeds(operations.get(specimen)).datasets
    if any(b"TEST OTHER" in data for data in kept):
        raise Violation("the first object kept", "the second object took its place", ("C-GET returned the second",))
    if not any(b"TEST FIRST" in data for data in kept):
        raise Violation("the first object kept", "C-GET returned neither object")

"""Probe: what an archive takes and keeps: storage classes and transfer syntaxes, and an object that is to stay."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from ..model import Unmeasurable
from ..model.planted import Kept
from ..wire import operations, pdu, scu
from .appear import awaited
from .authorised import Authorised
from .authorised.study import retrieved, sample_of
from .dicom.association import Outcome, Peer, associate_as


def taken(authorised: Authorised, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Which of ``pairs`` of storage class and transfer syntax are negotiated with a node that may store."""
    node, target = authorised.node(authorised.who_may("store")), authorised.target
    contexts = tuple(pdu.Context(2 * n + 1, uid, (syntax,)) for n, (uid, syntax) in enumerate(pairs[:128]))
    request = replace(
        scu.request_for(target.called_aet.encode(), node.aet.encode(), node.identity, operations.echo()),
        contexts=contexts,
    )
    attempt = associate_as(target, Peer.of(node), request=request)
    if attempt.outcome is not Outcome.SERVED or attempt.accepted is None:
        raise Unmeasurable("positive control failed: ", attempt.observed)
    results = attempt.accepted.results
    return [pair for n, pair in enumerate(pairs[:128]) if results.get(2 * n + 1, (2, ""))[0] == 0]


def keep(authorised: Authorised, sop_class: str) -> Kept:
    """Store an object of ``sop_class`` and see that it is there; what was stored before it is there by then, too, if it
    ever is. Raises Unmeasurable where it is not."""
    mark = f"FIRST {secrets.token_hex(6)}"
    made = operations.synthetic_object(marker=mark, sop_class=sop_class)
    kept = Kept(sample_of(made), mark)
    authorised.succeeds(operations.store(made), role=authorised.who_may("store"))
    if not awaited(lambda: mark.encode() in retrieved(authorised, kept.study, (sop_class,)), "what was stored"):
        raise Unmeasurable("an object was stored, and not found since")
    return kept

"""Probe: what an archive takes and keeps: storage classes and transfer syntaxes, and an object that is to stay."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from ..model import Unmeasurable
from ..model.planted import Kept
from ..wire import operations
from .appear import awaited
from .authorised import Authorised
from .authorised.study import retrieved, sample_of
from .dicom.association import Attempt, Peer
from .dicom.negotiation import negotiated


def taken(authorised: Authorised, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Which of ``pairs`` of storage class and transfer syntax are negotiated with a node that may store."""
    peer = Peer.of(authorised.node(authorised.who_may("store")))
    syntaxes = negotiated(authorised.target, peer, [(uid, (syntax,)) for uid, syntax in pairs])
    if isinstance(syntaxes, Attempt):
        raise Unmeasurable("positive control failed: ", syntaxes.observed)
    return [pair for pair, syntax in zip(pairs, syntaxes, strict=True) if syntax]


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

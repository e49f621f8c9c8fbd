"""Probe: which presentation contexts an archive accepts, asked 128 at a time (PS3.8 9.3.2.2)."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom._uid_dict import UID_dictionary

from ...model import Target, Unmeasurable
from ...wire import pdu, scu
from .association import Outcome, Peer, associate_as

PRIVATE_SOP_CLASS = "2.25.273149610874233891674093217469117083149"


def known_uids(kind: str) -> tuple[str, ...]:
    """UIDs of PS3.6 table A-1 by type, ``Transfer Syntax`` or ``SOP Class``; of the latter those that store objects."""
    rows = ((uid, row[0]) for uid, row in UID_dictionary.items() if row[1] == kind)
    stores = "SOP Class"
    return tuple(uid for uid, name in rows if kind != stores or ("Storage" in name and "Commitment" not in name))


def accepted_syntaxes(target: Target, peer: Peer, proposals: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Propose (abstract syntax, transfer syntaxes) pairs; return ``abstract in transfer`` for each accepted one.

    Raises Unmeasurable where the association as such is not accepted: then nothing was negotiated.
    """
    found = []
    for start in range(0, len(proposals), 128):
        batch = proposals[start : start + 128]
        contexts = tuple(pdu.Context(2 * n + 1, abstract, transfers) for n, (abstract, transfers) in enumerate(batch))
        request = pdu.AssociateRequest(
            target.called_aet.encode(), peer.aet, contexts, user_items=scu.identity_item(peer.identity)
        )
        attempt = associate_as(target, peer, request=request)
        if attempt.outcome is not Outcome.SERVED or attempt.accepted is None:
            raise Unmeasurable("presentation contexts could not be negotiated: ", attempt.observed)
        for number, (abstract, _) in enumerate(batch):
            result, transfer = attempt.accepted.results.get(2 * number + 1, (2, ""))
            if result == 0:
                found.append(f"{abstract} in {transfer}")
    return found

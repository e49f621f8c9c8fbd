"""Probe: which services an archive offers to a node, by the presentation contexts that it negotiates (PS3.8 9.3.2)."""

from __future__ import annotations

from ..model import Endpoint, Target
from ..wire import operations, pdu, scu
from .dicom.association import Peer, associate_as

# What archives commonly take: Secondary Capture, CT, MR, CR, DX, US, NM, PET.
STORAGE = (
    operations.SECONDARY_CAPTURE,
    *(f"1.2.840.10008.5.1.4.1.1.{kind}" for kind in ("2", "4", "1", "1.1", "6.1", "20", "128")),
)
SERVICES = (
    operations.VERIFICATION,
    *dict.fromkeys(operations.FIND.values()),
    *operations.GET.values(),
    *operations.MOVE.values(),
)
_STORAGE_ROOT = "1.2.840.10008.5.1.4.1.1."


def storage(target: Target) -> tuple[str, ...]:
    """Storage classes to offer: those that the target declares, or else common ones."""
    declared = tuple(uid for uid in target.sop_classes if uid.startswith(_STORAGE_ROOT))
    return tuple(dict.fromkeys((*(uid for uid in STORAGE if uid in declared), *declared))) or STORAGE


def offered(target: Target, peer: Peer, endpoint: Endpoint) -> frozenset[str] | None:
    """SOP classes that are negotiated with ``peer``; None where it is not even given an association. Raises as
    ``associate_as``."""
    uids = (*SERVICES, *storage(target))
    contexts = tuple(pdu.Context(2 * n + 1, uid) for n, uid in enumerate(uids[:128]))
    items = scu.identity_item(peer.identity)
    request = pdu.AssociateRequest(target.called_aet.encode(), peer.aet, contexts, user_items=items)
    attempt = associate_as(target, peer, endpoint=endpoint, request=request)
    if attempt.accepted is None:
        return None
    results = attempt.accepted.results
    return frozenset(each.abstract for each in contexts if results.get(each.id, (2, ""))[0] == 0)

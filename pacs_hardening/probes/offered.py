"""Probe: which services an archive offers to a node, by the presentation contexts that it negotiates (PS3.8 9.3.2)."""

from __future__ import annotations

from functools import cache

from ..model import Endpoint, Target
from ..wire import operations, pace, pdu
from .dicom.association import Attempt, Peer
from .dicom.negotiation import MOST, Proposal, bears, known_uids, negotiated

# What archives commonly take: Secondary Capture, CT, MR, CR, DX, US, NM, PET.
STORAGE = (
    operations.SECONDARY_CAPTURE,
    *(f"1.2.840.10008.5.1.4.1.1.{kind}" for kind in ("2", "4", "1", "1.1", "6.1", "20", "128")),
)
SERVICES = (
    operations.VERIFICATION,
    *dict.fromkeys(operations.FIND.values()),
    *operations.FURTHER_FIND.values(),
    *operations.GET.values(),
    *operations.MOVE.values(),
)
_STORAGE_ROOT = "1.2.840.10008.5.1.4.1.1."
_EACH = 100
# One that reads nothing but Explicit VR, or compressed images, is none of PS3.5 10.1, and is there all the same.
_SYNTAXES = (pdu.IMPLICIT_LE, pdu.EXPLICIT_LE)
_COMPRESSED = tuple(f"1.2.840.10008.1.2.{each}" for each in ("4.50", "4.70", "4.80", "4.90", "4.91", "5"))


def storage(target: Target) -> tuple[str, ...]:
    """Storage classes to offer: those that the target declares, or else those of PS3.6, common ones first."""
    declared = tuple(uid for uid in target.sop_classes if uid.startswith(_STORAGE_ROOT))
    return tuple(dict.fromkeys((*(uid for uid in STORAGE if uid in declared), *declared))) or _every_storage()


@cache
def _every_storage() -> tuple[str, ...]:
    known = (uid for uid in known_uids("SOP Class") if uid.startswith(_STORAGE_ROOT))
    return tuple(dict.fromkeys((*STORAGE, *known)))


def offered(target: Target, peer: Peer, endpoint: Endpoint, *, stores: bool) -> frozenset[str] | None:
    """SOP classes that are negotiated with ``peer``; None where it is not even given an association. Raises as
    ``associate_as``.

    The storage classes that come first, and, of a peer that ``stores``, the others where it is granted none of them."""
    classes = storage(target)
    found = _granted(target, peer, (*SERVICES, *classes[: len(STORAGE)]), endpoint)
    others = classes[len(STORAGE) :]
    for start in range(0, len(others), _EACH):
        if not stores or (found or frozenset()) & {*classes}:
            break
        more = _granted(target, peer, others[start : start + _EACH], endpoint)
        found = more if found is None else found | (more or frozenset())
    return found


def is_granted(target: Target, peer: Peer, uid: str, endpoint: Endpoint) -> bool:
    """Now, by itself."""
    taken = negotiated(target, peer, [_proposal(uid)], endpoint=endpoint)
    return not isinstance(taken, Attempt) and any(taken)


def _taken(target: Target, peer: Peer, uid: str, syntax: str, endpoint: Endpoint) -> list[str]:
    taken = negotiated(target, peer, [(uid, (syntax,))], endpoint=endpoint)
    return [] if isinstance(taken, Attempt) else taken


def _proposal(uid: str) -> Proposal:
    return uid, (*_SYNTAXES, *(_COMPRESSED if uid.startswith(_STORAGE_ROOT) else ()))


def _first_service(target: Target, peer: Peer, uids: tuple[str, ...], endpoint: Endpoint) -> dict[str, str]:
    """And the transfer syntax in which it is granted; empty where none is."""
    for uid in uids:
        taken = negotiated(target, peer, [_proposal(uid)], endpoint=endpoint) if uid in SERVICES else []
        if not isinstance(taken, Attempt) and any(taken):
            return {uid: taken[0]}
    return {}


def _granted(target: Target, peer: Peer, uids: tuple[str, ...], endpoint: Endpoint) -> frozenset[str] | None:
    """An archive may look at the first contexts only: what came after them is asked again beside one that it grants,
    and where it grants none, services are asked for one by one."""
    taken = negotiated(target, peer, [_proposal(uid) for uid in uids], endpoint=endpoint)
    if isinstance(taken, Attempt):
        return None
    found = {uid: syntax for uid, syntax in zip(uids, taken, strict=True) if syntax}
    found = found or _first_service(target, peer, uids, endpoint)
    known = next(iter(found), "")
    plain = next((uid for uid, syntax in found.items() if syntax == pdu.EXPLICIT_LE), "")
    if plain and not any(_taken(target, peer, plain, pdu.IMPLICIT_LE, endpoint)):
        pace.speak((pdu.EXPLICIT_LE,))
        pace.notice(f"{endpoint} takes no Implicit VR Little Endian, which every node is to know: asked in Explicit VR")
    if known and pace.contexts() == MOST:
        bears(target, peer, known, endpoint)
    missing = [uid for uid in uids if uid not in found]
    if known and missing and pace.contexts() < MOST:
        again = negotiated(target, peer, [_proposal(uid) for uid in missing], endpoint=endpoint, witness=known)
        if not isinstance(again, Attempt):
            found |= {uid: syntax for uid, syntax in zip(missing, again, strict=True) if syntax}
    return frozenset(found)

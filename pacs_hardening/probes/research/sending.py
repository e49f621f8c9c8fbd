"""Objects are sent to the research side, by the node that may; and what it would take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import MappingProxyType

from pydicom.dataset import Dataset

from ...model import Research, Target
from ...wire import operations
from ...wire.dimse import C_STORE
from ...wire.pdu import IMPLICIT_LE, AssociateRequest, Context
from ...wire.scu import Operation, request_for
from ..dicom.association import Attempt, Peer, associate_as
from ..dicom.negotiation import negotiated
from .side import LANES, research_view

IMPLICIT: Mapping[str, str] = MappingProxyType({})


def send(
    target: Target, research: Research, objects: Iterable[Dataset], syntaxes: Mapping[str, str] = IMPLICIT
) -> tuple[Attempt, ...]:
    """C-STORE of each object on an association of its own; ``syntaxes``: of which SOP Instance UID another transfer
    syntax than Implicit VR Little Endian."""
    view, peer = research_view(target, research), Peer.of(target.nodes[research.sender])

    def one(each: Dataset) -> Attempt:
        syntax = syntaxes.get(str(each.SOPInstanceUID), IMPLICIT_LE)
        operation = operations.store(each, implicit=syntax == IMPLICIT_LE)
        asked = offering(view, peer, operation, [(operation.sop_class, syntax)])
        return associate_as(view, peer, operation, request=asked, seconds=20)

    with ThreadPoolExecutor(LANES) as pool:
        return tuple(pool.map(one, objects))


def offering(view: Target, peer: Peer, operation: Operation, pairs: Iterable[tuple[str, str]]) -> AssociateRequest:
    """The A-ASSOCIATE-RQ for ``operation``, and a context for each SOP class and transfer syntax."""
    asked = request_for(view.called_aet.encode(), peer.aet, peer.identity, operation)
    held = {(each.abstract, each.transfers) for each in asked.contexts}
    further = [pair for pair in dict.fromkeys(pairs) if (pair[0], (pair[1],)) not in held]
    kept = [each for each in asked.contexts if operation.field != C_STORE or not further]
    contexts = [*((each.abstract, each.transfers) for each in kept), *((uid, (syntax,)) for uid, syntax in further)]
    return replace(asked, contexts=tuple(Context(2 * n + 1, *each) for n, each in enumerate(contexts[:128])))


def accepted(
    target: Target, research: Research, classes: Sequence[str], syntaxes: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of the storage ``classes`` the sender may offer, and which of the ``syntaxes`` in one of them that holds
    pictures: what is accepted, whatever is stored then."""
    view, peer = research_view(target, research), Peer.of(target.nodes[research.sender])

    def of(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        found = negotiated(view, peer, [(uid, (syntax,)) for uid, syntax in pairs])
        return [] if isinstance(found, Attempt) else [pair for pair, syntax in zip(pairs, found, strict=True) if syntax]

    taken = [uid for uid, _ in of([(uid, IMPLICIT_LE) for uid in classes])]
    return tuple(taken), tuple(syntax for _, syntax in of([(taken[0], each) for each in syntaxes])) if taken else ()


def send_garbage(target: Target, research: Research) -> tuple[str, Attempt]:
    """C-STORE of bytes that are no data set, under a SOP class that the research side takes."""
    whole = operations.store(operations.synthetic_object())
    broken = replace(whole, payload=bytes(64))
    peer = Peer.of(target.nodes[research.sender])
    return "a data set that cannot be parsed", associate_as(research_view(target, research), peer, broken, seconds=20)

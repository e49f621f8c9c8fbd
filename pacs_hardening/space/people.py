"""Who must be refused, at each DICOM endpoint of a target: the bases of its space."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..model import Endpoint, Impact, Node, Target
from ..wire import operations, pace, scu
from . import identity, negotiation, operation, services
from .bid import Bid
from .dimension import Base, Dimension, Kind, Layer, Value, nothing

ASKED = (services.FIND, services.GET, services.MOVE)
NAMES = (  # of bases, without the number of an endpoint
    *("without-certificate", "without-certificate-posing", "unknown-device", "unknown-device-posing"),
    *("without-certificate-storing", "without-certificate-posing-storing"),
    *("unknown-device-storing", "unknown-device-posing-storing"),
    *("name-of-another", "without-passcode", "store-node", "query-node-storing", "renamed-node", "misaddressing-node"),
)
_BESIDE_DUTIES = 40  # values of a dimension: to be served costs more than to be refused
STORED = (services.named("C-STORE", "1.2.840.10008.5.1.4.1.1.7"),)
_OF_MODALITIES = ("1.2.840.10008.5.1.4.31", "1.2.840.10008.5.1.4.34.")  # worklist, unified procedure steps


def strangers(target: Target) -> Iterator[Base[Bid]]:
    """Who may do nothing here: somebody without certificate, and a device whose certificate is good."""
    yield from _strangers(target, ASKED, "")


def storing_strangers(target: Target) -> Iterator[Base[Bid]]:
    yield from _strangers(target, STORED, "-storing")


def _strangers(target: Target, asked: tuple[str, ...], suffix: str) -> Iterator[Base[Bid]]:
    """Each under a name of its own, and under that of a node that the archive knows: AE titles are no secret."""
    unknown, known = target.nodes.get("unknown"), target.nodes.get("all")
    posing = [] if known is None else [("-posing", known.aet.encode())]
    for at, endpoint in _numbered(target):
        nobody = _bid(target, endpoint, _made_up(), asked)
        who = [("without-certificate", nobody)]
        if unknown is not None and unknown.keys is not None and endpoint.tls:
            who.append(("unknown-device", replace(nobody, calling=unknown.aet.encode(), keys=unknown.keys)))
        for name, bid in who:
            for how, title in (("", bid.calling), *posing):
                dimensions = _identity(target, "unknown")
                if asked == STORED:  # as a peer who asks for images he has said all this, and was not let in by it
                    dimensions = [replace(d, reaches=max(d.reaches, Layer.MESSAGE)) for d in dimensions]
                dimensions += _operation(target, asked)
                dimensions = _but(dimensions, "calling", "conversations") if how else dimensions
                base = replace(bid, calling=title)
                yield based(f"{name}{how}{suffix}{at}", Kind.STRANGER, base, dimensions, target)


def overreaching(target: Target) -> Iterator[Base[Bid]]:
    """Nodes that ask for more than they may: with the name of another, without their passcode, another service."""
    strong, weak, modality = (target.nodes.get(role) for role in ("all", "query", "store"))
    itself = ("calling", "called", "certificate")
    for at, endpoint in _numbered(target):
        if strong is not None and weak is not None and weak.keys is not None and endpoint.tls:
            bid = replace(_as(target, endpoint, weak), calling=strong.aet.encode(), identities=_identity_of(strong))
            dimensions = [*_identity(target, "query", "store"), *_association()]
            dimensions = _heavy("user-identity", dimensions)  # a wrong one is refused whoever comes
            base = based(f"name-of-another{at}", Kind.OVERREACHING, bid, dimensions, target, _is_itself)
            yield replace(base, nobody=replace(bid, calling=_made_up()))
        if strong is not None and strong.identity is not None and "user-identity" in target.capabilities:
            bid = replace(_as(target, endpoint, strong), identities=())
            dimensions = [*_but(_identity(target), *itself), *_association()]
            yield based(f"without-passcode{at}", Kind.OVERREACHING, bid, dimensions, target)
        known = _but(_identity(target), *itself, "user-identity")
        if modality is not None and not modality.permits & {"find", "get", "move"}:
            dimensions = known + _only_retrieval(_operation(target, ASKED))
            yield based(f"store-node{at}", Kind.OVERREACHING, _as(target, endpoint, modality), dimensions, target)
        if weak is not None and "store" not in weak.permits:
            bid = replace(_as(target, endpoint, weak), requests=STORED, storage=(), roles=None)
            yield based(f"query-node-storing{at}", Kind.OVERREACHING, bid, known + _operation(target, STORED), target)


def renamed(target: Target) -> Iterator[Base[Bid]]:
    """An authorised node under a name that is not quite its own, or that calls the archive by one that is not."""
    node = target.nodes.get("all")
    if node is None:
        return
    for at, endpoint in _numbered(target):
        itself = _as(target, endpoint, node)
        bid, dimension = replace(itself, calling=b"X-NOBODY"), identity.calling(target, (node,))
        yield based(f"renamed-node{at}", Kind.OVERREACHING, bid, [dimension], target, _is_itself)
        bid, dimension = replace(itself, called=b"X-NOBODY"), identity.called(target)
        yield based(f"misaddressing-node{at}", Kind.OVERREACHING, bid, [dimension], target, _is_meant_for_research)


def _made_up() -> bytes:
    return f"X{secrets.token_hex(5).upper()}".encode()


def everybody(target: Target) -> Iterator[Base[Bid]]:
    for bases in (strangers, storing_strangers, overreaching, renamed):
        yield from permitted(bases(target), target)


def _numbered(target: Target) -> Iterator[tuple[str, Endpoint]]:
    for number, endpoint in enumerate(target.endpoints_of("dicom"), 1):
        yield "" if number == 1 else f"@{number}", endpoint


def _bid(target: Target, endpoint: Endpoint, calling: bytes, asked: tuple[str, ...]) -> Bid:
    storing = asked == STORED
    roles, storage = (None, ()) if storing else ((False, True), (operations.SECONDARY_CAPTURE,))
    return Bid(
        target,
        endpoint,
        calling,
        target.called_aet.encode(),
        sni=target.server_name,
        requests=asked,
        storage=storage,
        roles=roles,
        transfers=pace.syntaxes(),
    )


def _as(target: Target, endpoint: Endpoint, node: Node) -> Bid:
    bid = _bid(target, endpoint, node.aet.encode(), ASKED)
    return replace(bid, keys=node.keys, identities=_identity_of(node))


def authorised(target: Target, endpoint: Endpoint, node: Node) -> Bid:
    """What ``node`` sends when it asks for what it may."""
    return _as(target, endpoint, node)


def _identity_of(node: Node) -> tuple[bytes, ...]:
    return scu.identity_item(node.identity)


def _identity(target: Target, *certificates: str) -> list[Dimension[Bid]]:
    known = tuple(node for node in target.nodes.values() if node.permits)
    shown = tuple(target.nodes[role] for role in certificates if role in target.nodes)
    return [
        identity.certificate(target, shown),
        *negotiation.handshake(target),
        identity.calling(target, known),
        identity.called(target),
        identity.implementation(),
        identity.version_name(),
        identity.user_identity(target),
        *negotiation.user_information(),
        *negotiation.fixed_fields(),
    ]


def _operation(target: Target, asked: tuple[str, ...]) -> list[Dimension[Bid]]:
    if asked == STORED:
        return [
            operation.stored(),
            operation.originator(target),
            *operation.command(),
            *operation.contexts(),
            operation.position(),
            operation.rounds(),
        ]
    return operation.every()


def as_itself(target: Target) -> list[Dimension[Bid]]:
    """What an authorised node can vary beside what it asks for, without ceasing to be who it is, and without making an
    archive refuse it; of each product that it can be built on, the newest version."""
    kept = [*_but(_identity(target), "calling", "called", "certificate", "user-identity"), *_association()]
    found = (replace(each, values=tuple(v for v in each.values if _is_usual(each.name, v))) for each in kept)
    return [each.likeliest(_BESIDE_DUTIES) for each in found if each.values]


def _is_usual(dimension: str, value: Value[Bid]) -> bool:
    newest = dimension != "implementation" or value.weight >= 4
    return newest and (value.mixes or bool(value.parts))


def _heavy(name: str, dimensions: list[Dimension[Bid]], least: float = 4.0) -> list[Dimension[Bid]]:
    """Of that dimension only values of weight, and each by itself."""
    return [
        replace(each, values=tuple(replace(v, mixes=False) for v in each.values if v.weight >= least))
        if each.name == name
        else each
        for each in dimensions
    ]


def _association() -> list[Dimension[Bid]]:
    return [operation.storage(), *operation.contexts(), operation.position()]


def _but(dimensions: list[Dimension[Bid]], *names: str) -> list[Dimension[Bid]]:
    return [dimension for dimension in dimensions if dimension.name not in names]


def _only_retrieval(dimensions: list[Dimension[Bid]]) -> list[Dimension[Bid]]:
    """A modality may ask for its worklist, report its steps and have storage confirmed; images are not its business."""
    request = operation.request(("C-FIND", "C-GET", "C-MOVE"))
    images = {
        value.name: value
        for value in request.values
        if not value.parts and not services.TABLE[value.name].sop_class.startswith(_OF_MODALITIES)
    }
    names = tuple(images)
    together: Value[Bid] = Value("all", lambda bid: replace(bid, requests=names), weight=9, mixes=False, parts=names)
    further = operation.further(_OF_MODALITIES)
    return [replace(request, values=(together, *images.values())), further, *_but(dimensions, "request", further.name)]


def _is_meant_for_research(bid: Bid) -> bool:
    """A node that sends to the research archive behind the same endpoint, or reads there, calls it by its name."""
    research = bid.target.research
    if research is None or bid.called.rstrip(b" ") != research.called_aet.encode():
        return False
    nodes = [bid.target.nodes[role] for role in (research.sender, research.reader) if role in bid.target.nodes]
    return any(bid.keys == node.keys for node in nodes)


def _is_itself(bid: Bid) -> bool:
    """The certificate and the AE title are those of one node; trailing spaces are padding (PS3.8 9.3.2)."""
    return any(
        bid.keys == node.keys and bid.calling.rstrip(b" ") == node.aet.encode() for node in bid.target.nodes.values()
    )


def based(
    name: str,
    kind: Kind,
    start: Bid,
    dimensions: list[Dimension[Bid]],
    target: Target,
    allowed: Callable[[Bid], bool] = nothing,
) -> Base[Bid]:
    """Without values that would do more to the target than it permits, or that change nothing of ``start``."""
    kept = [dimension.up_to(target.ceiling).other_than(start) for dimension in dimensions]
    if not start.endpoint.tls:
        kept = [dimension for dimension in kept if dimension.reaches is not Layer.TLS]
    alone = 5.0 if kind is Kind.STRANGER else 7.0
    return Base(name, kind, start, tuple(each for each in kept if each.values), allowed, alone)


def permitted(bases: Iterable[Base[Bid]], target: Target) -> list[Base[Bid]]:
    """Without those that would write where nothing may be written."""
    return [
        base
        for base in bases
        if target.ceiling >= Impact.WRITES or not any(name.startswith("C-STORE") for name in base.start.requests)
    ]

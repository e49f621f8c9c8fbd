"""Who must be refused at the endpoints for HL7 v2 messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ...model import Endpoint, Hl7, KeyPair, Target
from ...wire.adt import Draft
from ..dimension import Base, Dimension, Kind, Layer, nothing
from . import names, spelling, types
from .sending import Sending

NAMES = (  # of bases, without the number of an endpoint
    *("sender-without-certificate", "unknown-device-sending", "renamed-sender"),
    *("sender-of-other-application", "sender-of-other-facility"),
    *("posing-without-certificate", "posing-device", "posing-node"),
    *("sender-merging", "sender-disguising"),
    *("unknown-device-merging", "renamed-sender-merging", "posing-device-merging"),
)


def unknown(target: Target, settings: Hl7) -> Iterator[Base[Sending]]:
    """Nobody who is known by these names, whatever certificate he shows: none, that of a device, that of the sender."""
    own, device, keys = _own(settings), target.nodes.get("unknown"), _keys(target, settings)
    is_sender = _is_named(settings)
    for at, endpoint in _numbered(settings):
        sender = Sending(endpoint, Draft.of(settings), keys)
        nobody = sender.named(names.MADE_UP, names.MADE_UP)
        every = [names.certificate(target, settings.node), names.elsewhere(own), *spelling.written(settings)]
        both = [names.application(target, settings.application), names.facility(target, settings.facility)]
        if endpoint.tls:
            bare = replace(nobody, keys=None)
            yield _based(f"sender-without-certificate{at}", Kind.STRANGER, bare, [*both, *every], target, is_sender)
            if device is not None and device.keys is not None:
                known = replace(nobody, keys=device.keys)
                yield _based(f"unknown-device-sending{at}", Kind.STRANGER, known, [*both, *every], target, is_sender)
        yield _based(f"renamed-sender{at}", Kind.OVERREACHING, nobody, every[1:], target, is_sender)
        for name, bid, dimension in (
            ("sender-of-other-application", sender.named(names.MADE_UP, own[1]), both[0]),
            ("sender-of-other-facility", sender.named(own[0], names.MADE_UP), both[1]),
        ):
            yield _based(f"{name}{at}", Kind.OVERREACHING, bid, [dimension], target, is_sender)


def posing(target: Target, settings: Hl7) -> Iterator[Base[Sending]]:
    """The sender's names, with no certificate or another's; at endpoints with TLS, where there can be one."""
    device, keys = target.nodes.get("unknown"), _keys(target, settings)
    others = [node for role, node in target.nodes.items() if role not in ("unknown", settings.node) and node.permits]
    other = next((node.keys for node in others if node.keys not in (None, keys)), None)
    for at, endpoint in _numbered(settings):
        if not endpoint.tls:
            continue
        start = Sending(endpoint, Draft.of(settings))
        dimensions = [names.certificate(target, settings.node), *spelling.written(settings)]
        shown = {"posing-device": device.keys if device else None, "posing-node": other}
        found = {"posing-without-certificate": None, **{name: each for name, each in shown.items() if each is not None}}
        for name, each in found.items():
            bid = replace(start, keys=each)
            yield _based(f"{name}{at}", Kind.STRANGER, bid, dimensions, target)


def merging(target: Target, settings: Hl7) -> Iterator[Base[Sending]]:
    """Whoever may not send at all, and the sender himself where he may not merge."""
    device, own = target.nodes.get("unknown"), _own(settings)
    for at, endpoint in _numbered(settings):
        sender = Sending(endpoint, types.merge(settings), _keys(target, settings))
        every = [types.merges(), types.spelled(), *spelling.written(settings)]
        if settings.may_merge is False:
            yield _based(f"sender-merging{at}", Kind.OVERREACHING, sender, every, target, types.is_message(settings))
        nobody = sender.named(names.MADE_UP, names.MADE_UP)
        found = {"renamed-sender-merging": nobody}
        if device is not None and device.keys is not None and endpoint.tls:
            found["unknown-device-merging"] = replace(nobody, keys=device.keys)
            found["posing-device-merging"] = replace(sender.named(*own), keys=device.keys)
        for name, bid in found.items():
            yield _based(f"{name}{at}", Kind.STRANGER, bid, every[:2], target)


def disguising(target: Target, settings: Hl7) -> Iterator[Base[Sending]]:
    """The sender, with a type whose parts contradict each other, where he may not merge."""
    for at, endpoint in _numbered(settings) if settings.may_merge is False else ():
        dimension, start = types.contradictions(settings), types.merge(settings)
        bid = dimension.values[0].change(Sending(endpoint, start, _keys(target, settings)))
        dimensions = [dimension, *spelling.written(settings)]
        yield _based(f"sender-disguising{at}", Kind.OVERREACHING, bid, dimensions, target)


def everybody(target: Target, settings: Hl7) -> Iterator[Base[Sending]]:
    for bases in (unknown, posing, merging, disguising):
        yield from bases(target, settings)


def _based(
    name: str,
    kind: Kind,
    start: Sending,
    dimensions: list[Dimension[Sending]],
    target: Target,
    allowed: Callable[[Sending], bool] = nothing,
) -> Base[Sending]:
    kept = [each.up_to(target.ceiling).other_than(start) for each in dimensions]
    kept = [each for each in kept if start.endpoint.tls or each.reaches is not Layer.TLS]
    return Base(name, kind, start, tuple(each for each in kept if each.values), allowed)


def _own(settings: Hl7) -> tuple[bytes, bytes]:
    return settings.application.encode(), settings.facility.encode()


def _keys(target: Target, settings: Hl7) -> KeyPair | None:
    node = target.nodes.get(settings.node)
    return node.keys if node is not None else None


def _is_named(settings: Hl7) -> Callable[[Sending], bool]:
    """By the sender's own names: whose certificate must be shown for them is another matter."""
    own = _own(settings)
    return lambda sending: (sending.draft.application, sending.draft.facility) == own


def _numbered(settings: Hl7) -> Iterator[tuple[str, Endpoint]]:
    for number, endpoint in enumerate(settings.endpoints, 1):
        yield "" if number == 1 else f"@{number}", endpoint

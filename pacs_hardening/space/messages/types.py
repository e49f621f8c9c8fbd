"""Types of messages (MSH-9) that merge, move, link or renumber patients (HL7 v2.5.1 3.3), and their spellings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...model import Hl7
from ...wire import hl7
from ...wire.adt import MERGE, Draft, prior
from ..dimension import Dimension, Layer, Value
from .sending import Sending

MERGES = {  # event -> structure (HL7 table 0354)
    "A40": "ADT_A39", "A47": "ADT_A30", "A18": "ADT_A18", "A34": "ADT_A30", "A30": "ADT_A30", "A35": "ADT_A30",
    "A36": "ADT_A30", "A39": "ADT_A39", "A41": "ADT_A39", "A42": "ADT_A39", "A43": "ADT_A43", "A44": "ADT_A43",
    "A45": "ADT_A45", "A46": "ADT_A30", "A48": "ADT_A30", "A49": "ADT_A30", "A50": "ADT_A50", "A51": "ADT_A50",
    "A24": "ADT_A24", "A37": "ADT_A37",
}  # fmt: skip


def merge(settings: Hl7) -> Draft:
    """Of the one patient that nobody has with the other."""
    return replace(Draft.of(settings), type=MERGE, prior=prior())


def _typed(kind: bytes) -> Callable[[Sending], Sending]:
    return lambda sending: sending.of_type(kind)


def merges() -> Dimension[Sending]:
    """Each event, with its structure, with none, and with that of an update."""
    values = []
    for event, structure in MERGES.items():
        weight = 7 if event in ("A40", "A47", "A18", "A34") else 4
        whole, bare, update = f"ADT^{event}^{structure}", f"ADT^{event}", f"ADT^{event}^ADT_A01"
        values.append(Value(event, _typed(whole.encode()), weight, mixes=False))
        values.append(Value(f"{event}-bare", _typed(bare.encode()), weight - 1, mixes=False))
        values.append(Value(f"{event}-as-update", _typed(update.encode()), weight - 1, mixes=False))
    return Dimension("type", tuple(values), Layer.ASSOCIATION)


_WAYS: dict[str, Callable[[bytes], bytes]] = {
    "lower-case": bytes.lower,
    "trailing-space": lambda kind: kind.replace(b"^", b" ^", 2),
    "leading-space": lambda kind: b" " + kind.replace(b"^", b"^ ", 1),
    "empty-component": lambda kind: kind + b"^",
    "subcomponent": lambda kind: kind.replace(b"^", b"&X^", 1),
    "escaped": lambda kind: kind.replace(b"^A", b"^\\X41\\", 1),
    "repetition-behind": lambda kind: kind + b"~ADT^A08^ADT_A01",
    "nul-behind": lambda kind: kind + b"\0",
}


def spelled() -> Dimension[Sending]:
    """How the type of a merge can be written otherwise."""

    def put(change: Callable[[bytes], bytes]) -> Callable[[Sending], Sending]:
        return lambda sending: sending.of_type(change(sending.draft.type))

    values = (Value(name, put(change), 4, mixes=False) for name, change in _WAYS.items())
    return Dimension("type spelled", tuple(values), Layer.ASSOCIATION)


def contradictions(settings: Hl7) -> Dimension[Sending]:
    """The event that the sender may send, and beside it a structure, a repetition, a subcomponent or a header that is
    of a merge."""
    allowed = b"^".join(settings.message.encode().split(b"^")[:2])
    values = [
        Value(f"structure-{structure}", _typed(allowed + b"^" + structure.encode()), 6, mixes=False)
        for structure in dict.fromkeys(MERGES.values())
        if not settings.message.endswith(structure)
    ]
    others = {"repetition": b"~" + MERGE, "subcomponent": b"&A40"}
    values += [Value(name, _typed(allowed + said), 5, mixes=False) for name, said in others.items()]

    def headed(sending: Sending) -> Sending:
        draft = replace(sending.draft, type=settings.message.encode())
        second = replace(draft, type=MERGE)
        return replace(sending, draft=replace(draft, after=(second.header().encode(), *second.segments())))

    values.append(Value("header-behind", headed, 5, mixes=False))
    return Dimension("contradiction", tuple(values), Layer.ASSOCIATION)


def is_message(settings: Hl7) -> Callable[[Sending], bool]:
    """Of a type that the sender may send."""
    allowed = settings.message.encode().split(b"^")[:2]
    return lambda sending: sending.draft.type.split(hl7.DELIMITERS[1:2])[:2] == allowed

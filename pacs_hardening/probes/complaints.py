"""Probe: what is said of messages that cannot be processed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..model import Endpoint, KeyPair
from ..model.response import Said, Served
from ..wire import adt, messages, mllp
from .authorised import Authorised

_WAYS: dict[str, tuple[bytes, bytes]] = {  # what is wrong with it -> what of the message becomes what
    "with an event that nobody has": (b"|ADT^", b"|ADT^Z99^"),
    "without a type": (b"|ADT^", b"||"),
    "of an unknown version": (b"|2.", b"|9."),
    "without an event segment": (b"EVN|", b"ZZZ|"),
    "with a birth that is no date": (b"19000101", b"NODATE99"),
    "with a set ID that is none": (b"PID|1|", b"PID|X|"),
    "with a patient class that is none": (b"PV1|1|O", b"PV1|1|??????????"),
    "with a segment cut off": (b"PV1|1|O\r", b"PV"),
    "with too few fields": (b"PID|1||", b"PID|"),
}


@dataclass(frozen=True)
class Complaint:
    """``values`` of the patient that were found in an answer to ``asked``."""

    asked: str
    endpoint: Endpoint
    values: tuple[str, ...]
    transcript: tuple[Said, ...]


def complaints(authorised: Authorised, endpoint: Endpoint) -> Iterator[Complaint]:
    """Answers that refuse, and hold the name or ID of a patient whom the sender has made known before. Raises as
    ``Authorised.hl7``."""
    settings = authorised.messaging()
    surname, number = (f"TEST{secrets.token_hex(6).upper()}".encode() for _ in range(2))
    draft = replace(adt.Draft.of(settings), patient=number, name=surname + b"^HL7")
    authorised.hl7(endpoint, draft)
    keys, device = authorised.sender_keys(), authorised.target.nodes.get("unknown")
    stranger = replace(draft, application=b"X-NOBODY", facility=b"X-NOBODY")
    asked: list[tuple[str, bytes, KeyPair | None]] = [
        ("of an unknown sender", stranger.encode(), keys),
        ("that merges", replace(draft, type=adt.MERGE, prior=adt.prior()).encode(), keys),
        ("that names the ID alone", replace(stranger, name=b"").encode(), keys),
    ]
    if device is not None and device.keys is not None:
        asked.append(("of a device", replace(draft, name=b"").encode(), device.keys))
    asked += [(what, draft.encode().replace(old, new, 1), keys) for what, (old, new) in _WAYS.items()]
    for what, raw, shown in asked:
        told = messages.send(endpoint, authorised.target, shown, mllp.block(raw), f"a message {what}")
        found = tuple(each.decode() for each in (surname, number) if each in told.answer)
        if found and not isinstance(told.response, Served):
            yield Complaint(f"a message {what}", endpoint, found, told.transcript)

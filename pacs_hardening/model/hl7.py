"""Where HL7 v2 messages are received, and who may send them. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field

from .declared import FILE, Flag, Number, Text, Urls, key
from .peers import Endpoint

NAME = Text(
    r"[!-%'-\[\]_-{}](?:[ -%'-\[\]_-{}]*[!-%'-\[\]_-{}])?",  # none of | ^ ~ \ & (HL7 v2.5.1 2.5.4)
    "a name in an HL7 message",
    "printable ASCII without | ^ ~ \\ &, and without a space at either end",
)
_TYPE = Text(
    r"ADT\^[A-Z]\d\d(\^[A-Z0-9_]{3,7})?", "a message about a patient", "type, event and structure: ADT^A08^ADT_A01"
)


@dataclass(frozen=True)
class Hl7:
    """``application`` and ``facility`` are MSH-3 and MSH-4 of the sender who may send ``message``; ``receiver`` and
    ``receiver_facility`` MSH-5 and MSH-6. ``node`` is the node whose certificate he shows; ``may_merge`` is None where
    nobody has said so."""

    application: str = field(metadata=key(NAME, "MSH-3 of a sender who may send.", '"RIS"'))
    facility: str = field(metadata=key(NAME, "MSH-4 of that sender.", '"HOSPITAL"'))
    endpoints: tuple[Endpoint, ...] = field(
        default=(),
        metadata=key(
            Urls(("mllp", "mllps"), "mllps://pacs.example:2575"),
            "Where it receives, each with a port: one at least.",
            '["mllps://pacs.example:2575"]',
            places=(FILE,),
        ),
    )
    receiver: str = field(
        default="", metadata=key(Text(r"[^\x00-\x1f]*"), "MSH-5: the receiving application.", '"PACS"')
    )
    receiver_facility: str = field(
        default="", metadata=key(Text(r"[^\x00-\x1f]*"), "MSH-6: the receiving facility.", '"HOSPITAL"')
    )
    node: str = field(default="all", metadata=key(Text(), "The node whose certificate the sender shows.", '"all"'))
    message: str = field(
        default="ADT^A08^ADT_A01",
        metadata=key(
            _TYPE, "A type that the sender may send, of a test patient (with `--allow writes`).", '"ADT^A08^ADT_A01"'
        ),
    )
    may_merge: bool | None = field(
        default=None,
        metadata=key(
            Flag(),
            "Whether the sender may merge patients (ADT^A40 and others). Without it nobody knows whether a sender who "
            "may not is kept from it.",
            "false",
        ),
    )
    authority: str = field(
        default="", metadata=key(Text(r"[^\x00-\x1f|]*"), "CX.4 of its patient IDs: who assigns them.", '"HOSPITAL"')
    )
    version: str = field(default="2.5.1", metadata=key(Text(r"2\.\d(\.\d)?"), "MSH-12.", '"2.5.1"'))
    limit: int = field(
        default=32 << 20, metadata=key(Number(1024), "The most bytes that a message may have.", "33554432")
    )

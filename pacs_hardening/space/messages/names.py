"""Names of senders (MSH-3 and MSH-4, HD: HL7 v2.5.1 2.A.33) that are none of those who may send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ...model import Target
from ...wire import hl7
from ..dimension import Dimension, Layer, Value
from ..identity import certificates, showing
from .sending import Sending

Set = Callable[[Sending, bytes], Sending]
MADE_UP = b"X-NOBODY"
COMMON = ("ADT", "HIS", "RIS", "EPIC", "MIRTH", "PACS", "ADMIN", "TEST", "LOCALHOST", "ANY", "ALL", "DEFAULT", "HL7")


def resembling(name: bytes) -> Iterator[tuple[str, bytes, float]]:
    """What a careless comparison takes for ``name``: what it is called, how it is sent, weight. Spaces behind it, empty
    components and what stands beside its first component make no other name of it, so they are not here."""
    yield "empty", b"", 6
    yield "null", b'""', 5
    yield "prefix", name[: max(1, len(name) // 2)], 6
    yield "without-last", name[:-1], 5
    yield "without-first", name[1:], 3
    yield "longer", name + b"X", 6
    yield "longer-by-word", name + b" X", 3
    yield "embedded", b"X" + name + b"X", 4
    yield "suffix", b"X" + name, 4
    yield "lower-case", name.lower(), 6
    yield "upper-case", name.upper(), 6
    yield "swapped-case", name.swapcase(), 3
    yield "leading-space", b" " + name, 3
    yield "inner-space", name[:2] + b" " + name[2:], 2
    yield "tab-behind", name + b"\t", 2
    yield "nul-behind", name + b"\0", 4
    yield "nul-and-more", name + b"\0X", 4
    yield "in-quotes", b'"' + name + b'"', 2
    yield "star", b"*", 5
    yield "prefix-star", name[:1] + b"*", 4
    yield "question-mark", name[:-1] + b"?", 3
    yield "dot-star", b".*", 3
    yield "percent", b"%", 3
    yield "second-component", b"X^" + name, 6
    yield "second-component-of-none", b"^" + name, 6
    yield "universal-id", b"X^" + name + b"^L", 5
    yield "second-subcomponent", b"X&" + name, 5
    yield "second-repetition", b"X~" + name, 6
    yield "one-of-list", b"X," + name, 3
    yield "escaped-component", b"X\\S\\" + name, 4
    yield "escaped-field", b"X\\F\\" + name, 4
    yield "escaped-repetition", b"X\\R\\" + name, 3
    yield "without-punctuation", bytes(each for each in name if chr(each).isalnum()), 2
    yield "high-bit", name[:-1] + bytes([name[-1] | 0x80]), 2
    yield "true-in-sql", b"' OR '1'='1", 3
    yield "true-in-ldap", b"*)(cn=*", 2


def application(target: Target, own: str) -> Dimension[Sending]:
    return _named("application", own, target, lambda sending, name: sending.named(name, sending.draft.facility))


def facility(target: Target, own: str) -> Dimension[Sending]:
    return _named("facility", own, target, lambda sending, name: sending.named(sending.draft.application, name))


def _named(dimension: str, own: str, target: Target, put: Set) -> Dimension[Sending]:
    """None stands beside other values: another name meets checks of its own, such as whose certificate it is."""
    found: dict[str, tuple[bytes, float]] = {"of-sender": (own.encode(), 8.0)}
    found |= {f"like-{name}": (sent, weight) for name, sent, weight in resembling(own.encode())}
    found["archive's-own"] = (target.called_aet.encode(), 5.0)
    if target.hl7 is not None and target.hl7.receiver:
        found["receiver's"] = (target.hl7.receiver.encode(), 5.0)
    found |= {f"common-{name}": (name.encode(), 2.0) for name in COMMON}
    known = {sent: (name, weight) for name, (sent, weight) in reversed(found.items())}
    values = (Value(name, _put(put, sent), weight, mixes=False) for sent, (name, weight) in known.items())
    return Dimension(dimension, tuple(sorted(values, key=lambda value: -value.weight)), Layer.ASSOCIATION)


def _put(put: Set, name: bytes) -> Callable[[Sending], Sending]:
    return lambda sending: put(sending, name)


def certificate(target: Target, *but: str) -> Dimension[Sending]:
    """None, those of nodes, and those to be refused; not those of the nodes ``but``."""
    nodes = [node for role, node in target.nodes.items() if node.keys is not None and role not in but]
    return certificates(target, [Value(f"of-{node.name}", showing(node.keys), 7, mixes=False) for node in nodes])


def elsewhere(own: tuple[bytes, bytes]) -> Dimension[Sending]:
    """Where the names of the sender can stand besides: in a second header, in one of a batch or file (2.10.3), in
    fields that are about somebody else."""
    application_, facility_ = own

    def header(sending: Sending) -> bytes:
        return sending.as_sender(None).draft.header().encode()

    def wrapped(name: bytes) -> Callable[[Sending], Sending]:
        said = hl7.segment(name, hl7.DELIMITERS[1:], application_, facility_)
        return lambda sending: replace(sending, draft=replace(sending.draft, before=(said,)))

    def behind(sending: Sending) -> Sending:
        return replace(sending, draft=replace(sending.draft, after=(header(sending),)))

    def secure(sending: Sending) -> Sending:
        return replace(sending, draft=replace(sending.draft, security=application_))

    values: list[Value[Sending]] = [
        Value("header-behind", behind, 6, mixes=False),
        Value("batch-header", wrapped(b"BHS"), 5, mixes=False),
        Value("file-header", wrapped(b"FHS"), 5, mixes=False),
        Value("security", secure, 4),
    ]
    return Dimension("names elsewhere", tuple(values), Layer.ASSOCIATION)

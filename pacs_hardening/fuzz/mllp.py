"""Hostile blocks and messages of HL7 v2, as bytes; what follows from each for the sender who may send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from ..model import Endpoint, Unmeasurable
from ..model.response import Ended, Observed, Said, Served, Silent
from ..probes.authorised import Authorised
from ..wire import adt, messages, mllp, tls
from ..wire.patience import patiently
from ..wire.session import Session

PATIENCE = (1.0, 3.0)  # seconds before the sender tries again: what fails then fails for good
SECONDS = 1.0  # that a malformed message is waited for
STALLED = (8, 4, 2)  # more than a receiver commonly has workers; and fewer
MANY = 20_000
_Bytes = Callable[[bytes], bytes]


def _header(old: bytes, new: bytes) -> _Bytes:
    return lambda raw: mllp.block(raw.replace(old, new, 1))


def _behind(segment: bytes) -> _Bytes:
    return lambda raw: mllp.block(raw + segment)


def _field(number: int, value: bytes) -> _Bytes:
    """MSH-``number`` set to ``value``."""

    def change(raw: bytes) -> bytes:
        first, end, rest = raw.partition(b"\r")
        fields = first.split(b"|")
        fields += [b""] * (number - len(fields))
        fields[number - 1] = value
        return mllp.block(b"|".join(fields) + end + rest)

    return change


_EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///nonexistent/pacs-hardening">]>'
    b'<ADT_A01 xmlns="urn:hl7-org:v2xml"><MSH><MSH.3><HD.1>&b;</HD.1></MSH.3></MSH></ADT_A01>'
)
_GROWING = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><ADT_A01>&d;</ADT_A01>'
)

# What is wrong with it -> how the bytes of a good message become it, as they go over the wire.
MALFORMATIONS: Mapping[str, _Bytes] = {
    # blocks (MLLP)
    "no start of block": lambda raw: raw + mllp.END + mllp.RETURN,
    "no end of block": lambda raw: mllp.START + raw,
    "end of block without return": lambda raw: mllp.START + raw + mllp.END,
    "other byte for the return": lambda raw: mllp.START + raw + mllp.END + b"\n",
    "empty block": lambda raw: mllp.block(b""),
    "only an end": lambda raw: mllp.END + mllp.RETURN,
    "start within a block": lambda raw: mllp.START + raw[:40] + mllp.block(raw),
    "end within a block": lambda raw: mllp.block(raw[:40]) + raw[40:] + mllp.END + mllp.RETURN,
    "many empty blocks": lambda raw: mllp.block(b"") * 1000,
    "many blocks at once": lambda raw: mllp.block(raw) * 100,
    "bytes between blocks": lambda raw: mllp.block(raw) + b"between" + mllp.block(raw),
    "acknowledgment of nothing": lambda raw: mllp.block(b"\x06") + mllp.block(b"\x15"),
    "nothing but NUL": lambda raw: mllp.block(bytes(1 << 16)),
    "every byte": lambda raw: mllp.block(bytes(set(range(256)) - {0x0B, 0x1C}) * 100),
    # other protocols
    "an HTTP request": lambda raw: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an A-ASSOCIATE-RQ": lambda raw: bytes.fromhex("0100000000440001") + bytes(66),
    "a ClientHello": lambda raw: bytes.fromhex("1603010005010000010303"),
    "XML with an external entity": lambda raw: mllp.block(_EXTERNAL),
    "XML that grows": lambda raw: mllp.block(_GROWING),
    # the header
    "three bytes": lambda raw: mllp.block(b"MSH"),
    "header without delimiters": lambda raw: mllp.block(b"MSH|\r"),
    "delimiters that are one": _header(b"|^~\\&|", b"||||||"),
    "delimiters that are letters": _header(b"MSH|^~\\&|", b"MSHMSHMSM"),
    "delimiters that are returns": _header(b"MSH|^~\\&|", b"MSH\r\r\r\r\r\r"),
    "one delimiter too many": _header(b"|^~\\&|", b"|^~\\&#$%|"),
    "no header": lambda raw: mllp.block(raw.partition(b"\r")[2]),
    "header at the end": lambda raw: mllp.block(raw.partition(b"\r")[2] + raw.partition(b"\r")[0] + b"\r"),
    "no type": _field(9, b""),
    "type of many components": _field(9, b"ADT^A08" + b"^ADT_A01" * 1000),
    "type of an unknown event": _field(9, b"ADT^Z99^ADT_Z99"),
    "no control ID": _field(10, b""),
    "control ID without end": _field(10, b"9" * MANY),
    "control ID of control characters": _field(10, b"\x01\x02\x1b[2J"),
    "unknown version": _field(12, b"9.9"),
    "version of a negative number": _field(12, b"-1"),
    "sequence number that is none": _field(13, b"NaN"),
    "continuation of nothing": _field(14, b"CONTINUED"),
    "unknown character set": _field(18, b"NONE-SUCH"),
    "UTF-16 that is none": _field(18, b"UNICODE UTF-16"),
    "time that is none": _field(7, b"99999999999999+9999"),
    # segments and fields
    "UTF-16": lambda raw: mllp.block(raw.decode("latin-1").encode("utf-16")),
    "broken UTF-8": _behind(b"NTE|1|L|\xc3\x28\xff\xfe\r"),
    "line feeds": lambda raw: mllp.block(raw.replace(b"\r", b"\n")),
    "returns only": lambda raw: mllp.block(b"\r" * MANY),
    "segment of a short name": _behind(b"X|1\r"),
    "segment of an unknown name": _behind(b"ZZZ|1|2|3\r"),
    "many segments": _behind(b"NTE|1|L|x\r" * MANY),
    "many fields": _behind(b"NTE" + b"|" * MANY + b"\r"),
    "many components": _behind(b"NTE|1|L|" + b"^" * MANY + b"\r"),
    "many repetitions": _behind(b"NTE|1|L|" + b"~" * MANY + b"\r"),
    "many subcomponents": _behind(b"NTE|1|L|" + b"&" * MANY + b"\r"),
    "many escapes": _behind(b"NTE|1|L|" + b"\\E\\" * MANY + b"\r"),
    "escape without end": _behind(b"NTE|1|L|\\X41\r"),
    "escape of no bytes": _behind(b"NTE|1|L|\\XZZ\\ \\Xf\\ \\C\\ \\.sp99999999\\\r"),
    "long field": _behind(b"NTE|1|L|" + b"x" * (MANY * 10) + b"\r"),
    "value of an unknown type": _behind(b"OBX|1|??|1^X||1\r"),
    "number that is none": _behind(b"OBX|1|NM|1^X||1e999999999\r"),
    "document of broken base64": _behind(b"OBX|1|ED|1^X||^application^pdf^Base64^%%%%\r"),
    "set ID of a negative number": _behind(b"NTE|-2147483649|L|x\r"),
    "many patients": _behind(b"PID|1||TEST||TEST\r" * 1000),
    "batch without end": lambda raw: mllp.block(b"FHS|^~\\&\rBHS|^~\\&\r" + raw + b"BTS|999999999\r"),
    "birth that is no date": _header(b"19000101", b"00000000"),
    "birth of many digits": _header(b"19000101", b"9" * 1000),
}


def harmed(authorised: Authorised, endpoint: Endpoint) -> list[tuple[Said, tuple[Said, ...]]]:
    """Each malformation sent by who may send: what he met after that one after which he was served no more, and what
    was said in it."""
    raw, keys = adt.Draft.of(authorised.messaging()).encode(), authorised.sender_keys()
    for name, change in MALFORMATIONS.items():
        told = messages.send(endpoint, authorised.target, keys, change(raw), name, seconds=SECONDS)
        if (met := _met(authorised, endpoint)) is not None:
            return [((f"the sender is served no more after {name}: ", met), told.transcript)]
    return []


def kept_waiting(authorised: Authorised, endpoint: Endpoint) -> list[Said]:
    """While others hold on in the middle of a message; what the sender, who was served before, met meanwhile. Where
    there is a limit to how many connect from one address, he is one too many: he comes again beside fewer."""
    authorised.hl7(endpoint)
    half = mllp.START + adt.Draft.of(authorised.messaging()).encode()[:60]
    met: Said = ""
    for number in STALLED:
        with ExitStack() as stack:
            held = [_holds(stack, authorised, endpoint, half) for _ in range(number)]
            seen = _met(authorised, endpoint)
        if not any(held):
            raise Unmeasurable("nobody could be held in the middle of a message")
        if seen is None:
            return []
        met = seen
        if isinstance(met, Observed) and isinstance(met.response, Silent):
            break
    return [(f"while {number} others have sent half of a message: ", met)]


def _holds(stack: ExitStack, authorised: Authorised, endpoint: Endpoint, half: bytes) -> bool:
    """Whether one more took the first half of a message; it may have a limit to how many."""
    context = tls.client(authorised.sender_keys()) if endpoint.tls else None
    try:
        session = stack.enter_context(Session(endpoint, context, name=authorised.target.server_name))
        session.send(half, "half of a message")
    except (Ended, Unmeasurable):
        return False
    return True


def _met(authorised: Authorised, endpoint: Endpoint) -> Said | None:
    """None once the sender is served."""

    def told() -> Said:
        try:
            return authorised.tells(endpoint)
        except Unmeasurable as error:
            return error.said

    met = patiently(told, PATIENCE, busy=lambda seen: not _is_served(seen))
    if not _is_served(met):
        return met
    authorised.count_successes(1)
    return None


def _is_served(seen: Said) -> bool:
    return isinstance(seen, Observed) and isinstance(seen.response, Served)

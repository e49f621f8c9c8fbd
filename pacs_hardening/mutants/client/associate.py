"""The A-ASSOCIATE-RQ of the small requestor, as a play has it, and what of it was accepted."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from ...model import KeyPair
from .dimse import IMPLICIT

STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2."
_QUERY_RETRIEVE = "1.2.840.10008.5.1.4.1.2."
MODELS = {
    "echo": "1.2.840.10008.1.1",
    "find": f"{STUDY_ROOT}1",
    "move": f"{STUDY_ROOT}2",
    "get": f"{STUDY_ROOT}3",
    "store": "1.2.840.10008.5.1.4.1.1.7",
}
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLEMENTATION = "1.2.276.0.7230010.3.0.3.6.4"


@dataclass(frozen=True)
class Caller:
    """Who asks: the certificate of ``keys`` (None: none), an AE title, a user name and its passcode where given."""

    keys: KeyPair | None
    title: str
    identity: tuple[str, str] | None = None


def contexts_of(service: str, sop_class: str, play: Mapping[str, str]) -> list[tuple[int, str, list[str]]]:
    """(id, abstract syntax, transfer syntaxes) of each presentation context; the message's own is the first."""
    abstract = [sop_class]
    if service == "get":
        abstract += [MODELS["store"], CT, MR]
    if int(play.get("message", "1")) > 1 and "echo-first" in play:
        abstract.append(MODELS["echo"])
    abstract += [uid for uid in play.get("abstract-syntaxes", "").split() if uid not in abstract]
    wanted = int(play.get("contexts", "0"))
    abstract += [MODELS["echo"]] * (wanted - len(abstract))
    syntaxes = play.get("message-syntax", IMPLICIT).split() + play.get("transfer-syntaxes", "").split()
    first = int(play.get("first-context", "1"))
    ids = [(first + 2 * number - 1) % 256 + 1 for number in range(len(abstract))]
    ids = [number if number % 2 else number - 1 for number in ids]
    if "last-context" in play and len(ids) > 1:
        ids[-1] = int(play["last-context"])
    elif "last-context" in play:
        ids[0] = int(play["last-context"])
    listed = [(number, uid, list(dict.fromkeys(syntaxes))) for number, uid in zip(ids, abstract, strict=True)]
    return listed[::-1] if play.get("order") == "falling" else listed


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def request(called: str, caller: Caller, contexts: list[tuple[int, str, list[str]]], play: Mapping[str, str]) -> bytes:
    """PS3.8 9.3.2."""
    title = play.get("calling-as-sent", play.get("calling", caller.title))
    body = struct.pack(">HH", int(play.get("protocol-version", "1")), 0)
    body += play.get("called", called).ljust(16).encode("latin-1")[:16] + title.ljust(16).encode("latin-1")[:16]
    body += bytes.fromhex(play.get("reserved", "00" * 32))
    body += _item(0x10, play.get("application-context", "1.2.840.10008.3.1.1.1").encode())
    for number, uid, syntaxes in contexts:
        subs = _item(0x30, uid.encode()) + b"".join(_item(0x40, each.encode()) for each in syntaxes)
        body += _item(0x20, struct.pack("BBBB", number, 0, 0, 0) + subs)
    body += _item(0x50, _user_information(caller, contexts, play))
    return struct.pack(">BxL", 1, len(body)) + body


def _user_information(caller: Caller, contexts: list[tuple[int, str, list[str]]], play: Mapping[str, str]) -> bytes:
    """PS3.7 annex D.3.3."""
    items = _item(0x51, struct.pack(">L", int(play.get("maximum-length", "32768"))))
    items += _item(0x52, play.get("implementation-class", IMPLEMENTATION).encode())
    if "asynchronous" in play:
        items += _item(0x53, struct.pack(">HH", *map(int, play["asynchronous"].split(","))))
    storing = [uid for _, uid, _ in contexts if uid in (MODELS["store"], CT, MR)]
    retrieving = any(uid.startswith(_QUERY_RETRIEVE) and uid.endswith(".3") for _, uid, _ in contexts)
    roles = dict.fromkeys(storing, (0, 1)) if retrieving else {}
    if "roles" in play:
        uid, role = play["roles"].split()
        roles[uid] = (int("scu" in role), int("scp" in role))
    for uid, pair in roles.items():
        items += _item(0x54, struct.pack(">H", len(uid)) + uid.encode() + bytes(pair))
    if play.get("version-name", "x"):
        items += _item(0x55, play.get("version-name", "OFFIS_DCMTK_364").encode("latin-1"))
    for name, kind in (("extended", 0x56), ("common-extended", 0x57)):
        if name in play:
            named = play[name].encode()
            tail = b"\1" if kind == 0x56 else struct.pack(">H", 0) + struct.pack(">H", 0)
            items += _item(kind, struct.pack(">H", len(named)) + named + tail)
    if "further-item" in play:
        items += _item(int(play["further-item"]), b"x")
    who = caller.identity
    if who is None and any(
        name in play for name in ("identity", "identity-type", "passcode", "identity-asks-response")
    ):
        who = ("", "")
    if who is not None:
        first = play.get("identity", who[0]).encode("latin-1")
        second = play.get("passcode", who[1]).encode("latin-1")
        kind, asks = int(play.get("identity-type", "2")), int(play.get("identity-asks-response", "0"))
        second = second if kind == 2 else b""
        items += _item(
            0x58, struct.pack(">BBH", kind, asks, len(first)) + first + struct.pack(">H", len(second)) + second
        )
    return items


def accepted(body: bytes) -> dict[int, str]:
    """Context id -> transfer syntax, of an A-ASSOCIATE-AC."""
    found, at = {}, 68
    while at + 4 <= len(body):
        kind, length = struct.unpack_from(">BxH", body, at)
        if kind == 0x21 and body[at + 6] == 0:
            size = struct.unpack_from(">H", body, at + 10)[0]
            found[body[at + 4]] = body[at + 12 : at + 12 + size].decode().rstrip("\0")
        at += 4 + length
    return found

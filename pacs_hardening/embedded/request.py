"""The parts of an A-ASSOCIATE-RQ that admission depends on, read strictly (PS3.8 9.3.2, PS3.7 D.3.3.7)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_UID = re.compile(rb"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")
_FIXED = 74  # type, reserved, length, version, reserved, two AE titles of 16, reserved 32 (PS3.8 table 9-11)


class Malformed(Exception):
    """The bytes are no A-ASSOCIATE-RQ; says what is wrong, without values."""


@dataclass(frozen=True)
class UserIdentity:
    """Sub-item 58H: ``kind`` 1 to 5, whether a positive response is wanted, and the two fields as sent."""

    kind: int
    confirm: bool
    primary: bytes
    secondary: bytes


@dataclass(frozen=True)
class Request:
    """AE titles are the 16 bytes as sent; the syntaxes are all those proposed, in whatever context."""

    called: bytes
    calling: bytes
    application_context: bytes
    abstract_syntaxes: frozenset[str]
    transfer_syntaxes: frozenset[str]
    identities: tuple[UserIdentity, ...]


def parse(pdu: bytes) -> Request:
    """Read a whole A-ASSOCIATE-RQ PDU. Raises Malformed unless it has exactly one application context and user
    information, at least one presentation context, odd and distinct context IDs, UIDs, and lengths that agree."""
    if len(pdu) < _FIXED or pdu[0] != 1:
        raise Malformed("too short for an A-ASSOCIATE-RQ")
    top = list(items(pdu[_FIXED:]))
    contexts = [body for kind, body in top if kind == 0x20]
    application = [body for kind, body in top if kind == 0x10]
    user = [body for kind, body in top if kind == 0x50]
    if len(application) != 1 or len(user) != 1 or not contexts:
        raise Malformed("items missing or repeated")
    ids = [body[0] if len(body) >= 4 else 0 for body in contexts]
    if len(set(ids)) != len(ids) or not all(number % 2 for number in ids):
        raise Malformed("presentation context IDs not odd and distinct")
    abstract = [[sub for kind, sub in items(body[4:]) if kind == 0x30] for body in contexts]
    if not all(len(found) == 1 for found in abstract):
        raise Malformed("a presentation context without exactly one abstract syntax")
    return Request(
        called=pdu[10:26],
        calling=pdu[26:42],
        application_context=application[0].rstrip(b"\0"),
        abstract_syntaxes=frozenset(_uid(found[0]) for found in abstract),
        transfer_syntaxes=frozenset(_uid(sub) for body in contexts for kind, sub in items(body[4:]) if kind == 0x40),
        identities=tuple(_identity(body) for kind, body in items(user[0]) if kind == 0x58),
    )


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, value) of items with a 2-byte length (PS3.8 9.3.2). Raises Malformed where one overruns."""
    while data:
        if len(data) < 4:
            raise Malformed("an item header is cut off")
        kind, length = struct.unpack(">BxH", data[:4])
        if len(data) < 4 + length:
            raise Malformed("an item overruns its container")
        yield kind, data[4 : 4 + length]
        data = data[4 + length :]


def _uid(raw: bytes) -> str:
    """A UID (PS3.5 9.1), padded or not. Raises Malformed for anything else."""
    text = raw.removesuffix(b"\0")
    if len(text) > 64 or not _UID.fullmatch(text):
        raise Malformed("a syntax that is no UID")
    return text.decode()


def _identity(body: bytes) -> UserIdentity:
    try:
        kind, confirm, first = struct.unpack_from(">BBH", body)
        (second,) = struct.unpack_from(">H", body, 4 + first)
    except struct.error as error:
        raise Malformed("a user identity is cut off") from error
    if len(body) != 6 + first + second:
        raise Malformed("a user identity has the wrong length")
    return UserIdentity(kind, confirm == 1, body[4 : 4 + first], body[6 + first :])

"""MLLP: blocks of bytes on a connection (HL7 v2 Transport Specification, Minimal Lower Layer Protocol).

A receiver may be hostile: a block is read within the deadline of its session and up to a limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model.response import Closed, Ended, Endless, Stage, TlsAlert
from .pdu import ProtocolError
from .session import Refused, Session

START, END, RETURN = b"\x0b", b"\x1c", b"\r"
MOST = 4 << 20  # no acknowledgment needs as much
_COMMITTED, _ALERT = b"\x06", b"\x15\x03"
_BEFORE = b"\r\n"  # what careless receivers send between two blocks


def block(message: bytes) -> bytes:
    return START + message + END + RETURN


def receive(session: Session) -> bytes:
    """What the next block holds; one that only says that ours has come (Release 2, 3.2) is passed over.

    Raises Refused, Silent; ProtocolError for what is no block, Ended for one of more than ``MOST`` bytes.
    """
    return next(blocks(session))


def blocks(session: Session) -> Iterator[bytes]:
    """What each block holds, as `receive`."""
    waiting = b""
    while True:
        held, waiting = _next(session, waiting)
        if held != _COMMITTED:
            yield held


def _next(session: Session, read: bytes) -> tuple[bytes, bytes]:
    """One block, and what came behind it."""
    data = bytearray(read)
    while True:
        begin = bytes(data[:64]).lstrip(_BEFORE)
        if begin[:2] == _ALERT and len(begin) >= 7:  # a TLS alert record (RFC 8446 5.1), in answer to plaintext
            alert = TlsAlert(begin[6])
            session.note(("<- in answer to plaintext, ", alert))
            raise Refused(alert, Stage.MLLP)
        if begin and begin[:1] != START and not _ALERT.startswith(begin[:2]) and begin[:2] != _ALERT:
            raise ProtocolError(f"expected an MLLP block, got {begin[:16].hex(' ')} …")
        start, end = data.find(START), data.find(END)
        if 0 <= start < end:
            return bytes(data[start + 1 : end]), bytes(data[end + 1 :])
        if len(data) > MOST:
            session.note(("<- ", Endless(MOST)))
            raise Ended(Endless(MOST), Stage.MLLP)
        piece = session.receive_some(1 << 16, Stage.MLLP)
        if not piece:
            session.note(("<- ", Closed()))
            raise Refused(Closed(), Stage.MLLP)
        data += piece

"""Audit records from a log: what a log server made of the messages that it received, line by line.

Some keep the header of a message, others write one of their own, or put the message as a string into JSON (a container
engine, journald). Few leave its line ends, so that it takes several lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ..model import AuditRecord
from ..model.trail import MAX_LENGTH

_BEGIN, _END = b"<AuditMessage", b"</AuditMessage"
# What another logger put in front. A quote, an escape or an equals sign there says that what follows is a value of it.
_FRONT = re.compile(r"""[^"'\\#=<]*(?=<\d{1,3}>1 )""")
_FIELDS = ("MESSAGE", "message", "msg", "log", "line")  # journald, rsyslog, container engines and what collects of them


class Lines:
    """Give it what was read, piece by piece; it gives the records that are whole."""

    def __init__(self) -> None:
        self._rest = b""
        self._open = b""  # a message of which the end has not come

    def records(self, piece: bytes) -> Iterator[AuditRecord]:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._rest = self._rest[-MAX_LENGTH:]
        for line in lines:
            if self._open and (_BEGIN in line or len(self._open) > MAX_LENGTH):
                yield _record(self._open)
                self._open = b""
            whole = self._open + line
            is_cut = _BEGIN in whole and _END not in whole and not whole.startswith(b"{")
            self._open = whole + b"\n" if is_cut else b""
            if not is_cut and whole.strip():
                yield _record(whole)


def _record(line: bytes) -> AuditRecord:
    """The message in ``line``, without what stands in front of its header, or the whole line."""
    text = _of_json(line.strip().decode(errors="replace"))
    found = _FRONT.match(text)
    return AuditRecord(None, text[found.end() :] if found else text)


def _of_json(line: str) -> str:
    try:
        held = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return line
    if not isinstance(held, dict):
        return line
    texts = [held[name].strip() for name in _FIELDS if isinstance(held.get(name), str)]
    return next((text for text in texts if "<AuditMessage" in text), texts[0] if texts else line)

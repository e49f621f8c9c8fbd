"""One syslog message, read strictly (RFC 5424 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .pdu import ProtocolError

_VALUE = r'(?:[^"\\\]]|\\.)*'
_HEADER = re.compile(
    r"<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>\S{1,255}) (?P<app>\S{1,48}) (?P<process>\S{1,128})"
    rf' (?P<id>\S{{1,32}}) (?P<data>-|(?:\[[!-~]{{1,32}}(?: [!-~]{{1,32}}="{_VALUE}")*\])+)(?: (?P<message>.*))?',
    re.DOTALL,
)
_TIME = re.compile(r"-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Message:
    """``facility`` and ``severity`` are numbers of RFC 5424 6.2.1; ``time`` is as sent; ``text`` without a BOM."""

    facility: int
    severity: int
    time: str
    host: str
    app: str
    id: str
    text: str


def parse(text: str) -> Message:
    """Raises ProtocolError for what is no message of RFC 5424."""
    found = _HEADER.fullmatch(text)
    if not found or int(found["priority"]) > 191 or not _TIME.fullmatch(found["time"]):
        raise ProtocolError("not a syslog message of RFC 5424")
    facility, severity = divmod(int(found["priority"]), 8)
    message = (found["message"] or "").removeprefix("\ufeff")
    return Message(facility, severity, found["time"], found["host"], found["app"], found["id"], message)

"""Probe: errors provoked at a web endpoint, and what of the inside their answers describe."""

from __future__ import annotations

import re
import secrets
from functools import partial

from ...model import Endpoint, Target, User
from ...wire.http import Answer
from .request import (
    WebAttempt,
    ask,
    send,
    side_by_side,
)

_STANDARD = "(HTTP|TLS|SSL|X?HTML|XML|DICOM)[/ ]"  # and 1.2, 2.25: object identifiers
INTERNALS = {
    "a stack trace": r"Traceback \(most|\bat [\w$.<>]+\(\w+\.\w+:\d+\)|\bFile \"[^\"]+\", line \d|goroutine \d+ \[",
    "a source file": r"\b\w+\.(cpp|cc|c|h|hpp|java|py|go|rs|php|cs|lua|js):\d+",
    "the name of an exception": r"\b[A-Za-z_]\w+(Error|Exception)\b",
    "a path of files": r"(?<![\w.])/(usr|var|etc|home|opt|srv|tmp|root|lib)/\w|\b[A-Z]:\\\w",
    "SQL": r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.{1,80}\b(FROM|VALUES|SET|WHERE)\b|sqlite|SQLSTATE|ORA-\d{5}",
    "a product version": rf"\b(?!{_STANDARD})[A-Za-z][A-Za-z-]+[/ ]v?(?!1\.2\.|2\.25\.)\d+(\.\d+){{1,2}}(?!\.?\d)",
}


def provoke(target: Target, endpoint: Endpoint, rest: str, user: User) -> list[WebAttempt]:
    """Requests that nobody can answer well, of a stranger and of ``user``: those that were answered by an error."""
    nowhere = f"/{secrets.token_hex(8)}"
    asked = [
        partial(ask, target, path, endpoint=endpoint, method=method, user=who, body=body)
        for who in (None, user)
        for method, path, body in [
            ("GET", nowhere, b""),
            ("GET", f"{rest}%00%zz", b""),
            ("PUT", rest, b"{"),
            ("FETCH", rest, b""),
            ("POST", target.routes.get("stow") or nowhere, b"--"),
            ("GET", f"{target.routes.get('qido') or rest}?limit=x&offset='", b""),
            ("GET", f"{target.routes.get('qido') or rest}/'/metadata", b""),
        ]
    ]
    asked += [
        partial(send, target, each, endpoint=endpoint, user=user, body=b"{")
        for each in target.protected_requests
        if each.body
    ]
    return [attempt for attempt in side_by_side(lambda each: each(), asked) if attempt.status >= 400]


def describes(answer: Answer) -> list[str]:
    """What of the inside is in an answer's headers or body."""
    fields = (f"{name}: {value}" for name, value in answer.headers.items() if name not in ("date", "www-authenticate"))
    text = "\n".join((*fields, answer.body[: 1 << 16].decode("latin-1")))
    return [what for what, pattern in INTERNALS.items() if re.search(pattern, text)]

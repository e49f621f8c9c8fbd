"""Whether two answers say the same, and how many things an answer lists."""

from __future__ import annotations

import json
import re

from ...wire.http import Answer

_TOKEN = re.compile(rb"[0-9A-Za-z+/_=-]{12,}|\d+")  # nonces, times, ids: what differs from answer to answer
_DATA_SET = b"<NativeDicomModel"  # what each match is in XML (PS3.19 A.1)


def is_data_like(one: Answer, other: Answer) -> bool:
    """Other content of the same kind, which is none for people: a list that holds less, an object of somebody else."""
    kinds = {_kind(each) for each in (one, other)}
    return len(kinds) == 1 and bool(one.body) and not kinds & {"", "text/html", "text/plain"}


def is_alike(one: Answer, other: Answer) -> bool:
    """The same answer, but for what is different every time."""
    if one.status != other.status:
        return False
    return _kind(one) == _kind(other) and _TOKEN.sub(b"", one.body) == _TOKEN.sub(b"", other.body)


def _kind(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def listed(answer: Answer) -> int:
    """How many things an answer of 2xx lists, as JSON or as DICOM data sets in XML (PS3.18 10.6.4); 0 for others."""
    if not 200 <= answer.status < 300:
        return 0
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return answer.body.count(_DATA_SET)
    return len(found) if isinstance(found, list) else 0

"""Requests that are particular to a product, from an environment or a target file, and written into one."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields

from ..model import WebRequest
from .table import Table

DOORS = ("qido", "wado-rs", "wado-uri", "rest", "ui", "metrics")  # those that a control asks for more than one of
_KEYS = " ".join(field.name for field in fields(WebRequest))
_PLAIN = re.compile(r"/[!-z|~]*")  # no braces beside the known placeholders
_PLACEHOLDER = re.compile(r"\{(study|series|instance)\}")


def read(table: Table, key: str) -> tuple[WebRequest, ...]:
    """The array of tables ``key``; empty where there is none. Raises BadInput."""
    return tuple(_one(each) for each in table.tables(key, _KEYS))


def _one(table: Table) -> WebRequest:
    request = WebRequest(
        path=table.text("path"),
        method=table.text("method", "GET", pattern="[A-Z]{3,20}"),
        door=table.text("door", "rest", pattern="|".join(DOORS)),
        body=table.text("body", ""),
        type=table.text("type", "", pattern=r"|[!-~][ -~]*"),
        does=table.text("does", ""),
        absent=table.flag("absent", False),
        unfinished=table.flag("unfinished", False),
    )
    if not _PLAIN.fullmatch(_PLACEHOLDER.sub("", request.path)):
        raise table.bad(
            "path", f"{request.path!r} is not a path; accepted: /…, with {{study}}, {{series}}, {{instance}}"
        )
    return request


def told(request: WebRequest) -> dict[str, object]:
    """What of ``request`` is not the default, by key."""
    values = {field.name: getattr(request, field.name) for field in fields(WebRequest)}
    usual = {field.name: field.default for field in fields(WebRequest) if field.default is not MISSING}
    return {name: value for name, value in values.items() if value != usual.get(name, MISSING)}

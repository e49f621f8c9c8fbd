"""Small pieces of HTML. ``text`` is the one way in for what is not ours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

from ...model import Severity, Status
from ..text import clean

WORDS = {
    Status.PASS: "holds",
    Status.FAIL: "open",
    Status.ERROR: "not measured",
    Status.WAIVED: "waived",
    Status.NOT_RUN: "not asked",
    Status.NOT_APPLICABLE: "no such endpoint",
}
SIGNS = {
    Status.PASS: "✓",
    Status.FAIL: "✕",
    Status.ERROR: "?",
    Status.WAIVED: "◷",
    Status.NOT_RUN: "-",
    Status.NOT_APPLICABLE: "-",
}
AREAS = {
    "transport": "Encryption and certificates",
    "association": "Who may talk at all",
    "authorisation": "What a known device may do",
    "web": "Web endpoints",
    "redaction": "Patient data that leaves",
    "robustness": "Malformed and hostile traffic",
    "audit": "Traces for the auditor",
    "hl7": "HL7 messages",
    "storage": "Stored objects",
    "host": "The machine underneath",
}


def text(value: str, limit: int = 2000) -> str:
    return escape(clean(value, limit), quote=True)


def section(name: str, title: str, *inside: str) -> str:
    content = "".join(inside)
    return f'<section id="{name}" class="card"><h2>{title}</h2>{content}</section>\n' if content else ""


def items(lines: Iterable[str], kind: str = "ul", name: str = "") -> str:
    rows = "".join(f"<li>{line}</li>" for line in lines)
    attribute = f' class="{name}"' if name else ""
    return f"<{kind}{attribute}>{rows}</{kind}>" if rows else ""


def status(value: Status) -> str:
    return f'<span class="status s-{value.lower()}"><i aria-hidden="true">{SIGNS[value]}</i>{WORDS[value]}</span>'


def severity(value: Severity) -> str:
    return f'<span class="pill v-{value.name.lower()}">{value.name.lower()}</span>'


def area(name: str) -> str:
    return AREAS.get(name, text(name.replace("-", " ").capitalize()))


def when(started: str) -> str:
    """``started`` for people; "" where it is not known."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return ""
    return f'<time datetime="{text(started)}">{moment:%-d %B %Y, %H:%M} UTC</time>'

"""Whether the archive does its duty: a deed is done, and its record awaited."""

from __future__ import annotations

import calendar
import time
from xml.etree import ElementTree

from pydicom.dataset import Dataset

from ..bases import Base
from ..client import web
from ..duties import DEEDS
from .archive import Archive
from .objects import synthetic
from .web import basic, request

RECORDED_S = 1.5


def recorded(archive: Archive, goal: str) -> bool:
    """Whether the deed was done, and a record with its event, its doer, its outcome and about its time arrived."""
    deed = DEEDS[goal]
    audit = archive.running.audit
    assert audit is not None
    before, began = len(audit(0, 0)), time.time()
    who = _do(archive, goal, deed.who)
    ends = time.monotonic() + RECORDED_S
    while time.monotonic() < ends:
        for record in audit(before, 0.05)[:]:
            if _is_of(record.text, deed.code, who, deed.failed, began):
                return True
    return False


def _do(archive: Archive, goal: str, role: str) -> str:
    """Do it; gives under which name."""
    names = archive.names()
    what = goal.partition("-")[0]
    if role in ("user", "nobody"):
        user = names["user"] if role == "user" else "nobody"
        wrong = role == "nobody" or "wrong" in goal
        login = basic(user, "wrong" if wrong else names["password"])
        method, path, headers, body = request(archive, {"page": "system"}.get(what, what))
        web.ask(archive.web, path, {"method": method, **headers}, body, login)
        return user
    base = Base("duties", (), (), (), role, f"{{{role}}}", role)
    content: Dataset | None = archive.wanted(
        {"key:PatientID": "SYNTHETIC-1"} if what == "find" else {}, whole=what != "find"
    )
    if what in ("echo", "store"):
        content = None if what == "echo" else synthetic({})
    play = {"destination": archive.target.move_destination or ""} if what == "move" else {}
    archive.ask(archive.caller(base), what, content, play)
    return archive.target.nodes[role].aet


def _is_of(text: str, code: str, who: str, failed: bool, began: float) -> bool:
    try:
        root = ElementTree.fromstring(text[text.index("<AuditMessage") :])  # noqa: S314 - of our own archive
    except (ValueError, ElementTree.ParseError):
        return False
    event = root.find("EventIdentification")
    kind = root.find("EventIdentification/EventID")
    if event is None or kind is None or kind.get("csd-code") != code:
        return False
    at = time.strptime(event.get("EventDateTime", "")[:19], "%Y-%m-%dT%H:%M:%S")
    near = abs(calendar.timegm(at) - began) < 60
    names = [each.get("UserID") for each in root.findall("ActiveParticipant") if each.get("UserIsRequestor") == "true"]
    return near and who in names and (event.get("EventOutcomeIndicator") != "0") == failed

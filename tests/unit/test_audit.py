"""The audit trail: what is read from a log server, what counts as the record of a request, and what is valid."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Timer

import pytest

from pacs_hardening.embedded.auditor import AuditEvent, Auditor
from pacs_hardening.embedded.collector import Collector, tls_context
from pacs_hardening.embedded.faults import Faults
from pacs_hardening.embedded.journal import Journal
from pacs_hardening.embedded.listener import Listener
from pacs_hardening.embedded.settings import Settings
from pacs_hardening.model import AuditRecord, Unmeasurable, Violation
from pacs_hardening.model.trail import MAX_LENGTH, Trail
from pacs_hardening.oracles.audit import must_record
from pacs_hardening.pki import authority
from pacs_hardening.probes.audit import trail as audit
from pacs_hardening.probes.audit.message import QUERY, fault, read
from pacs_hardening.probes.audit.trail import Expected, now
from pacs_hardening.wire import syslog
from pacs_hardening.wire.pdu import ProtocolError

XML = (
    "<AuditMessage><EventIdentification EventActionCode='E' EventDateTime='2026-11-25T12:00:00.123Z'"
    " EventOutcomeIndicator='0'><EventID csd-code='110112' codeSystemName='DCM' originalText='Query'/>"
    "</EventIdentification>"
    "<ActiveParticipant UserID='NODE%20A' UserIsRequestor='true' NetworkAccessPointID='10.0.0.1'/>"
    "<ActiveParticipant UserID='ARCHIVE' UserIsRequestor='false'/><AuditSourceIdentification AuditSourceID='a'/>"
    "</AuditMessage>"
)


def record(
    xml: str = XML, head: str = "<85>1 2026-11-25T12:00:00Z host app 1 - -", encrypted: bool = True
) -> AuditRecord:
    return AuditRecord(encrypted, f"{head} {xml}")


def test_a_message_is_read() -> None:
    event = read(record())
    assert event is not None
    assert (event.code, event.failed, event.others) == (QUERY, False, frozenset({"ARCHIVE"}))
    assert event.requestors == {"NODE%20A", "NODE A"}
    assert event.exact == timedelta(milliseconds=1)
    assert fault(record()) == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("csd-code", "code", "EventID without csd-code"),
        ("<AuditSourceIdentification AuditSourceID='a'/>", "", "AuditMessage holds"),
        ("EventOutcomeIndicator='0'", "EventOutcomeIndicator='1'", "EventOutcomeIndicator that the schema"),
        ("UserIsRequestor='true'", "Requestor='true'", "ActiveParticipant without UserIsRequestor"),
        ("EventDateTime='2026-11-25T12:00:00.123Z'", "EventDateTime='today'", "EventDateTime that the schema"),
        ("</AuditMessage>", "", "not well-formed"),
        ("<AuditMessage>", "<!DOCTYPE a [<!ENTITY b 'c'>]><AuditMessage>", "declaration"),
        ("AuditMessage", "AuditTrail", "not an AuditMessage"),
    ],
)
def test_what_is_not_valid_is_named(old: str, new: str, words: str) -> None:
    assert words in fault(record(XML.replace(old, new)))


@pytest.mark.parametrize(
    "text",
    [
        f"<85>1 2026-11-25T12:00:00Z host app 1 - - {XML}",
        f"Nov 25 12:00:00 host app: {XML}",
        f"Nov 25 12:00:00 host app: <?xml version='1.0'?>#012{XML.replace('><', '>#012<')}#015",
    ],
)
def test_a_message_is_read_where_a_log_server_wrote_it(text: str) -> None:
    event = read(AuditRecord(None, text))
    assert event is not None
    assert (event.code, event.others) == (QUERY, frozenset({"ARCHIVE"}))
    assert fault(AuditRecord(None, text)) == ""
    assert "csd-code" in fault(AuditRecord(None, text.replace("csd-code", "code")))


def test_a_header_is_the_archives_where_the_message_came_from_it() -> None:
    sent = record(head="Nov 25 12:00:00 host app:")
    assert read(sent) is None
    assert fault(sent)


@pytest.mark.parametrize(
    "text", ["", "x", "<85>2 - - - - - -", "<999>1 - - - - - -", "<85>1 today - - - - -", "<85>1 - - - - - [a b=c]"]
)
def test_what_is_no_syslog_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        syslog.parse(text)


def test_structured_data_is_passed_over() -> None:
    found = syslog.parse('<134>1 2026-11-25T12:00:00.1+01:00 h a p id [x@1 a="b\\]c"][y] text')
    assert (found.facility, found.severity, found.id, found.text) == (16, 6, "id", "text")


def expected(**changed: object) -> Expected:
    event = read(record())
    assert event is not None
    given = {"who": "NODE A", "failed": False, "since": event.when, "codes": (QUERY,), "others": ("ARCHIVE",)}
    return Expected("a query", **{**given, **changed})  # type: ignore[arg-type]


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECONDS", "PROMPT_S", "BEHIND_S"):
        monkeypatch.setattr(audit, name, 0.01)


def watched(received: Trail, later: Callable[[], object] = lambda: None) -> audit.Trail:
    return audit.Trail(received.after, later)


@pytest.mark.parametrize(
    "changed",
    [{"who": "NODE B"}, {"failed": True}, {"codes": ("110104",)}, {"others": ("ELSEWHERE",)}, {"since": now()}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_record_of_something_else_is_none(changed: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a record; when who, outcome, kind, partner or time differ; then it stands for nothing."""
    at_once(monkeypatch)
    received = Trail()
    received.add(record())
    assert watched(received).lacks(expected()) == []
    with pytest.raises(Violation, match="a query"):
        must_record(watched(received), [expected(**changed)])


def test_one_record_stands_for_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    received = Trail()
    received.add(record())
    assert len(watched(received).lacks(expected(), expected())) == 1


def test_records_that_overtake_each_other_stand_for_what_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a request of which only the address can be known, and one by a name; when the record with the name comes
    first; then both are recorded, and two requests by that name are still not."""
    at_once(monkeypatch)
    nameless, named = replace(expected(), who="", others=()), expected()
    received = Trail()
    for xml in (XML, XML.replace("NODE%20A", "NODE%20B")):
        received.add(record(xml))
    assert watched(received).lacks(nameless, named) == []
    assert watched(received).lacks(named, named) == [named]


def happening(who: str, sender: str = "host") -> AuditRecord:
    """A record of ``who``'s query, now, by ``sender``."""
    xml = XML.replace("NODE%20A", who).replace("2026-11-25T12:00:00.123Z", f"{now():%Y-%m-%dT%H:%M:%S.%fZ}")
    return record(xml, f"<85>1 2026-11-25T12:00:00Z {sender} app 1 - -")


def test_a_record_that_comes_late_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a sender that was heard and then is slow; when the record comes seconds after others, in front of a later
    one of the same sender; then nothing is missing."""
    monkeypatch.setattr(audit, "PROMPT_S", 0.01)
    received = Trail()
    asked = Expected("a query", (QUERY,), "LATE", False, now())
    late = happening("LATE", "guard")

    def add_both() -> None:
        received.add(late)
        received.add(happening("NODE", "guard"))

    def slow() -> None:
        received.add(happening("NODE", "archive"))
        timers.append(Timer(0.5, add_both))
        timers[-1].start()

    timers: list[Timer] = []
    trail = watched(received, slow)
    trail._ways, trail._waited = {"archive app a", "guard app a"}, True  # both were heard before
    trail.records.append(record())
    received.add(record())
    assert trail.lacks(asked) == []
    timers[0].join()


def test_a_record_is_missing_once_later_ones_have_come_by_every_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a trail that flows; when the record of one request does not come; then that is said, the first time after
    the whole of the time, and then as soon as something later has come by every way."""
    monkeypatch.setattr(audit, "SECONDS", 1.0)
    monkeypatch.setattr(audit, "PROMPT_S", 0.01)
    monkeypatch.setattr(audit, "BEHIND_S", 0.01)
    received = Trail()
    trail = watched(received, lambda: received.add(happening("NODE")))
    asked = Expected("a query", (QUERY,), "NOBODY", False, now())
    spent = []
    for _ in range(2):
        began = time.monotonic()
        assert trail.lacks(asked) == [asked]
        spent.append(time.monotonic() - began)
    assert spent[0] >= 1.0 > spent[1]


def test_nothing_is_missing_in_a_trail_that_has_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a sender whose records came, and come no more; then whether one is missing could not be measured."""
    at_once(monkeypatch)
    received, flows = Trail(), [True]
    trail = watched(received, lambda: received.add(happening("NODE")) if flows.pop() else None)
    asked = Expected("a query", (QUERY,), "NOBODY", False, now())
    assert trail.lacks(asked) == [asked]
    flows.append(False)
    with pytest.raises(Unmeasurable, match="no record comes from host app a any more"):
        trail.lacks(asked)


def test_lines_of_a_log_server_become_records() -> None:
    received = Trail()
    received.follow([b"tls <85>1 one\nplain tw", b"o\nown something\n\xff\n" + b"x" * (MAX_LENGTH * 2), b"tail"])
    assert received.after(0, 0) == (AuditRecord(True, "<85>1 one"), AuditRecord(False, "two"))
    with pytest.raises(Unmeasurable, match="log server has ended"):
        received.after(2, 5)


@contextmanager
def collecting(folder: Path) -> Iterator[tuple[authority.Pki, Trail, int]]:
    keys, received, settings = authority.make(folder / "pki", {"all": "all"}, ["localhost"]), Trail(), Settings()
    listener = Listener("log", Collector(received).serve, tls_context(keys), Journal(), Faults(settings), 5.0)
    try:
        yield keys, received, listener.port
    finally:
        listener.stop()


def test_a_deed_arrives_as_a_valid_message(tmp_path: Path) -> None:
    with collecting(tmp_path) as (keys, received, port):
        auditor = Auditor(Settings(), "ARCHIVE", keys, port)
        auditor.record(AuditEvent("query", "N'\"<>\r\n&", failed=True))
        (arrived,) = received.after(0, 5)
        auditor.close()
    event = read(arrived)
    assert arrived.encrypted
    assert fault(arrived) == ""
    assert event is not None
    assert event.failed
    assert event.requestors == {"N'\"<>??&"}


@pytest.mark.parametrize(
    "sent", [b"x" * 100_000, b"99999999 x", b"0 x", b"012 x", b" x", f"{MAX_LENGTH + 1} x".encode(), b"\x00\xff"]
)
def test_a_hostile_sender_is_cut_off_and_others_are_heard(tmp_path: Path, sent: bytes) -> None:
    """Given a log server; when a sender breaks the framing after one good message; then that one stays, the sender is
    cut off, and another sender is heard."""
    with collecting(tmp_path) as (keys, received, port):
        with _connected(keys, port, keys.sender_pem) as sender:
            sender.sendall(b"4 good" + sent)
            assert received.after(0, 5) == (AuditRecord(True, "good"),)
            assert _is_cut_off(sender)
        auditor = Auditor(Settings(), "ARCHIVE", keys, port)
        auditor.record(AuditEvent("login", "N", failed=False))
        assert len(received.after(1, 5)) == 1
        auditor.close()


def test_a_sender_without_certificate_writes_nothing(tmp_path: Path) -> None:
    with collecting(tmp_path) as (keys, received, port):
        with _connected(keys, port) as sender:
            sender.sendall(b"4 good")
            assert _is_cut_off(sender)
        assert received.after(0, 0) == ()


def _connected(keys: authority.Pki, port: int, certificate: Path | None = None) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(keys.ca))
    if certificate is not None:
        context.load_cert_chain(certificate)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 5), server_hostname="collector")


def _is_cut_off(sender: ssl.SSLSocket) -> bool:
    """By TLS alert, reset or close; a timeout is none of them."""
    try:
        return sender.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True

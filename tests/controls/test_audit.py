"""The audit trail: who did what to whose images, when, and whether it was allowed, told to another machine at once.

Each control makes a request of its own and awaits its record at the log server, told from older ones by name or time. A
target without a log server of ours is not judged: what it records cannot be seen.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from pydicom.dataset import Dataset

from pacs_hardening.model import (
    AuditRecord,
    Impact,
    Inapplicable,
    Missing,
    Node,
    SampleStudy,
    Secret,
    Severity,
    Target,
    Unnamed,
    User,
    control,
)
from pacs_hardening.oracles.access import must_hold
from pacs_hardening.oracles.audit import must_record
from pacs_hardening.probes.audit.deeds import REFUSED_TIMES, SERVED_TIMES, asked_by_each, in_a_row
from pacs_hardening.probes.audit.deeds import asked as _asked
from pacs_hardening.probes.audit.message import (
    AUTHENTICATION,
    BEGIN_TRANSFER,
    EXPORT,
    QUERY,
    SECURITY_ALERT,
    STUDY_DELETED,
    TRANSFERRED,
    fault,
    holds_message,
)
from pacs_hardening.probes.audit.trail import Expected, Trail, now
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.authorised.study import await_study, sample_of
from pacs_hardening.probes.dicom.association import (
    Attempt,
    Outcome,
    Peer,
    associate_as,
)
from pacs_hardening.probes.unauthorised import strangers
from pacs_hardening.probes.web import elsewhere
from pacs_hardening.probes.web.request import ask, guarded, multipart_object, route
from pacs_hardening.profiles import conventional_paths
from pacs_hardening.wire import dimse, operations

TRAIL = ("PS3.15 A.5",)
REFUSED = (SECURITY_ALERT, AUTHENTICATION)
TRANSFERS = (TRANSFERRED, BEGIN_TRANSFER, EXPORT)


def _browsed(
    authorised: Authorised, name: str, codes: tuple[str, ...], path: str, times: int = 1, **request: object
) -> Iterator[Expected]:
    """What must be recorded of a user's request to the route ``name``, ``times`` in a row; nothing where there is no
    such route."""
    target = authorised.target
    for _ in range(times if target.endpoints_of("web") and target.routes.get(name) and target.users else 0):
        since = now()
        authorised.web(path, **request)  # type: ignore[arg-type]
        if not (username := authorised.user().username):
            raise Missing("the target does not say which user name a record should bear (users.*.username)")
        yield Expected(f"a request to {name}", codes, username, False, since)


def _everyday(target: Target, authorised: Authorised) -> list[Expected]:
    """A query by an authorised node, and a user's page: whatever is recorded of them."""
    page = target.routes.get("rest", "")
    return [
        *_asked(target, Peer.of(authorised.node("all")), operations.find("STUDY"), ()),
        *_browsed(authorised, "rest", (), page),
    ]


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Somebody can try the archive's endpoints for months, and nobody will notice.",
    needs=("dicom",),
    references=("PS3.15 A.5.3.11",),
)
def test_records_refused_association(target: Target, trail: Trail) -> None:
    """The archive MUST record each association that it refuses: who asked, when, and that it was refused. Several in a
    row are several.

    A peer that TLS already refuses has no name yet: then its address stands for it.

    stranger -> A-ASSOCIATE-RQ; archive -> refusal, and a record with the AE title or the address.
    """
    made_up = Peer("a known device under an AE title of another", f"X{secrets.token_hex(5).upper()}".encode())
    endpoints = [(endpoint, made_up) for endpoint in target.endpoints_of("dicom")[:1]]
    if target.nodes.get("all"):
        made_up = Peer(made_up.label, made_up.aet, target.nodes["all"].keys, target.nodes["all"].identity)
        endpoints = [(endpoint, made_up) for endpoint, _ in endpoints]
    expected = []
    for endpoint, peer in (*strangers(target), *endpoints) * REFUSED_TIMES:
        since = now()
        attempt: Attempt = associate_as(target, peer, endpoint=endpoint)
        if attempt.outcome is Outcome.REFUSED:
            nameless = endpoint.tls and peer.keys is None
            who = "" if nameless else peer.aet.decode()
            expected.append(Expected("an association refused", REFUSED, who, True, since))
    must_record(trail, expected)


@control(
    Severity.MEDIUM,
    Impact.ACTIVE,
    exposure="Somebody can guess passwords for months, and nobody will notice.",
    needs=("web",),
    references=("PS3.15 A.5.3.12",),
)
def test_records_failed_login(target: Target, trail: Trail) -> None:
    """The archive MUST record each failed login: the user name tried, when, and that it failed. Several in a row are
    several, and a name that exists is as good as one that does not.

    user who does not exist, user with a wrong password -> GET; archive -> 401, and a record with that name.
    """
    path, endpoint = guarded(target), target.endpoints_of("web")[0]
    expected = []
    own = [user.username for user in target.users.values() if user.means == ("password",)][:1]  # once: no lock-out
    for username in (*[operations.nobody()] * REFUSED_TIMES, *own):
        since = now()
        tried = ask(target, path, endpoint=endpoint, user=User(username, Secret(secrets.token_hex(8))))
        if tried.answer is not None and tried.answer.status in (401, 403):
            expected.append(Expected("a failed login", REFUSED, username, True, since))
    must_record(trail, expected)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Nobody can say afterwards who searched for a patient.",
    needs=("dicom",),
    references=("PS3.15 A.5.3.10",),
)
def test_records_query(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST record each query, the refused ones too: who asked, when, and the outcome.

    each node and a user -> C-FIND-RQ, QIDO-RS; archive -> a record of a query with AE title or user name.
    """
    expected = list(asked_by_each(target, {"": operations.find("STUDY")}, (QUERY,)))
    path = f"{target.routes.get('qido')}?PatientID={operations.nobody()}"
    expected += _browsed(authorised, "qido", (QUERY,), path, SERVED_TIMES)
    must_record(trail, expected)
    authorised.find()


@control(
    Severity.MEDIUM,
    Impact.WRITES,
    exposure="Nobody can say afterwards who took a patient's images.",
    needs=("dicom",),
    references=("PS3.15 A.5.3.7",),
)
def test_records_retrieve(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST record each retrieval, the refused ones too: who got objects, when, and the outcome.

    each node and a user -> C-GET-RQ, WADO-RS for a synthetic study; archive -> a record of a transfer with AE title
    or user.
    """
    by_get = authorised.is_offered(operations.get())
    expected = [
        *asked_by_each(target, {"": operations.get(target.sample_study)}, TRANSFERS),
        *(
            expected
            for name in ("wado-rs", "wado-uri")
            if target.routes.get(name)
            for expected in _browsed(authorised, name, TRANSFERS, route(target, name), SERVED_TIMES)
        ),
    ]
    if not expected:
        raise Inapplicable("nobody may retrieve an object by C-GET or WADO-RS")
    must_record(trail, expected)
    if by_get:
        authorised.get()


@control(
    Severity.MEDIUM,
    Impact.WRITES,
    exposure="Nobody can say afterwards who put an image into a patient's record.",
    needs=("dicom",),
    references=("PS3.15 A.5.3.7",),
)
def test_records_store(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST record each object that comes in, the refused ones too: who sent it, when, and the outcome.

    each node and a user -> C-STORE-RQ, STOW-RS of a synthetic object; archive -> a record of a transfer with AE
    title or user.
    """
    expected = list(asked_by_each(target, {"": operations.store(authorised.an_object())}, TRANSFERS))
    expected += _stored(target, authorised, authorised.an_object(), authorised.an_object())
    must_record(trail, expected)
    authorised.store()


def _stored(target: Target, authorised: Authorised, sent: Dataset, posted: Dataset) -> Iterator[Expected]:
    """Store the one by C-STORE and the other by STOW-RS."""
    sender = Peer.of(authorised.node(authorised.who_may("store")))
    yield from _asked(target, sender, operations.store(sent), TRANSFERS)
    headers, body = multipart_object(dimse.encode_file(posted))
    path = target.routes.get("stow", "")
    yield from _browsed(authorised, "stow", TRANSFERS, path, method="POST", headers=headers, body=body)


@control(
    Severity.MEDIUM,
    Impact.WRITES,
    exposure="Nobody can say afterwards who had images sent away, or where to.",
    needs=("dicom",),
    references=("PS3.15 A.5.3.4", "PS3.15 A.5.3.7"),
)
def test_records_export(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST record each study that it sends away, and each that it does not: who asked, where it went, when,
    and the outcome.

    each node -> C-MOVE-RQ; archive -> a record of a transfer that names the node and the destination.
    """
    authorised.move()
    authorised.demand_destination()
    if not target.move_destination:
        raise Inapplicable("nothing is sent away: there is no C-MOVE destination")
    asked = operations.move(target.move_destination, target.sample_study)
    must_record(trail, list(asked_by_each(target, {"": asked}, TRANSFERS, target.move_destination)))
    authorised.echo()


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Nobody can say afterwards who deleted a patient's images.",
    needs=("dicom", "web"),
    references=("PS3.15 A.5.3.5",),
)
def test_records_delete(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST record each study that is deleted: who did it, when, and the outcome.

    Only a synthetic study that was stored a moment before is deleted, where users may delete at all.

    user -> DELETE of the study; archive -> a record of the deletion with the user's name.
    """
    route(target, "delete")
    own = authorised.an_object()
    authorised.succeeds(operations.store(own), role=authorised.who_may("store"))
    await_study(authorised, sample_of(own))
    path = target.routes["delete"].replace("{study}", str(own.StudyInstanceUID))
    if not path:
        paths = [each.replace("{study}", str(own.StudyInstanceUID)) for each in conventional_paths()["delete"]]
        if found := elsewhere.served(target, paths, method="DELETE", user=authorised.user()):
            raise Missing(f"the target says that nobody may delete, but a user may: {found[0].asked}")
        raise Inapplicable("a user may not delete a study")
    must_record(trail, list(_browsed(authorised, "delete", (STUDY_DELETED,), path, method="DELETE")))


def _known(target: Target) -> list[Node]:
    return [node for node in target.nodes.values() if node.permits]


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="Whoever breaks into the archive can erase every trace of it.",
    references=TRAIL,
)
def test_sends_audit_off_host(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST send the records of every endpoint to another machine as they arise, whoever does something.

    authorised node -> C-FIND-RQ, each node -> C-ECHO-RQ, user -> GET; log server -> has a record of each within
    seconds.
    """
    echoed = [each for node in _known(target) for each in in_a_row(target, Peer.of(node), operations.echo(), ())]
    page = _browsed(authorised, "rest", (), target.routes.get("rest", ""), SERVED_TIMES)
    must_record(trail, [*_everyday(target, authorised), *echoed, *page])
    authorised.echo()


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The audit trail can be read, and altered, on its way through the network.",
    references=("RFC 5425", "PS3.15 A.6"),
)
def test_encrypts_audit_in_transit(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST send its audit records over TLS only.

    authorised node -> C-FIND-RQ, user -> GET; log server -> has received no record without TLS.
    """
    _await_all(trail, _everyday(target, authorised))
    if any(record.from_log for record in trail.records):
        raise Unnamed("how records travel is not seen where they are read from a log (audit.listen)")
    bare = [record for record in trail.records if not record.encrypted]
    must_hold("TLS (RFC 5425)", [(f"{len(bare)} of {len(trail.records)} records came without TLS", ())] if bare else [])
    authorised.echo()


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="The hospital's audit tools cannot read what the archive records.",
    references=("PS3.15 A.5.1", "RFC 5424", "RFC 3881"),
)
def test_emits_valid_audit_messages(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST send audit messages that are valid by the schema of DICOM, in syslog's current format.

    authorised node -> C-FIND-RQ, user -> GET, stranger -> user names with markup; log server -> everything received is
    RFC 5424 with an AuditMessage. In a log, where others write too, what holds one; its header is the log server's.
    """
    _await_all(trail, [*_everyday(target, authorised), *_posing(target, "NOBODY")])
    judged = [record for record in trail.records if not record.from_log or holds_message(record)]
    none = f"none of {len(trail.records)} lines of the log holds an audit message"
    kinds = dict.fromkeys(filter(None, map(fault, judged)) if judged else (none,))
    must_hold("valid messages (PS3.15 A.5.1) only", [(f"a record is not valid: {kind}", ()) for kind in kinds])
    authorised.echo()


def _await_all(trail: Trail, expected: list[Expected]) -> None:
    """Raises Inapplicable where nothing at all arrived: that is judged by ``sends-audit-off-host``."""
    trail.lacks(*expected)
    if not trail.records:
        raise Inapplicable("no record arrived at all")


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Names and numbers of patients stand in logs, where people who may not see them do.",
    needs=("dicom",),
    references=("PS3.15 A.5.3.10",),
)
def test_keeps_patient_values_out(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST keep patients' names, patient IDs and accession numbers out of its audit records.

    A log is read by more people, and kept longer, than the record; the UID of a study is enough to find it.

    node and user -> store and search a patient with unique values; log server -> a record of each, without them.
    """
    values = {key: f"TEST{secrets.token_hex(4).upper()}" for key in ("PatientID", "PatientName", "AccessionNumber")}
    first, second = operations.synthetic_object(), operations.synthetic_object()
    for dataset in (first, second):
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
    peer, query = Peer.of(authorised.node("all")), "&".join(f"{key}={value}" for key, value in values.items())
    uids = (str(first.StudyInstanceUID), str(first.SeriesInstanceUID), str(first.SOPInstanceUID))
    sample_study = SampleStudy(values["PatientID"], *uids, str(first.SOPClassUID))
    expected = [
        *_stored(target, authorised, first, second),
        *_asked(target, peer, operations.find("PATIENT", {"PatientID": values["PatientID"], "PatientName": ""}), ()),
        *_asked(target, peer, operations.find("STUDY", values), ()),
        *_asked(target, peer, operations.get(sample_study, "PATIENT"), ()),
        *_browsed(authorised, "qido", (), f"{target.routes.get('qido')}?{query}"),
    ]
    _await_all(trail, expected)
    named = [key for key, value in values.items() if any(_holds(record, value) for record in trail.records)]
    must_hold("none of the values in any record", [(f"records hold {key}", ()) for key in named])
    authorised.echo()


def _holds(record: AuditRecord, value: str) -> bool:
    """As it is, percent-encoded, or within base64, which is how a query stands in an audit message."""
    inner = [_decoded(piece) for piece in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", record.text)]
    return any(value.lower() in text.lower() for text in (record.text, unquote(record.text), *inner))


def _decoded(piece: str) -> str:
    try:
        return base64.b64decode(piece + "=" * (-len(piece) % 4)).decode("latin-1")
    except binascii.Error:
        return ""


# What a name would have to hold to be more than a name: the end of an XML attribute, and the end of a syslog message.
FORGERIES: tuple[Callable[[str], str], ...] = (
    lambda name: f"x'/><ActiveParticipant UserID='{name}' UserIsRequestor='false'/><ActiveParticipant UserID='y",
    lambda name: f'x"/><ActiveParticipant UserID="{name}" UserIsRequestor="false"/><ActiveParticipant UserID="y',
    lambda name: f"x\r\n<85>1 2026-01-01T00:00:00Z {name} {name} - - - forged",
)


@control(
    Severity.MEDIUM,
    Impact.ACTIVE,
    exposure="False records can be written into the audit trail, in the name of others.",
    references=("CWE-117",),
)
def test_keeps_audit_records_unforgeable(target: Target, authorised: Authorised, trail: Trail) -> None:
    """The archive MUST keep what others call themselves, or ask for, from becoming a record or a part of one.

    Where records are made of the archive's log, this holds for lines of that log too: a query key is written by whoever
    asks, and who may ask is not thereby trusted.

    stranger -> user names and paths with quotes, markup and line ends; authorised node -> C-FIND-RQ with keys that hold
    the same, and lines of the archive's log; log server -> a record of each, in which the forged name is nobody's.
    """
    forged = f"FORGED{secrets.token_hex(4).upper()}"
    expected = [*_posing(target, forged), *_asking_with(target, authorised, forged)]
    if not expected:
        raise Inapplicable("nobody gets as far as to be recorded")
    _await_all(trail, expected)
    own = [event for event in trail.events if forged in event.requestors | event.others]
    split = [record for record in trail.records if _is_of(record, forged)]
    lies = [("somebody else's name stands in a record as a participant", ())] if own else []
    must_hold("nobody of that name", lies + ([("a part of a name became a record", ())] if split else []))
    authorised.echo() if target.endpoints_of("dicom") else authorised.page()


def _is_of(record: AuditRecord, sender: str) -> bool:
    """Whether it says that ``sender`` sent it. In a log lines of other programs may name somebody without a record of
    his: what stands there before the name of a host is a time."""
    front = record.text.split("<AuditMessage")[0]
    if not record.from_log or holds_message(record):
        return sender in front
    return bool(re.match(rf"""(<\d{{1,3}}>1 )?[^"'\\<>=]*{sender} {sender}""", front))


def _posing(target: Target, forged: str) -> Iterator[Expected]:
    """A stranger at the web endpoint under names that would forge, and on such paths."""
    if not target.endpoints_of("web"):
        return
    path, endpoint = guarded(target).partition("?")[0], target.endpoints_of("web")[0]
    for forgery in FORGERIES:
        since = now()
        tried = ask(target, path, endpoint=endpoint, user=User(forgery(forged), Secret("x")))
        if tried.answer is not None and tried.answer.status >= 400:
            yield Expected("a failed login", (), "", True, since)
        ask(target, f"{path}/{quote(forgery(forged))}", endpoint=endpoint)


def _asking_with(target: Target, authorised: Authorised, forged: str) -> Iterator[Expected]:
    """An authorised node's queries whose keys hold such a text, at their beginning and on a line of its own. Several
    keys, since some archives leave some of them out of their logs."""
    if not target.endpoints_of("dicom"):
        return
    lines = (now().strftime(line).format(name=forged) for line in target.log_lines)
    for text in (*(forgery(forged) for forgery in FORGERIES), *lines):
        keys = dict.fromkeys(("Modality", "BodyPartExamined", "Manufacturer", "StudyDescription"), f"{text}\r\n{text}")
        yield from _asked(target, Peer.of(authorised.node("all")), operations.find("STUDY", keys), (QUERY,))

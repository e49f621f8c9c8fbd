"""The research side: metadata leaves only redacted (PS3.15 Annex E).

A synthetic study, in which every attribute of Table E.1-1 holds a value found nowhere else, is sent there once. Then
everything that the reader of the research side can get is searched for these values, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset

from pacs_hardening.canary.studies import METHOD, RETAINED
from pacs_hardening.model import (
    Impact,
    Missing,
    Severity,
    Target,
    Unmeasurable,
    Unnamed,
    Violation,
    control,
)
from pacs_hardening.model.running import Running
from pacs_hardening.oracles.access import must_hold, must_refuse
from pacs_hardening.oracles.redaction import Evidence, must_be_redacted
from pacs_hardening.oracles.web import must_refuse_web
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.authorised.served import somewhere
from pacs_hardening.probes.dicom.association import Outcome, Peer, associate_as
from pacs_hardening.probes.research.given import shows
from pacs_hardening.probes.research.sending import send_garbage
from pacs_hardening.probes.research.side import as_reader, kept, research_view
from pacs_hardening.probes.unauthorised import tried_by_strangers
from pacs_hardening.probes.web.request import ask
from pacs_hardening.wire import operations

UNCHANGED = ("SOPClassUID", "Modality", "PixelData", *RETAINED)

PROFILE = ("PS3.15 Table E.1-1",)
Gathered = Callable[[], Evidence]


@control(Severity.CRITICAL, Impact.WRITES, exposure="Researchers can read who the patients are.", references=PROFILE)
def test_removes_direct_identifiers(gathered: Gathered) -> None:
    """The research side MUST remove or replace every attribute that names a patient, a person or a record.

    sender -> C-STORE of canaries; reader -> every query, retrieval and page; archive -> no name, number or address.
    """
    found = gathered()
    must_be_redacted(found.leaks, "direct", found.planted)
    must_hold(
        "nothing that follows from the original", [(way, ()) for way in found.computable("PatientID", "PatientName")]
    )


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Researchers can tell patients apart by age, size, site and device.",
    references=PROFILE,
)
def test_removes_quasi_identifiers(gathered: Gathered) -> None:
    """The research side MUST remove or replace characteristics of patients, devices and institutions.

    Each says little; together with a newspaper or a register they say who it was.

    sender -> C-STORE of canaries; reader -> every query, retrieval and page; archive -> none of these values.
    """
    found = gathered()
    must_be_redacted(found.leaks, "quasi", found.planted)
    must_hold("no characteristic of a patient", [(line, ()) for line in found.kept_characteristics()])


@control(Severity.HIGH, Impact.WRITES, exposure="Researchers can tell when patients were seen.", references=PROFILE)
def test_removes_dates(gathered: Gathered) -> None:
    """The research side MUST remove dates and times, or shift all dates of a patient by the same number of days.

    A day of admission finds a patient in any other record. Shifted alike, intervals stay true; shifted each by itself,
    the course of a disease becomes nonsense.

    sender -> C-STORE of canaries; reader -> every query, retrieval and page; archive -> no date of the original.
    """
    found = gathered()
    must_be_redacted(found.leaks, "date", found.planted)
    moved = max((found.days_moved(), *found.shifts().values()), key=len)
    if len(moved) > 1:
        raise Violation(
            "one shift for all dates of a patient", f"dates moved by {len(moved)} different numbers of days"
        )
    must_hold("a shift that nobody can work out", [(rule, ()) for rule in found.known_shift()])


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Researchers get what devices wrote for themselves, patients' names included.",
    references=(*PROFILE, "PS3.15 E.3.10"),
)
def test_removes_private_attributes(gathered: Gathered) -> None:
    """The research side MUST remove private attributes.

    Nobody but the maker of a device knows what stands in them; names and reports have been found there.

    sender -> C-STORE with private blocks; reader -> every query, retrieval and page; archive -> none of them.
    """
    found = gathered()
    must_be_redacted(found.leaks, "private", found.planted)


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="Researchers can read who the patients are, one level deeper.",
    references=PROFILE,
)
def test_removes_nested_identifiers(gathered: Gathered) -> None:
    """The research side MUST redact the items of sequences at every depth, as it does the object itself.

    sender -> C-STORE with identifiers two sequences deep; reader -> every query, retrieval and page; archive -> none.
    """
    found = gathered()
    must_be_redacted(found.leaks, "nested", found.planted)


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Researchers can read what people wrote about patients.",
    references=(*PROFILE, "PS3.15 E.3.4", "PS3.15 E.3.5"),
)
def test_removes_free_text(gathered: Gathered) -> None:
    """The research side MUST remove or clean descriptions, comments, reports, overlays and annotations.

    sender -> C-STORE of canaries; reader -> every query, retrieval and page; archive -> nothing that somebody typed.
    """
    found = gathered()
    must_be_redacted(found.leaks, "text", found.planted)


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Each redacted image can be matched with its original, or no longer with its own series.",
    references=(*PROFILE, "PS3.15 E.3.9"),
)
def test_replaces_uids_consistently(gathered: Gathered) -> None:
    """The research side MUST replace UIDs, the same by the same: no original one survives, and references resolve.

    Who has an original UID has the patient. Where copies of one study fall apart, nobody can work with them.

    sender -> C-STORE of objects that refer to each other; reader -> C-GET; archive -> new UIDs that still do.
    """
    found = gathered()
    must_be_redacted(found.leaks, "uid", found.planted)
    uids = "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"
    must_hold("nothing that follows from the original", [(way, ()) for way in found.computable(*uids)])
    must_hold(
        "references and studies that hold together", [(broken, (broken,)) for broken in found.broken_references()]
    )


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="One endpoint of the research side gives originals.",
    references=PROFILE,
)
def test_redacts_every_endpoint(gathered: Gathered) -> None:
    """The research side MUST give redacted copies through every endpoint: C-FIND, C-GET, C-MOVE, DICOMweb, WADO, REST.

    A redaction on the way out has to be made at each endpoint; the one that was forgotten is the one that is used.

    reader -> each endpoint in turn; archive -> the copy, and nothing of the original. An endpoint that gives nothing at
    all has not been measured.
    """
    found = gathered()
    must_be_redacted(found.leaks, "", found.planted)
    if found.released.empty:
        raise Unmeasurable(f"the reader got nothing through {', '.join(found.released.empty)}")


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="The disk of the research side holds the originals.",
    needs=("host",),
    references=PROFILE,
)
def test_stores_no_identified_copy(gathered: Gathered, running: Running) -> None:
    """The research side MUST redact before it stores: no file, no name of a file and no database may hold an original.

    What was stored and then replaced stands in free pages, backups and snapshots.

    sender -> C-STORE of canaries; then the storage folder is read -> no value of an original in its bytes.
    """
    found, research = gathered(), running.target.research
    assert research is not None
    stored = kept(research, running.hosts)
    must_be_redacted({"storage": found.searched(stored)})
    if not shows(stored, found.released.copies.values()):
        raise Unmeasurable("the folder shows nothing of the copies: is it the one?")


@control(
    Severity.LOW,
    Impact.WRITES,
    exposure="Nobody can tell a redacted copy from an original.",
    references=("PS3.15 E.1.1", "PS3.3 C.12.1.1.1"),
)
def test_declares_its_method(gathered: Gathered) -> None:
    """The research side MUST declare in each copy that identity was removed, and by which method.

    reader -> C-GET; archive -> Patient Identity Removed YES, and the code of the Basic Profile among the methods.
    """
    silent = [number for number, copy in gathered().released.copies.items() if not _declares(copy)]
    if silent:
        actual = f"{len(silent)} copies do not declare it"
        raise Violation("Patient Identity Removed = YES and method code 113100 in every copy", actual)


def _declares(copy: Dataset) -> bool:
    codes = {str(item.get("CodeValue")) for item in copy.get("DeidentificationMethodCodeSequence") or ()}
    return copy.get("PatientIdentityRemoved") == "YES" and METHOD in codes


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Names that are part of the picture reach researchers.",
    references=("PS3.15 E.3.1", "PS3.3 C.7.6.1"),
)
def test_flags_burned_in_annotation(gathered: Gathered) -> None:
    """The research side MUST NOT release an image that has or may have burned-in text, unless its pixels were cleaned.

    No redaction of attributes takes a name out of the pixels. Ultrasound often has one there, and may have as long as
    it does not say that it has none.

    sender -> C-STORE of ultrasound images with Burned In Annotation YES, and absent; reader -> finds neither.
    """
    must_hold(
        "held back, or cleaned", [(f"released as it was: {each}", ()) for each in gathered().shown_as_they_were()]
    )


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="The logs of the research side name the patients.",
    references=(*PROFILE, "PS3.15 A.5"),
)
def test_keeps_identifiers_out_of_logs(gathered: Gathered, running: Running) -> None:
    """The research side MUST NOT write values of originals into its logs.

    Logs are read by people, and copied to places, that have no business with patients.

    sender -> C-STORE of canaries, some of which are refused; then the logs are read -> none of their values.
    """
    found = gathered()
    logs = running.logs()
    if not logs:
        raise Missing("nobody may read the logs of this target")
    must_be_redacted({"logs": found.searched(logs.encode())})


@control(
    Severity.MEDIUM,
    Impact.WRITES,
    exposure="Redacted copies are of no use, so that people will ask for originals.",
    references=("PS3.15 E.1.1",),
)
def test_keeps_what_must_stay(gathered: Gathered) -> None:
    """The research side MUST keep pixels, geometry and the kind of each object as they are.

    A redaction that empties everything is secure, and worthless.

    sender -> C-STORE; reader -> C-GET; archive -> a copy of each object that can be redacted, equal where it must be.
    """
    found = gathered()
    lost = [f"no copy of {label}" for label in found.missing()]
    for each in found.canaries.planted:
        copy = found.released.copies.get(each.number)
        if copy is not None:
            changed = [name for name in UNCHANGED if copy.get(name) != each.dataset.get(name)]
            lost += [f"{name} of {each.label} is not what it was" for name in changed]
    must_hold("copies that can be worked with", [(line, ()) for line in lost])


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="What the research side cannot redact, it keeps as it is.",
    references=(*PROFILE, "PS3.4 B.2.3"),
)
def test_refuses_what_cannot_be_redacted(gathered: Gathered, target: Target) -> None:
    """The research side MUST refuse an object that it cannot redact, with a failure status, and store nothing of it.

    An encapsulated document, encrypted attributes, a data set that cannot be parsed: what nobody has read, nobody has
    redacted. A sender that is told Success believes that its object is kept.

    sender -> C-STORE-RQ; archive -> failure status, A-ABORT or a refused presentation context; reader -> finds nothing.
    """
    found = gathered()
    assert target.research is not None
    attempts = [*found.unredactable(), send_garbage(target, target.research)]
    must_hold(
        "a failure status", [((f"{label}: ", a.observed), a.transcript) for label, a in attempts if _taken(a.outcome)]
    )
    must_hold("nothing stored", [(f"a copy of {label} was released", ()) for label in found.released_all_the_same()])


def _taken(outcome: Outcome) -> bool:
    return outcome is not Outcome.REFUSED


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE can search and fetch what is meant for researchers.",
    references=("PS3.15 E.1",),
)
def test_refuses_strangers_at_the_research_side(target: Target, authorised: Authorised) -> None:
    """The research side MUST refuse strangers, and users of the clinical side too, as the clinical side does.

    Redacted is not public: faces, rare diseases and small villages can still be recognised.

    stranger -> C-FIND-RQ and C-GET-RQ to its AE title, GET without login; archive -> refusal; its reader is served.
    """
    if target.research is None:
        raise Unnamed("the target names no research side")
    view = research_view(target, target.research)
    must_refuse(tried_by_strangers(view, operations.find("STUDY"), operations.get()))
    clinical = Peer.of(authorised.node("query" if "query" in target.nodes else "all"))
    must_refuse([associate_as(view, clinical, operations.find("STUDY"))])
    served = as_reader(target, target.research)
    if web := target.endpoints_of("web"):
        path = f"{target.research.routes['qido-studies'].partition('?')[0]}?PatientID={operations.nobody()}"
        anonymous = [ask(view, path, endpoint=endpoint) for endpoint in web]
        theirs = [ask(view, path, endpoint=endpoint, user=authorised.user()) for endpoint in web]
        must_refuse_web([*anonymous, *theirs], served, path)
    served.find(role=target.research.reader)
    authorised.count_successes(served.proofs)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="Researchers can search and fetch the originals.",
    references=("PS3.15 E.1",),
)
def test_refuses_readers_at_the_clinical_side(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse those who may see redacted copies only, by every service and at every endpoint.

    The best redaction is of no use where the original is one AE title away.

    reader of the research side -> C-FIND, C-GET, C-MOVE and C-STORE-RQ, GET with their login; archive -> refusal.
    """
    research = target.research
    if research is None:
        raise Unnamed("the target names no research side")
    asked = [operations.find("PATIENT"), operations.find("STUDY"), operations.get(target.sample_study)]
    asked += [operations.move(somewhere(target), target.sample_study)]
    reader = Peer.of(authorised.node(research.reader))
    must_refuse(
        associate_as(target, reader, operation, endpoint=endpoint)
        for endpoint in target.endpoints_of("dicom")
        for operation in asked
    )
    if web := target.endpoints_of("web"):
        path = f"{target.routes['qido']}?PatientID={operations.nobody()}"
        user = authorised.user(research.user)
        must_refuse_web([ask(target, path, endpoint=endpoint, user=user) for endpoint in web], authorised, path)
    authorised.find()

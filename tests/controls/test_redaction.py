"""The research side: metadata leaves only redacted (PS3.15 Annex E).

A synthetic study, in which every attribute of Table E.1-1 holds a value found nowhere else, is sent there once. Then
everything that the reader of the research side can get is searched for these values, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset

from pacs_hardening.canary.studies import METHOD, RETAINED
from pacs_hardening.launch.running import Running
from pacs_hardening.model import Impact, Inapplicable, Missing, Severity, Target, Unmeasurable, Violation, control
from pacs_hardening.oracle import must_hold, must_refuse, must_refuse_web
from pacs_hardening.probes.association import Outcome, Peer, knock
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.intruders import tried_by_strangers
from pacs_hardening.probes.research import as_reader, kept, research_view, send_garbage, shows
from pacs_hardening.probes.web import ask
from pacs_hardening.redaction import Evidence, must_be_redacted
from pacs_hardening.wire import operations

PROFILE = ("PS3.15 Table E.1-1",)
Gathered = Callable[[], Evidence]


@control(Severity.CRITICAL, Impact.WRITES, exposure="Researchers can read who the patients are.", references=PROFILE)
def test_removes_direct_identifiers(gathered: Gathered) -> None:
    """The research side MUST remove or replace every attribute that names a patient, a person or a record.

    sender -> C-STORE of canaries; reader -> every query, retrieval and page; archive -> no name, number or address.
    """
    must_be_redacted(gathered().leaks, "direct")


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
    must_be_redacted(gathered().leaks, "quasi")


@control(Severity.HIGH, Impact.WRITES, exposure="Researchers can tell when patients were seen.", references=PROFILE)
def test_removes_dates(gathered: Gathered) -> None:
    """The research side MUST remove dates and times, or shift all dates of a patient by the same number of days.

    A day of admission finds a patient in any other record. Shifted alike, intervals stay true; shifted each by itself,
    the course of a disease becomes nonsense.

    sender -> C-STORE of canaries; reader -> every query, retrieval and page; archive -> no date of the original.
    """
    found = gathered()
    must_be_redacted(found.leaks, "date")
    moved = found.days_moved()
    if len(moved) > 1:
        raise Violation(
            "one shift for all dates of a patient", f"dates moved by {len(moved)} different numbers of days"
        )


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
    must_be_redacted(gathered().leaks, "private")


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
    must_be_redacted(gathered().leaks, "nested")


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
    must_be_redacted(gathered().leaks, "text")


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
    must_be_redacted(found.leaks, "uid")
    must_hold(
        "references and studies that hold together", [(broken, (broken,)) for broken in found.broken_references()]
    )


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="One door of the research side gives originals.",
    references=PROFILE,
)
def test_redacts_every_door(gathered: Gathered) -> None:
    """The research side MUST give redacted copies through every door: C-FIND, C-GET, C-MOVE, DICOMweb, WADO, REST.

    A redaction on the way out has to be made at each door; the one that was forgotten is the one that is used.

    reader -> each door in turn; archive -> the copy, and nothing of the original. A door that gives nothing at all has
    not been measured.
    """
    found = gathered()
    must_be_redacted(found.leaks)
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
        for keyword in ("SOPClassUID", "Modality", "PixelData", *RETAINED) if copy is not None else ():
            if copy.get(keyword) != each.dataset.get(keyword):
                lost.append(f"{keyword} of {each.label} is not what it was")
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
    must_hold("a failure status", [(f"{label}: {a.said}", a.transcript) for label, a in attempts if _taken(a.outcome)])
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
        raise Inapplicable("the target has no research side")
    view = research_view(target, target.research)
    must_refuse(tried_by_strangers(view, operations.find("STUDY"), operations.get()))
    query = Peer.of(authorised.node("query"))
    must_refuse([knock(view, query, operations.find("STUDY"))])
    served = as_reader(target, target.research)
    path = f"{target.research.routes['qido-studies'].partition('?')[0]}?PatientID={operations.nobody()}"
    anonymous = [ask(view, path, door=door) for door in target.doors_of("web")]
    theirs = [ask(view, path, door=door, user=authorised.user()) for door in target.doors_of("web")]
    must_refuse_web([*anonymous, *theirs], served, path)
    served.find(role=target.research.reader)
    authorised.witnessed(served.proofs)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="Researchers can search and fetch the originals.",
    references=("PS3.15 E.1",),
)
def test_refuses_readers_at_the_clinical_side(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse those who may see redacted copies only, by every service and at every door.

    The best redaction is of no use where the original is one AE title away.

    reader of the research side -> C-FIND, C-GET, C-MOVE and C-STORE-RQ, GET with their login; archive -> refusal.
    """
    research = target.research
    if research is None:
        raise Inapplicable("the target has no research side")
    asked = [operations.find("PATIENT"), operations.find("STUDY"), operations.get(target.specimen)]
    asked += [operations.move(target.move_destination, target.specimen)] if target.move_destination else []
    reader = Peer.of(authorised.node(research.reader))
    must_refuse(knock(target, reader, operation, door=door) for door in target.doors_of("dicom") for operation in asked)
    path = f"{target.routes['qido']}?PatientID={operations.nobody()}"
    user = target.users[research.user]
    must_refuse_web([ask(target, path, door=door, user=user) for door in target.doors_of("web")], authorised, path)
    authorised.find()

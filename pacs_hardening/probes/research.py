"""Probe: a set of objects goes to the research side; what comes back through each of its endpoints, as bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from pydicom.dataset import Dataset

from ..model import (
    Research,
    SampleStudy,
    Target,
    Unmeasurable,
    User,
)
from ..wire import dimse, operations, tls
from ..wire.dimse import C_STORE
from ..wire.http import Answer, Line
from ..wire.pdu import IMPLICIT_LE, AssociateRequest, Context, ProtocolError
from ..wire.scu import Operation, request_for
from ..wire.session import Refused, Silent
from .authorised import Authorised
from .dicom.association import (
    Attempt,
    Outcome,
    Peer,
    associate_as,
    first_endpoint,
)
from .host import contents, passing
from .web.sign_in import SignIn

_IMPLICIT: Mapping[str, str] = MappingProxyType({})
LANES = 4  # requests side by side
LEVELS = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
ABOVE = {
    "PATIENT": (),
    "STUDY": (),
    "SERIES": ("StudyInstanceUID",),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID"),
}


# What a client of DICOMweb asks for at each route (PS3.18 8.7); others are asked for anything.
ACCEPT = {
    "wado-rs": 'multipart/related; type="application/dicom"',
    "bulk": 'multipart/related; type="application/octet-stream"',
    "rendered": "image/png",
    "metadata": "application/dicom+json",
}


@dataclass(frozen=True)
class Piece:
    """``data`` is what ``endpoint`` gave when it was asked for ``what``, headers included; ``gave``: not an error, and
    not an answer with nothing in it."""

    endpoint: str
    what: str
    data: bytes
    gave: bool = True


@dataclass(frozen=True)
class Delivered:
    """How each object was received, in the order sent; of which classes and transfer syntaxes those were that were
    taken; the ``studies`` that appeared, and
    what each list of the REST interface names since then."""

    stored: tuple[Attempt, ...]
    kinds: tuple[tuple[str, str], ...]
    studies: tuple[str, ...]
    entries: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Released:
    """``stored``: how each object was received, in the order sent. ``copies``: what C-GET returned, by Instance Number.
    ``empty`` names the endpoints that gave nothing, which prove nothing."""

    stored: tuple[Attempt, ...]
    pieces: tuple[Piece, ...]
    copies: Mapping[int, Dataset] = field(default_factory=dict)
    empty: tuple[str, ...] = ()

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(piece.endpoint for piece in self.pieces))


def research_view(target: Target, research: Research) -> Target:
    """The research side as a target of its own: what is asked of one archive can be asked of the other."""
    return replace(target, called_aet=research.called_aet, routes=research.routes, sample_study=None, research=None)


def send(
    target: Target, research: Research, objects: Iterable[Dataset], syntaxes: Mapping[str, str] = _IMPLICIT
) -> tuple[Attempt, ...]:
    """C-STORE of each object on an association of its own; ``syntaxes``: of which SOP Instance UID another transfer
    syntax than Implicit VR Little Endian."""
    view, peer = research_view(target, research), Peer.of(target.nodes[research.sender])

    def one(each: Dataset) -> Attempt:
        syntax = syntaxes.get(str(each.SOPInstanceUID), IMPLICIT_LE)
        operation = operations.store(each, implicit=syntax == IMPLICIT_LE)
        asked = _offering(view, peer, operation, [(operation.sop_class, syntax)])
        return associate_as(view, peer, operation, request=asked, seconds=20)

    with ThreadPoolExecutor(LANES) as pool:
        return tuple(pool.map(one, objects))


def _offering(view: Target, peer: Peer, operation: Operation, pairs: Iterable[tuple[str, str]]) -> AssociateRequest:
    """The A-ASSOCIATE-RQ for ``operation``, and a context for each SOP class and transfer syntax."""
    asked = request_for(view.called_aet.encode(), peer.aet, peer.identity, operation)
    held = {(each.abstract, each.transfers) for each in asked.contexts}
    further = [pair for pair in dict.fromkeys(pairs) if (pair[0], (pair[1],)) not in held]
    kept = [each for each in asked.contexts if operation.field != C_STORE or not further]
    contexts = [*((each.abstract, each.transfers) for each in kept), *((uid, (syntax,)) for uid, syntax in further)]
    return replace(asked, contexts=tuple(Context(2 * n + 1, *each) for n, each in enumerate(contexts[:128])))


def accepted(
    target: Target, research: Research, classes: Sequence[str], syntaxes: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of the storage ``classes`` the sender may offer, and which of the ``syntaxes`` in one of them that holds
    pictures: what is accepted, whatever is stored then."""
    view, peer = research_view(target, research), Peer.of(target.nodes[research.sender])

    def of(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        asked = replace(
            request_for(view.called_aet.encode(), peer.aet, peer.identity),
            contexts=tuple(Context(2 * n + 1, uid, (syntax,)) for n, (uid, syntax) in enumerate(pairs)),
        )
        answer = associate_as(view, peer, request=asked).accepted
        results = answer.results if answer is not None else {}
        return [pair for n, pair in enumerate(pairs) if results.get(2 * n + 1, (2, ""))[0] == 0]

    parts = [[(uid, IMPLICIT_LE) for uid in classes[at : at + 128]] for at in range(0, len(classes), 128)]
    taken = [uid for part in parts for uid, _ in of(part)]
    return tuple(taken), tuple(syntax for _, syntax in of([(taken[0], each) for each in syntaxes])) if taken else ()


def release(
    target: Target,
    research: Research,
    objects: Iterable[Dataset],
    keys: Iterable[str],
    hosts: Mapping[str, str],
    syntaxes: Mapping[str, str] = _IMPLICIT,
) -> Released:
    """Send ``objects``, then take what of them can be had as the reader: every endpoint, every level, every list.
    ``keys`` are the attributes (keywords) that queries ask for. Raises Unmeasurable where nothing was received."""
    return retrieve(target, research, deliver(target, research, objects, syntaxes), keys, hosts)


def deliver(
    target: Target, research: Research, objects: Iterable[Dataset], syntaxes: Mapping[str, str] = _IMPLICIT
) -> Delivered:
    """Send ``objects``, and see what appears. Raises Unmeasurable where nothing was received."""
    objects = tuple(objects)
    reader = Reader(target, research)
    studies, listed = reader.studies(), reader.listed()
    stored = send(target, research, objects, syntaxes)
    if not any(attempt.outcome is Outcome.SERVED for attempt in stored):
        raise Unmeasurable(f"the research side took none of {len(stored)} objects: ", stored[0].observed)
    entries = {path: now - listed[path] for path, now in reader.listed().items() if path in listed}
    took = [each for each, attempt in zip(objects, stored, strict=True) if attempt.outcome is Outcome.SERVED]
    kinds = dict.fromkeys((str(each.SOPClassUID), syntaxes.get(str(each.SOPInstanceUID), IMPLICIT_LE)) for each in took)
    return Delivered(stored, tuple(kinds), tuple(sorted(reader.studies() - studies)), entries)


def retrieve(
    target: Target, research: Research, delivered: Delivered, keys: Iterable[str], hosts: Mapping[str, str]
) -> Released:
    """What of the objects that were ``delivered`` can be had as the reader; each way side by side with the others."""
    reader, studies = Reader(target, research), delivered.studies
    pieces = reader.retrieved(studies, delivered.kinds)
    copies = {int(copy.get("InstanceNumber") or 0): copy for copy in (parsed(piece.data) for piece in pieces)}
    by_patient = {str(copy.get("PatientID", "")) for copy in copies.values()}
    ways = (
        lambda: reader.queried(studies, by_patient, tuple(keys)),
        lambda: reader.browsed(studies, copies, delivered.entries),
        lambda: reader.moved(studies, copies, hosts),
    )
    with ThreadPoolExecutor(len(ways)) as pool:
        for found in pool.map(lambda way: way(), ways):
            pieces += found
    gave = {(piece.endpoint, piece.what if piece.endpoint == "C-FIND" else "") for piece in pieces if piece.gave}
    expected = [*(("C-FIND", level) for level in LEVELS), ("C-GET", "")]
    expected += [(endpoint, "") for endpoint in (*research.routes, *research.lists) if endpoint != "error"]
    expected += [("C-MOVE", "")] if any(piece.endpoint == "C-MOVE" for piece in pieces) else []
    empty = dict.fromkeys(f"{endpoint} {what}".strip() for endpoint, what in expected if (endpoint, what) not in gave)
    return Released(delivered.stored, tuple(pieces), copies, tuple(empty))


def send_garbage(target: Target, research: Research) -> tuple[str, Attempt]:
    """C-STORE of bytes that are no data set, under a SOP class that the research side takes."""
    whole = operations.store(operations.synthetic_object())
    broken = replace(whole, payload=bytes(64))
    peer = Peer.of(target.nodes[research.sender])
    return "a data set that cannot be parsed", associate_as(research_view(target, research), peer, broken, seconds=20)


def as_reader(target: Target, research: Research) -> Authorised:
    """The positive control of the research side: its reader and its user."""
    users = {research.user: target.users[research.user]} if research.user in target.users else {}
    return Authorised(replace(research_view(target, research), users=users))


def kept(research: Research, hosts: Mapping[str, str]) -> bytes:
    """What stands in the folder of the research side, and wherever programs put what is for a moment: files, their
    names, and the database, as tar archives. Raises Unmeasurable where nobody may look."""
    if research.storage is None or research.storage.host not in hosts:
        raise Unmeasurable("nobody may look at what the research side has stored")
    url = hosts[research.storage.host]
    return contents(url, research.storage.path) + passing(url)


def shows(data: bytes, copies: Iterable[Dataset]) -> bool:
    """Whether one of ``copies`` is in it: a folder in which none is, is another folder."""
    uids = (str(copy.get("SOPInstanceUID", "")) for copy in copies)
    return any(uid and uid.encode() in data for uid in uids)


def parsed(data: bytes) -> Dataset:
    """A data set as it came on an association. Raises Unmeasurable for what is none. Of its hundreds of values, few are
    ever looked at."""
    try:
        return dimse.decode_dataset(data, whole=False)
    except ProtocolError as error:
        raise Unmeasurable("the research side returned ", error.response) from error


class Reader:
    """The reader of the research side at each of its endpoints."""

    def __init__(self, target: Target, research: Research) -> None:
        self.target, self.research = research_view(target, research), research
        self.peer = Peer.of(target.nodes[research.reader])
        found = target.users.get(research.user)
        self.user: User | None = found and SignIn(target).of(found)

    def _served(self, attempt: Attempt) -> Attempt:
        if attempt.outcome is not Outcome.SERVED:
            raise Unmeasurable("the reader of the research side is not served: ", attempt.observed)
        return attempt

    def studies(self) -> set[str]:
        """Study Instance UIDs that the reader can find."""
        query = operations.find("STUDY", {"StudyInstanceUID": ""})
        answer = self._served(associate_as(self.target, self.peer, query))
        return {str(parsed(data).get("StudyInstanceUID", "")) for data in answer.datasets}

    def listed(self) -> dict[str, frozenset[str]]:
        """What each list names that is answered."""
        answers = zip(self.research.lists, self._got((path, "*/*") for path in self.research.lists), strict=True)
        return {path: _entries(answer) for path, answer in answers if answer.status == 200}

    def queried(self, studies: Sequence[str], patients: Iterable[str], keys: tuple[str, ...]) -> list[Piece]:
        """C-FIND at every level, asking for every one of ``keys``."""

        def one(level: str, only: dict[str, str]) -> list[Piece]:
            wanted = {**dict.fromkeys((*keys, *ABOVE[level], LEVELS[level]), ""), **only}
            answer = self._served(associate_as(self.target, self.peer, operations.find(level, wanted), seconds=20))
            return [Piece("C-FIND", level, data) for data in answer.datasets]

        asked = [("PATIENT", {"PatientID": patient}) for patient in sorted(patients)]
        asked += [(level, {"StudyInstanceUID": study}) for level in LEVELS if level != "PATIENT" for study in studies]
        with ThreadPoolExecutor(LANES) as pool:
            return [piece for pieces in pool.map(lambda each: one(*each), asked) for piece in pieces]

    def retrieved(self, studies: Sequence[str], kinds: tuple[tuple[str, str], ...]) -> list[Piece]:
        def one(study: str) -> list[Piece]:
            command = replace(operations.get(_study(study)), storage=tuple(dict.fromkeys(uid for uid, _ in kinds)))
            asked = _offering(self.target, self.peer, command, kinds)
            answer = self._served(associate_as(self.target, self.peer, command, request=asked, seconds=30))
            return [Piece("C-GET", study, data) for data in answer.datasets]

        with ThreadPoolExecutor(LANES) as pool:
            return [piece for pieces in pool.map(one, studies) for piece in pieces]

    def moved(self, studies: Sequence[str], copies: Mapping[int, Dataset], hosts: Mapping[str, str]) -> list[Piece]:
        """What arrives at the move destination, where that can be looked into."""
        destination = self.research.move_destination or self.target.move_destination
        arrivals = self.research.arrivals
        if destination is None or arrivals is None or arrivals.host not in hosts:
            return []
        moves = [operations.move(destination, _study(study)) for study in studies]
        told = [associate_as(self.target, self.peer, each, seconds=30) for each in moves]
        # The destination need not take what is compressed: one failure fails that whole study.
        if told and not any(attempt.outcome is Outcome.SERVED for attempt in told):
            self._served(told[0])
        arrived = contents(hosts[arrivals.host], arrivals.path)
        return [Piece("C-MOVE", destination, arrived, shows(arrived, copies.values()))]

    def browsed(
        self, studies: Sequence[str], copies: Mapping[int, Dataset], entries: Mapping[str, frozenset[str]]
    ) -> list[Piece]:
        """Every route, for every study or instance that it names; every list, and what hangs below its new entries."""
        wanted = [
            (name, path)
            for name, template in self.research.routes.items()
            for path in _paths(template, studies, copies)
        ]
        pieces = []
        for listing, below in self.research.lists.items():
            pieces += self._pages([(listing, listing)], gave=False)  # identifiers, which prove nothing
            wanted += [
                (listing, f"{listing}/{each}{end}") for each in sorted(entries.get(listing, ())) for end in below
            ]
        with ThreadPoolExecutor(LANES) as pool:
            lanes = pool.map(self._pages, (wanted[n::LANES] for n in range(LANES)))
            return pieces + [piece for lane in lanes for piece in lane]

    def _pages(self, wanted: Sequence[tuple[str, str]], gave: bool = True) -> list[Piece]:
        answers = self._got([(path, ACCEPT.get(endpoint, "*/*")) for endpoint, path in wanted])
        return [
            Piece(endpoint, path, _bytes(answer), gave and _gave(answer))
            for (endpoint, path), answer in zip(wanted, answers, strict=True)
        ]

    def _got(self, wanted: Iterable[tuple[str, str]]) -> list[Answer]:
        """Answers to paths, each with what is accepted, on one connection. Raises Unmeasurable for what is no whole
        answer, or is packed in a way that nobody asked for."""
        endpoint, found = first_endpoint(self.target, "web"), []
        context = tls.client(self.user.keys if self.user else None, self.target) if endpoint.tls else None
        with Line(endpoint, context, user=self.user, seconds=20, name=self.target.server_name) as line:
            for path, accept in wanted:
                try:
                    answer = line.get(path, {"Accept": accept})
                except (Refused, Silent, ProtocolError) as error:
                    raise Unmeasurable(f"GET {path} at {endpoint}: ", error.response) from error
                coding = answer.headers.get("content-encoding", "identity")
                if not answer.whole or coding not in ("identity", "gzip"):
                    raise Unmeasurable(f"GET {path} at {endpoint}: cut short, or in content coding {coding[:20]!r}")
                found.append(answer)
        return found


def _gave(answer: Answer) -> bool:
    return 200 <= answer.status < 300 and answer.body.strip() not in (b"", b"[]", b"{}", b"null")


def _entries(answer: Answer) -> frozenset[str]:
    try:
        found = json.loads(answer.body)
    except ValueError as error:
        raise Unmeasurable("a list of the research side is no JSON") from error
    if not isinstance(found, list):
        raise Unmeasurable("a list of the research side is no list")
    return frozenset(str(each) for each in found)


def _study(uid: str) -> SampleStudy:
    return SampleStudy("", uid, "", "", "")


def _paths(template: str, studies: Sequence[str], copies: Mapping[int, Dataset]) -> Iterable[str]:
    if "{instance}" in template:
        uids = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID", "instance": "SOPInstanceUID"}
        fields = [{name: str(each.get(uid, "")) for name, uid in uids.items()} for each in copies.values()]
    elif "{study}" in template:
        fields = [{"study": study} for study in studies]
    else:
        fields = [{}]
    return [template.format(**each) for each in fields]


def _bytes(answer: Answer) -> bytes:
    head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
    return f"{answer.status}\n{head}\n".encode() + answer.body

"""Probe: a set of objects goes to the research side; what comes back through each of its doors, as bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from pydicom.dataset import Dataset

from ..model import Research, Specimen, Target, Unmeasurable, User
from ..wire import dimse, operations, tls
from ..wire.http import Answer, request
from ..wire.pdu import ProtocolError
from ..wire.session import Refused, Silent
from .association import Attempt, Outcome, Peer, first_door, knock
from .authorised import Authorised
from .host import contents

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
    """``data`` is what ``door`` gave when it was asked for ``what``, headers included; ``served``: no error."""

    door: str
    what: str
    data: bytes
    served: bool = True


@dataclass(frozen=True)
class Released:
    """``stored``: how each object was received, in the order sent. ``copies``: what C-GET returned, by Instance Number.
    ``empty`` names the doors that gave nothing, which prove nothing."""

    stored: tuple[Attempt, ...]
    pieces: tuple[Piece, ...]
    copies: Mapping[int, Dataset] = field(default_factory=dict)
    empty: tuple[str, ...] = ()

    @property
    def doors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(piece.door for piece in self.pieces))


def research_view(target: Target, research: Research) -> Target:
    """The research side as a target of its own: what is asked of one archive can be asked of the other."""
    return replace(target, called_aet=research.called_aet, routes=research.routes, specimen=None, research=None)


def send(target: Target, research: Research, objects: Iterable[Dataset]) -> tuple[Attempt, ...]:
    """C-STORE of each object on an association of its own."""
    view, peer = research_view(target, research), Peer.of(target.nodes[research.sender])
    with ThreadPoolExecutor(LANES) as pool:
        return tuple(pool.map(lambda each: knock(view, peer, operations.store(each), seconds=20), objects))


def release(
    target: Target, research: Research, objects: Iterable[Dataset], keys: Iterable[str], hosts: Mapping[str, str]
) -> Released:
    """Send ``objects``, then take what of them can be had as the reader: every door, every level, every list. ``keys``
    are the attributes (keywords) that queries ask for. Raises Unmeasurable where nothing was received."""
    objects = tuple(objects)
    reader = _Reader(target, research, tuple(keys), tuple(dict.fromkeys(str(each.SOPClassUID) for each in objects)))
    before = reader.studies()
    stored = send(target, research, objects)
    if not any(attempt.outcome is Outcome.SERVED for attempt in stored):
        raise Unmeasurable(f"the research side took none of {len(stored)} objects: {stored[0].said}")
    studies = sorted(reader.studies() - before)
    pieces = [*reader.queried(studies), *reader.retrieved(studies)]
    copies = _copies(piece.data for piece in pieces if piece.door == "C-GET")
    pieces += reader.browsed(studies, copies)
    if hosts:
        pieces += reader.moved(studies, hosts)
    found = {piece.door for piece in pieces if piece.served and piece.data} | {"error"}
    expected = dict.fromkeys(("C-FIND", "C-GET", *research.routes, *research.lists))
    return Released(stored, tuple(pieces), copies, tuple(door for door in expected if door not in found))


def send_garbage(target: Target, research: Research) -> tuple[str, Attempt]:
    """C-STORE of bytes that are no data set, under a SOP class that the research side takes."""
    whole = operations.store(operations.synthetic_object())
    broken = replace(whole, payload=bytes(64))
    peer = Peer.of(target.nodes[research.sender])
    return "a data set that cannot be parsed", knock(research_view(target, research), peer, broken, seconds=20)


def as_reader(target: Target, research: Research) -> Authorised:
    """The positive control of the research side: its reader and its user."""
    users = {research.user: target.users[research.user]} if research.user in target.users else {}
    return Authorised(replace(research_view(target, research), users=users))


def kept(research: Research, hosts: Mapping[str, str]) -> bytes:
    """What stands in the folder of the research side: files, their names, and the database, as a tar archive.
    Raises Unmeasurable where nobody may look."""
    if research.storage is None or research.storage.host not in hosts:
        raise Unmeasurable("nobody may look at what the research side has stored")
    return contents(hosts[research.storage.host], research.storage.path)


def parsed(data: bytes) -> Dataset:
    """A data set as it came on an association. Raises Unmeasurable for what is none."""
    try:
        return dimse.decode_dataset(data)
    except ProtocolError as error:
        raise Unmeasurable(f"the research side returned {error}") from error


def _copies(objects: Iterable[bytes]) -> dict[int, Dataset]:
    found = [parsed(data) for data in objects]
    return {int(dataset.get("InstanceNumber") or 0): dataset for dataset in found}


class _Reader:
    """The reader of the research side at each of its doors."""

    def __init__(self, target: Target, research: Research, keys: tuple[str, ...], classes: tuple[str, ...]) -> None:
        self.target, self.research, self.keys = research_view(target, research), research, keys
        self.classes = classes
        self.peer = Peer.of(target.nodes[research.reader])
        self.user: User | None = target.users.get(research.user)

    def _served(self, attempt: Attempt) -> Attempt:
        if attempt.outcome is not Outcome.SERVED:
            raise Unmeasurable(f"the reader of the research side is not served: {attempt.said}")
        return attempt

    def studies(self) -> set[str]:
        """Study Instance UIDs that the reader can find."""
        query = operations.find("STUDY", {"StudyInstanceUID": ""})
        answer = self._served(knock(self.target, self.peer, query))
        return {str(parsed(data).StudyInstanceUID) for data in answer.datasets}

    def queried(self, studies: list[str]) -> list[Piece]:
        """C-FIND at every level, asking for every key."""

        def one(level: str) -> list[Piece]:
            keys = dict.fromkeys((*self.keys, *ABOVE[level], LEVELS[level]), "")
            if level != "PATIENT":
                keys["StudyInstanceUID"] = "\\".join(studies)
            answer = self._served(knock(self.target, self.peer, operations.find(level, keys), seconds=20))
            return [Piece("C-FIND", level, data) for data in answer.datasets]

        with ThreadPoolExecutor(LANES) as pool:
            return [piece for pieces in pool.map(one, LEVELS) for piece in pieces]

    def retrieved(self, studies: list[str]) -> list[Piece]:
        pieces = []
        for study in studies:
            command = replace(operations.get(_study(study)), storage=self.classes)
            answer = self._served(knock(self.target, self.peer, command, seconds=30))
            pieces += [Piece("C-GET", study, data) for data in answer.datasets]
        return pieces

    def moved(self, studies: list[str], hosts: Mapping[str, str]) -> list[Piece]:
        """What arrives at the move destination, where that can be looked into."""
        destination = self.target.move_destination
        arrivals = self.research.arrivals
        if destination is None or arrivals is None or arrivals.host not in hosts:
            return []
        for study in studies:
            self._served(knock(self.target, self.peer, operations.move(destination, _study(study)), seconds=30))
        return [Piece("C-MOVE", destination, contents(hosts[arrivals.host], arrivals.path))]

    def browsed(self, studies: list[str], copies: Mapping[int, Dataset]) -> list[Piece]:
        """Every route, for every study or instance that it names; every list, and what hangs below its entries."""
        wanted = [
            (name, path)
            for name, template in self.research.routes.items()
            for path in _paths(template, studies, copies)
        ]
        with ThreadPoolExecutor(LANES) as pool:
            for listing, answer in zip(self.research.lists, pool.map(self._get, self.research.lists), strict=True):
                entries = [str(each) for each in json.loads(answer.body)] if answer.status == 200 else []
                wanted += [
                    (listing, f"{listing}/{each}{below}") for each in entries for below in self.research.lists[listing]
                ]
            answers = pool.map(lambda each: self._get(each[1], ACCEPT.get(each[0], "*/*")), wanted)
            return [
                Piece(name, path, _bytes(answer), 200 <= answer.status < 300)
                for (name, path), answer in zip(wanted, answers, strict=True)
            ]

    def _get(self, path: str, accept: str = "*/*") -> Answer:
        door = first_door(self.target, "web")
        context = tls.client(None, self.target) if door.tls else None
        try:
            headers, name = {"Accept": accept}, self.target.server_name
            return request(door, "GET", path, context, user=self.user, headers=headers, seconds=20, name=name)
        except (Refused, Silent, ProtocolError) as error:
            raise Unmeasurable(f"GET {path} at {door}: {error}") from error


def _study(uid: str) -> Specimen:
    return Specimen("", uid, "", "", "")


def _paths(template: str, studies: list[str], copies: Mapping[int, Dataset]) -> Iterable[str]:
    if "{instance}" in template:
        fields = [
            {"study": each.StudyInstanceUID, "series": each.SeriesInstanceUID, "instance": each.SOPInstanceUID}
            for each in copies.values()
        ]
    elif "{study}" in template:
        fields = [{"study": study} for study in studies]
    else:
        fields = [{}]
    return [template.format(**each) for each in fields]


def _bytes(answer: Answer) -> bytes:
    head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
    return f"{answer.status}\n{head}\n".encode() + answer.body

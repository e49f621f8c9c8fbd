"""The reader of the research side: what it finds, is given and has sent, at each endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pydicom.dataset import Dataset

from ...model import Research, SampleStudy, Target, Unmeasurable
from ...model.planted import UNIQUE
from ...wire import operations
from ..dicom.association import Attempt, Outcome, Peer, associate_as
from ..host import contents
from .given import Piece, parsed, shows
from .pages import Pages
from .sending import offering
from .side import LANES, research_view

ABOVE = {
    "PATIENT": (),
    "STUDY": (),
    "SERIES": ("StudyInstanceUID",),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID"),
}


class Reader:
    """``pages``: the same reader as a user of the web endpoint."""

    def __init__(self, target: Target, research: Research) -> None:
        self.target, self.research = research_view(target, research), research
        self.peer = Peer.of(target.nodes[research.reader])
        self.pages = Pages(target, research)

    def _served(self, attempt: Attempt) -> Attempt:
        if attempt.outcome is not Outcome.SERVED:
            raise Unmeasurable("the reader of the research side is not served: ", attempt.observed)
        return attempt

    def studies(self) -> set[str]:
        """Study Instance UIDs that the reader can find."""
        query = operations.find("STUDY", {"StudyInstanceUID": ""})
        answer = self._served(associate_as(self.target, self.peer, query))
        return {str(parsed(data).get("StudyInstanceUID", "")) for data in answer.datasets}

    def queried(self, studies: Sequence[str], patients: Iterable[str], keys: tuple[str, ...]) -> list[Piece]:
        """C-FIND at every level, asking for every one of ``keys``."""

        def one(level: str, only: dict[str, str]) -> list[Piece]:
            wanted = {**dict.fromkeys((*keys, *ABOVE[level], UNIQUE[level]), ""), **only}
            answer = self._served(associate_as(self.target, self.peer, operations.find(level, wanted), seconds=20))
            return [Piece("C-FIND", level, data) for data in answer.datasets]

        asked = [("PATIENT", {"PatientID": patient}) for patient in sorted(patients)]
        asked += [(level, {"StudyInstanceUID": study}) for level in UNIQUE if level != "PATIENT" for study in studies]
        with ThreadPoolExecutor(LANES) as pool:
            return [piece for pieces in pool.map(lambda each: one(*each), asked) for piece in pieces]

    def retrieved(self, studies: Sequence[str], kinds: tuple[tuple[str, str], ...]) -> list[Piece]:
        def one(study: str) -> list[Piece]:
            command = replace(operations.get(_study(study)), storage=tuple(dict.fromkeys(uid for uid, _ in kinds)))
            asked = offering(self.target, self.peer, command, kinds)
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


def _study(uid: str) -> SampleStudy:
    return SampleStudy("", uid, "", "", "")

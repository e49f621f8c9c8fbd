"""What a user is given by the routes and lists of the research side, over one connection for each lane."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pydicom.dataset import Dataset

from ...model import Research, Target, Unmeasurable, User
from ...wire import tls
from ...wire.http import Answer, Line
from ...wire.pdu import ProtocolError
from ...wire.session import Refused, Silent
from ..dicom.association import first_endpoint
from ..web.sign_in import SignIn
from .given import Piece
from .side import LANES, research_view

# What a client of DICOMweb asks for at each route (PS3.18 8.7); others are asked for anything.
ACCEPT = {
    "wado-rs": 'multipart/related; type="application/dicom"',
    "bulk": 'multipart/related; type="application/octet-stream"',
    "rendered": "image/png",
    "metadata": "application/dicom+json",
}


class Pages:
    def __init__(self, target: Target, research: Research) -> None:
        self.target, self.research = research_view(target, research), research
        found = target.users.get(research.user)
        self.user: User | None = found and SignIn(target).of(found)

    def listed(self) -> dict[str, frozenset[str]]:
        """What each list names that is answered."""
        answers = zip(self.research.lists, self._got((path, "*/*") for path in self.research.lists), strict=True)
        return {path: _entries(answer) for path, answer in answers if answer.status == 200}

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

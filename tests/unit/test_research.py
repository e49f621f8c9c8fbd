"""What the research side's endpoints give counts only where it is whole, readable and something."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
from pydicom.dataset import Dataset

from pacs_hardening.canary import objects
from pacs_hardening.model import (
    Endpoint,
    Node,
    Research,
    Target,
    Unmeasurable,
)
from pacs_hardening.model.response import DimseStatus, Served
from pacs_hardening.oracles.redaction import evidence
from pacs_hardening.probes.dicom.association import Attempt, Peer
from pacs_hardening.probes.research import reader
from pacs_hardening.probes.research.given import Delivered, Piece, Released, shows
from pacs_hardening.probes.research.release import retrieve
from pacs_hardening.wire import dimse
from pacs_hardening.wire import operations as wire
from pacs_hardening.wire.http import Answer, Line, parse_answer

RESEARCH = Research("RESEARCH", "sender", "reader", "user", {"qido": "/studies"}, {"/list": ("",)})
NODES = {name: Node(name, name.upper()) for name in ("sender", "reader")}
ENDPOINTS = (Endpoint("dicom", "127.0.0.1", 9, tls=False), Endpoint("web", "127.0.0.1", 9, tls=False))
TARGET = Target("test", "A", ENDPOINTS, NODES)
DELIVERED = Delivered((), (), ("1.2.3",), {"/list": frozenset({"abc"})})


def _copy() -> Dataset:
    made = Dataset()
    made.SOPInstanceUID, made.StudyInstanceUID, made.InstanceNumber = "2.25.7", "1.2.3", "1"
    made.PatientID = "R1"
    return made


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, Answer]:
    """A research side whose C-FIND and C-GET give a copy, and whose pages are these."""
    data = dimse.encode_dataset(_copy())

    def knocked(target: Target, peer: Peer, *operations: object, **_: object) -> Attempt:
        return Attempt(peer, target.endpoints[0], wire.get(), Served(DimseStatus(0)), datasets=(data,))

    pages = {
        "/studies": Answer(200, {}, b'[{"00100020": {}}]'),
        "/list": Answer(200, {}, b'["abc"]'),
        "/list/abc": Answer(200, {}, b"{'a': 1}"),
    }
    monkeypatch.setattr(reader, "associate_as", knocked)
    monkeypatch.setattr(Line, "get", lambda line, path, headers: pages[path])
    return pages


def _released() -> Released:
    return retrieve(TARGET, RESEARCH, DELIVERED, ("PatientName",), {})


def test_every_endpoint_that_gave_something_counts(served: dict[str, Answer]) -> None:
    released = _released()
    assert released.empty == ()
    assert {"C-FIND", "C-GET", "qido", "/list"} == set(released.endpoints)


@pytest.mark.parametrize("answer", [Answer(200, {}, b" []\n"), Answer(204, {}, b""), Answer(404, {}, b"no such study")])
def test_a_endpoint_that_gave_nothing_is_named(served: dict[str, Answer], answer: Answer) -> None:
    served["/studies"] = answer
    assert _released().empty == ("qido",)


def test_a_list_of_identifiers_is_searched_and_proves_nothing(served: dict[str, Answer]) -> None:
    served["/list/abc"] = Answer(404, {}, b"")
    released = _released()
    assert b'["abc"]' in b"".join(piece.data for piece in released.pieces)
    assert released.empty == ("/list",)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {}, b'[{"0010', whole=False),
        Answer(200, {"content-encoding": "br"}, b"compressed"),
        parse_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nonly this", "GET"),
    ],
)
def test_an_answer_that_cannot_be_read_whole_is_no_evidence(served: dict[str, Answer], answer: Answer) -> None:
    served["/studies"] = answer
    with pytest.raises(Unmeasurable):
        _released()


def test_a_level_without_a_match_is_named(served: dict[str, Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    knocked: Callable[..., Attempt] = vars(reader)["associate_as"]

    def nothing_below_series(target: Target, peer: Peer, *operations: object, **more: object) -> Attempt:
        attempt = knocked(target, peer, *operations, **more)
        return replace(attempt, datasets=()) if "IMAGE" in str(operations) else attempt

    monkeypatch.setattr(reader, "associate_as", nothing_below_series)
    assert _released().empty == ("C-FIND IMAGE",)


def test_a_folder_without_any_copy_is_another_folder() -> None:
    assert shows(b"dataset 2.25.7 ...", [_copy()])
    assert not shows(bytes(10240), [_copy()])


def test_burned_in_pixels_are_known_whatever_the_object_is_called() -> None:
    canaries = objects(3)
    hidden = next(each for each in canaries.planted if each.burned_in).dataset
    renamed = copy.copy(hidden)
    renamed.SOPInstanceUID, renamed.InstanceNumber = "2.25.8", ""
    for pieces, seen in (((), 0), ((Piece("C-GET", "x", dimse.encode_dataset(renamed)),), 1)):
        assert len(evidence(canaries, Released((), pieces)).shown_as_they_were()) == seen

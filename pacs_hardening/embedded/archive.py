"""The DIMSE services of the archive (PS3.4 annexes A, B, C and K) over its store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from pydicom.dataset import Dataset
from pynetdicom import build_context, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event

from .policy import HARDENED, Facts, Policy, no_facts
from .store import (
    FULL,
    LEVELS,
    MISMATCH,
    SUCCESS,
    UNIQUE,
    UNREADABLE,
    Store,
    agrees,
    text_keys,
)
from .upper_layer import Acceptor

PENDING, NO_SUCH_OBJECT = 0xFF00, 0x0112
QUERY_RETRIEVE = "1.2.840.10008.5.1.4.1.2."
_MOVE = (f"{QUERY_RETRIEVE}1.2", f"{QUERY_RETRIEVE}2.2")
PATIENT_ROOT, WORKLIST = "1.2.840.10008.5.1.4.1.2.1.", "1.2.840.10008.5.1.4.31"
_Answer = tuple[int, Dataset | None]


@dataclass(frozen=True)
class Destination:
    """Where a C-MOVE may send objects to."""

    aet: str
    port: int


@dataclass(frozen=True)
class Archive:
    """``limit`` is the most answers to one query, 0 for any number; ``destinations`` by AE title;
    ``worklist`` holds scheduled procedure steps; ``comment`` is what a weakness adds to errors; ``tells_absent``: a
    request for what is not there ends in a failure that says so, instead of Success without an object;
    ``wide_queries_fail``: no match is told of a query that has too many."""

    store: Store
    limit: int
    destinations: Mapping[str, Destination]
    worklist: tuple[Dataset, ...] = ()
    comment: str = ""
    tells_absent: bool = False
    wide_queries_fail: bool = False
    policy: Policy = HARDENED

    def handlers(self) -> list[Any]:
        """For pynetdicom to bind."""
        answered = {evt.EVT_N_ACTION, evt.EVT_N_CREATE, evt.EVT_N_SET}
        done = NO_SUCH_OBJECT if self.tells_absent else SUCCESS
        return [
            (evt.EVT_C_ECHO, lambda event: SUCCESS),
            (evt.EVT_C_FIND, self.find),
            (evt.EVT_C_GET, self.get),
            (evt.EVT_C_MOVE, self.move),
            (evt.EVT_C_STORE, self.put),
            *((event, lambda event: (done, Dataset())) for event in answered),
            (evt.EVT_N_DELETE, lambda event: done),
        ]

    def find(self, event: Event) -> Iterator[_Answer]:
        """C-FIND: pending answers; A700H at the end where there are more than the limit allows."""
        wanted = event.identifier
        if str(event.request.AffectedSOPClassUID) == WORKLIST:
            answers = self._scheduled(wanted)
        else:
            level = _level(wanted, str(event.request.AffectedSOPClassUID))
            if not level:
                yield MISMATCH, None
                return
            answers = (
                _identifier(level, found) for found in self.store.find(level, _keys(wanted), "find", _facts(event))
            )
        if self.limit and self.wide_queries_fail:
            first = list(islice(answers, self.limit + 1))
            if len(first) > self.limit:
                yield FULL, None
                return
            answers = iter(first)
        for number, answer in enumerate(answers):
            if self.limit and number >= self.limit and not self.policy.waives("query-limit", _facts(event)):
                yield FULL, None
                return
            yield PENDING, answer

    def get(self, event: Event) -> Iterator[Any]:
        """C-GET: how many objects, then each; A900H without the unique key of the level."""
        yield from self._selected(event)

    def move(self, event: Event) -> Iterator[Any]:
        """C-MOVE: to a declared destination only, else A801H whatever is asked for."""
        destination = self.destinations.get(event.move_destination or "")
        if destination is None and self.policy.waives("destination", _facts(event)):
            destination = next(iter(self.destinations.values()))
        if destination is None:
            yield None, None
            return
        classes = {str(i.keys["SOPClassUID"]) for i in self.store.matching(_keys(event.identifier))}
        contexts = [build_context(uid) for uid in sorted(classes)[:128]]
        yield "127.0.0.1", destination.port, {"ae_title": destination.aet, "contexts": contexts}
        yield from self._selected(event)

    def put(self, event: Event) -> int | Dataset:
        """C-STORE of an object that is what its command says it is."""
        try:
            dataset = event.dataset
            named = (dataset.SOPClassUID, dataset.SOPInstanceUID)
        except Exception:  # noqa: BLE001 - pydicom raises whatever a malformed data set leads to
            return self._failed(UNREADABLE)
        request = cast(C_STORE, event.request)
        if named != (request.AffectedSOPClassUID, request.AffectedSOPInstanceUID):
            return MISMATCH
        replaces = self.policy.waives("overwrite", _facts(event))
        return self.store.add(dataset, event.context.transfer_syntax, overwrite=replaces, came_by="store")

    def _door(self, event: Event) -> str:
        return "move" if str(event.request.AffectedSOPClassUID) in _MOVE else "get"

    def _failed(self, status: int) -> int | Dataset:
        if not self.comment:
            return status
        answer = Dataset()
        answer.Status, answer.ErrorComment = status, self.comment
        return answer

    def _selected(self, event: Event) -> Iterator[Any]:
        wanted = event.identifier
        level = _level(wanted, str(event.request.AffectedSOPClassUID))
        if not level or not wanted.get(UNIQUE[level]):
            yield 1
            yield MISMATCH, None
            return
        found = self.store.matching(_keys(wanted))
        if not found and self.tells_absent:
            raise LookupError("no such object")  # which pynetdicom answers with a status of the class C000H, bare
        yield len(found)
        for instance in found:
            yield PENDING, self.store.shown(instance, self._door(event), _facts(event)).dataset()

    def _scheduled(self, wanted: Dataset) -> Iterator[Dataset]:
        keys = _keys(wanted)
        for step in self.worklist:
            held = text_keys(step)
            if all(agrees(held.get(name, ""), value) for name, value in keys.items()):
                yield step


def _facts(event: Event) -> Facts:
    """What openings may ask about the request."""
    assoc, context = event.assoc, event.context.context_id
    return assoc.facts_of(event.request, context) if isinstance(assoc, Acceptor) and context else no_facts


def _level(wanted: Dataset, model: str) -> str:
    """The query level, empty where the information model has none of that name (PS3.4 C.6). Of models without levels,
    which only an opening negotiates, whatever they find is a study."""
    if not model.startswith(QUERY_RETRIEVE):
        return "STUDY"
    level = str(wanted.get("QueryRetrieveLevel", ""))
    return level if level in LEVELS and (level != "PATIENT" or model.startswith(PATIENT_ROOT)) else ""


def _keys(wanted: Dataset) -> dict[str, str]:
    keys = text_keys(wanted)
    return {name: value for name, value in keys.items() if name not in ("QueryRetrieveLevel", "SpecificCharacterSet")}


def _identifier(level: str, found: dict[str, str]) -> Dataset:
    answer = Dataset()
    answer.QueryRetrieveLevel = level
    for name, value in found.items():
        setattr(answer, name, value)
    return answer

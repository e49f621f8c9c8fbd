"""A query of an authorised node that matches more than the target's limit, in every way that it can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from threading import local
from typing import Any

from pydicom.dataset import Dataset

from ...model import Endpoint, Target, Unmeasurable
from ...model.planted import UNIQUE, Planted
from ...model.response import DimseStatus, Response
from ...wire import dimse, operations, pdu, scu
from ...wire.session import Refused, Session
from ...wire.session import Silent as Hung
from .. import people, services
from ..bid import Bid
from ..dimension import Base, Dimension, Kind, Value, Way
from ..play import Player
from ..played import Answer, Played

ALONE = 9.0  # what weighs less is tried beside other values
IN_TURN = 12  # so many questions on one association
LIMITED = "-over-the-limit"  # behind a role, in the name of a base


@dataclass(frozen=True)
class Question(services.Request):
    """A C-FIND for what was planted, by a ``kind`` of keys (see `KINDS`; else as planted), with keys ``beside`` that no
    longer narrow what matches, and ``more`` in the identifier."""

    planted: Planted
    kind: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    more: str = ""
    priority: int = 0
    message_id: int = 1

    @property
    def name(self) -> str:
        return f"C-FIND {self.planted.level} (more than {self.planted.most} matches in one answer)"

    def operation(self, *, implicit: bool) -> scu.Operation:
        command: dimse.Command = {
            dimse.FIELD: dimse.C_FIND,
            dimse.AFFECTED_CLASS: self.sop_class,
            dimse.MESSAGE_ID: self.message_id,
            dimse.PRIORITY: self.priority,
        }
        return scu.Operation(
            "C-FIND", self.sop_class, command, dimse.encode_dataset(self._identifier(), implicit=implicit)
        )

    def _identifier(self) -> Dataset:
        asked, unique = Dataset(), UNIQUE[self.planted.level]
        services.put(asked, "QueryRetrieveLevel", self.planted.level)
        for name, sought in (*self.beside, *(() if self.kind == "empty" else self.planted.keys.items())):
            services.put(asked, name, sought)
        if self.kind in KINDS:
            services.put(asked, unique, KINDS[self.kind](self.planted))
        if self.more == "private":
            asked.add_new(0x00090010, "LO", "TEST")
        if self.more == "sequence":
            asked.RequestAttributesSequence = [Dataset()]
        if self.more == "many":
            for element in range(40):
                asked.add_new(0x00203100 + element, "IS", "")
        return asked


@dataclass(frozen=True, kw_only=True)
class Query(Bid):
    """``questions`` are asked in turn on one association."""

    questions: tuple[Question, ...]

    def asks(self) -> tuple[services.Request, ...]:
        return (*super().asks(), *self.questions)


KINDS: dict[str, Callable[[Planted], str | list[str]]] = {
    "list": lambda planted: list(planted.unique) if planted.level != "PATIENT" else "",
    "star": lambda planted: "*" if planted.level == "PATIENT" else "",
    "empty": lambda planted: "",
}
# Keys beside the planted ones that agree with every synthetic object (`wire.operations.synthetic_object`).
AGREEING = {
    "PatientName": ("*", "T*", "TEST^SYNTHETIC"),
    "StudyDate": ("20000101", "19990101-20301231", ""),
    "StudyTime": ("000000-235959",),
    "StudyID": ("TEST",),
    "PatientBirthDate": ("19000101",),
    "AccessionNumber": ("*",),
    "ModalitiesInStudy": ("OT",),
    "StudyDescription": ("*",),
    "ReferringPhysicianName": ("*",),
    "SpecificCharacterSet": ("ISO_IR 100", "ISO_IR 192"),
    "NumberOfStudyRelatedInstances": ("",),
    "NumberOfPatientRelatedStudies": ("",),
    "QueryRetrieveView": ("",),
    "TimezoneOffsetFromUTC": ("",),
    "InstanceAvailability": ("",),
    "RetrieveAETitle": ("",),
    "StorageMediaFileSetID": ("",),
    "SOPClassesInStudy": ("",),
    "PatientSex": ("", "O"),
    "IssuerOfPatientID": ("",),
}
_FEW = 8  # questions of nodes and levels that are not asked widely: again, the kinds of keys, and the first of those
_OTHER_MODEL = {"STUDY": "PATIENT", "SERIES": "PATIENT", "IMAGE": "PATIENT"}


def bases(target: Target, planted: Planted, *, wide: bool, pairs: bool) -> Iterator[Base[Bid]]:
    """Each node that may search; ``wide``: the one that may least varies all that an association can, too. ``pairs``:
    of values, are asked too."""
    searching = [node for node in target.nodes.values() if "find" in node.permits]
    weakest = min(searching, key=lambda node: len(node.permits), default=None)
    for node in searching:
        for endpoint in target.endpoints_of("dicom")[:1]:
            itself = people.authorised(target, endpoint, node)
            own = {each.name: getattr(itself, each.name) for each in fields(Bid)}
            plain = _question(planted)
            start = Query(**{**own, "requests": (), "storage": (), "roles": None}, questions=(plain,))
            widely = wide and node is weakest
            dimensions = [_asked(planted, plain, few=not widely), *(_association(target) if widely else ())]
            base = people.based(f"{node.name}{LIMITED}", Kind.OVERREACHING, start, dimensions, target)
            yield replace(base, pairs=pairs, alone=ALONE)


def _association(target: Target) -> list[Dimension[Bid]]:
    return [each for each in people.as_itself(target) if each.name != "position"]  # questions are asked in turn


def _question(planted: Planted, **manner: Any) -> Question:
    found = services.TABLE[services.named("C-FIND", operations.FIND[planted.level])]
    return Question(found.service, found.sop_class, found.keyword, found.weight, planted, **manner)


def _asked(planted: Planted, plain: Question, *, few: bool) -> Dimension[Bid]:
    """Every question by itself, and several in turn: then each but the first is a later message, too."""
    asked = {"again": plain}
    asked |= {f"keys: {kind}": replace(plain, kind=kind) for kind in KINDS}
    for name, values in AGREEING.items():
        asked |= {f"{name}: {v or 'universal'}": replace(plain, beside=((name, v),)) for v in values}
    asked |= {f"{more} attributes": replace(plain, more=more) for more in ("private", "sequence", "many")}
    asked |= {f"priority {name}": replace(plain, priority=n) for name, n in {"high": 1, "low": 2}.items()}
    asked |= {f"message ID {n}": replace(plain, message_id=n) for n in (0, 7, 200, 65535)}
    if planted.level in _OTHER_MODEL:
        root = services.TABLE[services.named("C-FIND", operations.FIND["PATIENT"])]
        asked["Patient Root"] = replace(plain, sop_class=root.sop_class, keyword=root.keyword)

    def asking(*questions: Question) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, questions=questions)  # type: ignore[call-arg]

    names = list(asked)[: _FEW if few else None]
    batches = [names[start : start + IN_TURN] for start in range(0, len(names), IN_TURN)]
    together: list[Value[Bid]] = [
        Value(f"in turn {n}", asking(*(asked[name] for name in batch)), 9, mixes=False, parts=tuple(batch))
        for n, batch in enumerate(batches, 1)
    ]
    return Dimension("question", (*together, *(Value(name, asking(asked[name])) for name in names)), often=0.5)


class QueryPlayer(Player):
    """*Served* is who gets more matches than the limit. A query that matched fewer than its base did, or failed
    otherwise, shows nothing of what stood beside in it."""

    def __init__(self, target: Target, prove: Callable[[Endpoint], None]) -> None:
        super().__init__(target, prove=prove)
        self._seen = local()
        self._usual: dict[str, tuple[int, Response | None]] = {}

    def ask(self, bid: Bid, way: Way) -> Played:
        self._seen.told = (0, None)
        played = super().ask(bid, way)
        if not isinstance(bid, Query) or played.answer is Answer.UNMEASURED:
            return played
        told: tuple[int, Response | None] = self._seen.told
        if not way.values and not (told[0] or (isinstance(told[1], DimseStatus) and told[1].is_out_of_resources)):
            raise Unmeasurable(
                f"no match for more than {bid.questions[0].planted.most} that were stored: ", told[1] or ""
            )
        usual = self._usual.setdefault(way.base, told) if not way.values else self._usual.get(way.base, told)
        return replace(played, hidden=told != usual)

    def _served(self, session: Session, accepted: pdu.Accepted, ask: services.Request, bid: Bid) -> bool:
        if not isinstance(ask, Question):
            return super()._served(session, accepted, ask, bid)
        result, transfer = accepted.results.get(accepted.offered.get(ask.sop_class, 0), (2, ""))
        if result != 0:
            session.note(f"{ask.name}: presentation context refused")
            return False
        session.extend_deadline(self.seconds)
        exchange = scu.Exchange()
        try:
            scu.perform(session, accepted, ask.operation(implicit=transfer == pdu.IMPLICIT_LE), exchange)
        except (Refused, Hung, pdu.ProtocolError):
            if len(exchange.datasets) > ask.planted.most:
                return True
            raise
        self._seen.told = len(exchange.datasets), DimseStatus(exchange.status or 0)
        return len(exchange.datasets) > ask.planted.most

"""Another object under the SOP Instance UID of one that is stored, sent in every way that it can be."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from ...model import Endpoint, Target
from ...model.planted import Kept
from ...wire import dimse, operations, pdu, scu
from ...wire.session import Session
from .. import operation, people, services
from ..bid import Bid
from ..dimension import Base, Dimension, Kind, Value, Way
from ..play import Player
from ..played import Answer, Played
from .originals import Originals

FORGING = "-replacing"  # behind a role, in the name of a base
SYNTAXES = {  # PS3.5 A, beside Implicit VR Little Endian
    "explicit-little-endian": "1.2.840.10008.1.2.1",
    "jpeg-baseline": "1.2.840.10008.1.2.4.50",
    "jpeg-lossless": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-2000": "1.2.840.10008.1.2.4.90",
    "jpeg-2000-lossy": "1.2.840.10008.1.2.4.91",
    "rle": "1.2.840.10008.1.2.5",
}
CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("7", "2", "4", "1", "1.1", "6.1", "88.11", "104.1", "11.1"))
_OWN = ("transfer-syntax", "storage-role", "storage-contexts", "position")  # what is here as well, or is no matter
_FRAME = b"\xff\xd8\xff\xd9"  # what looks like a frame; nobody has to decode it
ALONE = 9.0  # what weighs less is tried beside other values


@dataclass(frozen=True, kw_only=True)
class Forgery(Bid):
    """``over``: SOP class -> the object of it that is stored; ``of``: the class of the one that is meant, ``as_class``:
    that of the other one, where it differs; ``content``: what else differs."""

    over: dict[str, Kept] = field(hash=False)
    of: str = operations.SECONDARY_CAPTURE
    as_class: str = ""
    content: tuple[tuple[str, str], ...] = ()
    originator: str = ""
    mark: str = ""

    def asks(self) -> tuple[services.Request, ...]:
        return (*super().asks(), services.TABLE[services.named("C-STORE", self.as_class or self.of)])

    def operation(self, syntax: str) -> scu.Operation:
        """In the transfer syntax ``syntax``."""
        made = self._object()
        command: dimse.Command = {
            dimse.FIELD: dimse.C_STORE,
            dimse.AFFECTED_CLASS: str(made.SOPClassUID),
            dimse.AFFECTED_INSTANCE: str(made.SOPInstanceUID),
            dimse.MESSAGE_ID: self.manner.message_id,
            dimse.PRIORITY: self.manner.priority,
        }
        if self.originator:
            command |= {dimse.MOVE_ORIGINATOR: self.originator, dimse.MOVE_ORIGINATOR_ID: 1}
        if UID(syntax).is_compressed:
            made.PixelData = encapsulate([_FRAME])
            made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
        payload = dimse.encode_dataset(made, implicit=syntax == pdu.IMPLICIT_LE)
        return scu.Operation("C-STORE", str(made.SOPClassUID), command, payload)

    def _object(self) -> Dataset:
        made = operations.synthetic_object(sample_study=self.over[self.of].study, marker=self.mark)
        made.SOPClassUID = self.as_class or self.of
        for name, value in self.content:
            if name == "private":
                made.add_new(0x00090010, "LO", "TEST")
            elif name.endswith("Sequence"):
                setattr(made, name, [Dataset()])
            else:
                services.put(made, name, value)
        return made


def bases(target: Target, over: dict[str, Kept], syntaxes: Sequence[str], *, pairs: bool) -> Iterator[Base[Bid]]:
    """Each node that may store; the strongest varies all that an association can, too."""
    storing = [node for node in target.nodes.values() if "store" in node.permits]
    for number, node in enumerate(storing):
        itself = people.authorised(target, target.endpoints_of("dicom")[0], node)
        own = {each.name: getattr(itself, each.name) for each in fields(Bid)}
        start = Forgery(**{**own, "requests": (), "storage": (), "roles": None}, over=over, of=next(iter(over)))
        dimensions = _objects(target, over, syntaxes)
        if number == 0:
            dimensions += [each for each in people.as_itself(target) if each.name not in _OWN]
        base = people.based(f"{node.name}{FORGING}", Kind.OVERREACHING, start, dimensions, target)
        yield replace(base, pairs=pairs, alone=ALONE)


def _with(**changed: object) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, **changed)  # type: ignore[arg-type]


def _objects(target: Target, over: dict[str, Kept], syntaxes: Sequence[str]) -> list[Dimension[Bid]]:
    """What is sent, and how its command is put."""
    contents = {
        "Modality PR": ("Modality", "PR"),
        "Manufacturer": ("Manufacturer", "TEST"),
        "Manufacturer ACME": ("Manufacturer", "ACME"),
        "institution": ("InstitutionName", "TEST"),
        "UTF-8": ("SpecificCharacterSet", "ISO_IR 192"),
        "GB18030": ("SpecificCharacterSet", "GB18030"),
        "private": ("private", ""),
        "operator": ("OperatorsName", "TEST"),
        "newer": ("ContentDate", "20991231"),
        "derived": ("ImageType", "DERIVED"),
        "presentation": ("PresentationIntentType", "FOR PRESENTATION"),
        "verified": ("VerificationFlag", "VERIFIED"),
        "complete": ("CompletionFlag", "COMPLETE"),
        "created": ("InstanceCreationDate", "20991231"),
        "lossy": ("LossyImageCompression", "01"),
        "de-identified": ("PatientIdentityRemoved", "YES"),
        "numbered": ("InstanceNumber", "2"),
        "corrected": ("OriginalAttributesSequence", ""),
        "contributed": ("ContributingEquipmentSequence", ""),
        "successor": ("PredecessorDocumentsSequence", ""),
        "requested": ("RequestAttributesSequence", ""),
        "patient": ("PatientID", "TEST-OTHER"),
        "study": ("StudyInstanceUID", operations.new_uid()),
        "series": ("SeriesInstanceUID", operations.new_uid()),
    }
    moving = ("patient", "study", "series")
    titles = {node.aet for node in target.nodes.values()} | {target.called_aet, target.move_destination or "", "ADMIN"}
    classes = [uid for uid in over if uid != next(iter(over))]
    name = services.keyword
    return [
        Dimension("object", tuple(Value(name(uid), _with(of=uid), 6.0) for uid in classes)),
        Dimension("as another class", tuple(Value(name(uid), _with(as_class=uid), 6, mixes=False) for uid in over)),
        Dimension(
            "syntax",
            tuple(Value(each, _with(transfers=(SYNTAXES[each],)), 6.0, mixes=False) for each in syntaxes),
        ),
        Dimension(
            "content",
            tuple(Value(n, _with(content=(pair,)), 3.0, mixes=n not in moving) for n, pair in contents.items()),
        ),
        Dimension(
            "originator",
            tuple(Value(f"originator {t}", _with(originator=t), 3.0) for t in [*sorted(titles - {""}), "ROUTER"]),
        ),
        *operation.command(),
    ]


class ForgingPlayer(Player):
    """*Served* is whose object is read in place of the one that was stored. Objects are read after many ways were
    played: where one does not stand any more, each of those is asked by itself."""

    def __init__(self, target: Target, originals: Originals, prove: Callable[[Endpoint], None]) -> None:
        super().__init__(target, prove=prove)
        self._originals, self._later = originals, False

    def ask(self, bid: Bid, way: Way) -> Played:
        if not isinstance(bid, Forgery):
            return super().ask(bid, way)
        mark = f"OTHER {secrets.token_hex(6)}"
        played = super().ask(replace(bid, mark=mark), way)
        if self._later or played.answer is Answer.UNMEASURED or not self._originals.is_lost(bid.of):
            return played
        name = services.keyword(bid.of)
        said, done = f"the {name} that was stored is not read any more", "the second object took its place"
        return replace(played, answer=Answer.SERVED, request=f"C-STORE over a {name} ({done})", transcript=(said,))

    def _chunk(self, chunk: list[tuple[Base[Bid], Way]]) -> list[Played]:
        self._later = True
        try:
            played = super()._chunk(chunk)
        finally:
            self._later = False
        asked = {bid.of for base, way in chunk if isinstance(bid := base.resolve(way), Forgery)}
        lost = [sop_class for sop_class in sorted(asked) if self._originals.is_lost(sop_class)]
        return [self.play(base, way) if lost else each for each, (base, way) in zip(played, chunk, strict=True)]

    def _served(self, session: Session, accepted: pdu.Accepted, ask: services.Request, bid: Bid) -> bool:
        """Nobody can tell from the status: it is Success, too, where an archive leaves what it has as it is."""
        if not isinstance(bid, Forgery) or ask.service != "C-STORE":
            return super()._served(session, accepted, ask, bid)
        result, syntax = accepted.results.get(accepted.offered.get(ask.sop_class, 0), (2, ""))
        if result == 0:
            scu.perform(session, accepted, bid.operation(syntax), scu.Exchange())
        return False

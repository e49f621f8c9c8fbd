"""A C-MOVE of an authorised node to a place that the archive does not declare, under whatever name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

from ...model import SampleStudy, Target
from ...wire import operations, pdu, scu
from ...wire.session import Session
from .. import identity, people, services
from ..bid import Bid
from ..dimension import Base, Dimension, Kind, Value
from ..play import Player

ELSEWHERE = "-sending-elsewhere"  # behind a role, in the name of a base
NOBODY = "of-nobody"
IN_TURN = 24  # so many destinations on one association
# What hospitals call them, beside what archives come with (`identity.FACTORY`) and machines say (`identity.LOCAL`).
LIKELY = (
    "MOVESCP", "STORESCP1", "RESEARCH", "STUDY", "TRIAL", "ANON", "EXPORT", "IMPORT", "CDBURNER",
    "BURNER", "DISK", "OLDPACS", "NEWPACS", "PACS1", "PACS2", "PACSTEST", "TESTPACS", "BACKUP1",
    "BACKUPPACS", "MIRROR", "CLOUD", "VNA", "CT", "CT1", "CT01", "MR", "MR1",
    "MR01", "US01", "CR01", "DX01", "MG01", "NM01", "XA01", "PET1", "CTWS",
    "MRWS", "CTWS1", "WS", "WS1", "WS01", "WS-1", "WS-01", "WORKSTATION1", "READING1",
    "LAPTOP", "TELERAD", "AI", "CAD", "DOSE", "TPS", "RT", "OR1", "DR-TEST",
    "PARTNER", "CLINIC", "10.0.0.1", "192.168.0.1", "1",
)  # fmt: skip


@dataclass(frozen=True)
class Moved(services.Request):
    destination: str
    study: SampleStudy


@dataclass(frozen=True, kw_only=True)
class Sending(Bid):
    """``moves`` are asked in turn on one association."""

    moves: tuple[Moved, ...]

    def asks(self) -> tuple[services.Request, ...]:
        return (*super().asks(), *self.moves)


def bases(target: Target, study: SampleStudy) -> Iterator[Base[Bid]]:
    """Each node that may have objects sent."""
    titles = _titles(target)
    declared = (target.move_destination or "").strip()  # spaces before and behind are padding (PS3.5 6.2)
    for node in target.nodes.values():
        if "move" not in node.permits:
            continue
        itself = people.authorised(target, target.endpoints_of("dicom")[0], node)
        own = {each.name: getattr(itself, each.name) for each in fields(Bid)}
        table = services.TABLE[services.MOVE]

        def to(*names: str, table: services.Request = table) -> tuple[Moved, ...]:
            return tuple(
                Moved(table.service, table.sop_class, table.keyword, table.weight, titles[name], study)
                for name in names
            )

        names = [name for name, title in titles.items() if title.strip() != declared]
        start = Sending(**{**own, "requests": (), "storage": (), "roles": None}, moves=to(NOBODY))
        yield people.based(f"{node.name}{ELSEWHERE}", Kind.OVERREACHING, start, [_anywhere(names, to)], target)


def _anywhere(names: list[str], to: Callable[..., tuple[Moved, ...]]) -> Dimension[Bid]:
    def sending(*chosen: str) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, moves=to(*chosen))  # type: ignore[call-arg]

    batches = [tuple(names[start : start + IN_TURN]) for start in range(0, len(names), IN_TURN)]
    together: list[Value[Bid]] = [
        Value(f"in turn {n}", sending(*batch), 9, mixes=False, parts=batch) for n, batch in enumerate(batches, 1)
    ]
    return Dimension("destination", (*together, *(Value(name, sending(name)) for name in names)))


def _titles(target: Target) -> dict[str, str]:
    """Name -> AE title: of the other nodes and the archive itself, what resembles the declared one, and likely ones."""
    found = (
        {NOBODY: "X-NOBODY"}
        | {f"of-{node.name}": node.aet for node in target.nodes.values()}
        | {"archive's-own": target.called_aet}
    )
    if target.research is not None:
        found["research-archive"] = target.research.called_aet
    if target.move_destination:
        found |= {
            f"like-declared-{name}": raw.decode("latin-1")
            for name, raw, _ in identity.resembling(target.move_destination)
            if raw.isascii() and raw.decode().isprintable() and b"\\" not in raw  # as those it may be read as the same
        }
    return found | {title: title for title in (*identity.FACTORY, *identity.LOCAL, *LIKELY)}


class SendingPlayer(Player):
    """*Served* is who has an object sent, or is told that it was."""

    def _served(self, session: Session, accepted: pdu.Accepted, ask: services.Request, bid: Bid) -> bool:
        if not isinstance(ask, Moved):
            return super()._served(session, accepted, ask, bid)
        session.extend_deadline(self.seconds)
        if accepted.results.get(accepted.offered.get(ask.sop_class, 0), (2, ""))[0] != 0:
            return False
        exchange = scu.Exchange()
        asked = operations.move(ask.destination, ask.study)
        scu.perform(session, accepted, asked, exchange)
        return bool(exchange.completed or exchange.succeeded)

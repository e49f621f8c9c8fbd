"""What authorised nodes are served over DICOM: each kind of success is shown once a control."""

from __future__ import annotations

from collections.abc import Collection

from ...model import (
    Endpoint,
    Impact,
    Inapplicable,
    Target,
    Undeclared,
    Unmeasurable,
    Unserved,
)
from ...model.response import ContextRefused, DimseStatus
from ...wire import operations
from ...wire.scu import Operation
from ..dicom.association import Attempt, Outcome, Peer, associate_as
from .offers import Offers, not_offered

NOBODY = "X-NOBODY"


def somewhere(target: Target) -> str:
    """A C-MOVE destination for peers who must be refused: the declared one, or, where none is, one of nobody. Who is
    told that it is unknown has had the request processed."""
    return target.move_destination or NOBODY


class Served(Offers):
    """Every method raises Unmeasurable where the node does not succeed."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._shown: dict[tuple[int, str, str], Attempt] = {}

    def succeeds(self, *operations: Operation, role: str = "all", endpoint: Endpoint | None = None) -> Attempt:
        """Perform ``operations`` as the node of ``role``, now; by default at the first DICOM endpoint."""
        attempt = associate_as(self.target, Peer.of(self.node(role)), *operations, endpoint=endpoint)
        if attempt.outcome is not Outcome.SERVED:
            kind = Unserved if attempt.outcome is Outcome.REFUSED else Unmeasurable
            raise kind("positive control failed: ", attempt.observed)
        self.proofs += 1
        return attempt

    def asks(self, seconds: float, role: str = "all") -> Attempt:
        """Like ``lives``, within ``seconds``; what came of it is for the caller to judge."""
        attempt = associate_as(self.target, Peer.of(self.node(role)), *self.usual(role), seconds=seconds)
        self.proofs += attempt.outcome is Outcome.SERVED
        return attempt

    def usual(self, role: str = "all", endpoint: Endpoint | None = None) -> tuple[Operation, ...]:
        """By what the node is seen to be served: C-ECHO and a C-FIND in the first information model that is offered, as
        far as it may. Empty where it may store only, at an archive without C-ECHO."""
        may, there = self.node(role).permits or {"echo", "find"}, self.offers(role, endpoint)
        echo, query = operations.echo(), operations.find("STUDY" if there is None else _model(there))
        echoes = "echo" in may if there is None else operations.VERIFICATION in there
        return (*((echo,) if echoes else ()), *((query,) if "find" in may else ()))

    def lives(self, endpoint: Endpoint | None = None, role: str = "all") -> None:
        """The node is served what it may, now. Raises as ``succeeds``."""
        if asked := self.usual(role, endpoint):
            self.succeeds(*asked, role=role, endpoint=endpoint)
        else:
            self.takes_objects(role, endpoint)

    def forget(self) -> None:
        """What was shown for one control shows nothing for the next: the target may have died since."""
        self._shown.clear()

    def _once(self, operation: Operation, role: str, level: str = "") -> Attempt:
        key = (operation.field, level, role)
        if key in self._shown:
            self.proofs += 1
        else:
            self._shown[key] = self.succeeds(operation, role=role)
        return self._shown[key]

    def echo(self, role: str = "all") -> None:
        """C-ECHO, or where the archive has none, what else the node may."""
        there = self.offers(role)
        if there is None or operations.VERIFICATION in there:
            self._once(operations.echo(), role)
        else:
            self.lives(role=role)

    def find(self, level: str = "", role: str = "") -> Attempt:
        """At ``level``, or in whatever information model the archive offers; of a node that may, or of ``role``."""
        role = role or self.who_may("find")
        level = level or _model(self.offers(role) or frozenset())
        return self._once(operations.find(level), role, level)

    def get(self) -> Attempt:
        """C-GET of the sample study, or where there is none a C-GET that is at least processed."""
        return self._processed(operations.get(self.target.sample_study), "get")

    def move(self) -> Attempt:
        """C-MOVE to the destination that the target declares, or else to one of nobody, which is at least processed."""
        operation = operations.move(somewhere(self.target), self.target.sample_study)
        return self._processed(operation, "move", nowhere=not self.target.move_destination)

    def demand_destination(self) -> None:
        """Raises Undeclared where the target does not say whether there is a place to which C-MOVE may deliver."""
        if self.target.move_destination is None:
            said = 'the target does not say where C-MOVE may deliver (move_destination; "" if nowhere)'
            raise Undeclared(said)

    def _processed(self, operation: Operation, service: str, *, nowhere: bool = False) -> Attempt:
        """A retrieval must succeed where there is something to retrieve. Where there is nothing, or ``nowhere`` to send
        it, a failure status other than "not authorised" (PS3.7 C.5) shows that the archive looked. Raises Inapplicable
        where the archive does not offer a ``service`` that the node is not said to be permitted."""
        attempt = associate_as(self.target, Peer.of(self.node(self.who_may(service))), operation)
        looked = isinstance(attempt.response, DimseStatus) and attempt.response.shows_that_it_looked
        if attempt.outcome is Outcome.SERVED or ((nowhere or self.target.sample_study is None) and looked):
            self.proofs += 1
            return attempt
        if isinstance(attempt.response, ContextRefused) and service not in self.node(self.who_may(service)).permits:
            raise Inapplicable(not_offered(operation))
        raise Unmeasurable("positive control failed: ", attempt.observed)

    def store(self, role: str = "") -> None:
        """Where writing is not permitted, an association on which the archive would take an object; none is sent.
        Raises Inapplicable where the archive takes none from a node that is not said to be permitted it."""
        role = role or self.who_may("store")
        if self.target.ceiling >= Impact.WRITES and self.storable(role):
            self._once(operations.store(self.an_object()), role)
        else:
            self.takes_objects(role)


def _model(there: Collection[str]) -> str:
    """The level to ask at in the first information model that is offered."""
    return next((level for level in ("STUDY", "PATIENT", "WORKLIST") if operations.FIND[level] in there), "STUDY")

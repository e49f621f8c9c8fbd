"""What authorised nodes are served over DICOM: each kind of success is shown once a control."""

from __future__ import annotations

from collections.abc import Callable, Collection

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
from ...wire import operations, pace
from ...wire.patience import is_busy, patiently
from ...wire.scu import Operation
from ..dicom.association import Attempt, Outcome, Peer, associate_as
from .offers import SERVICE_OF, Offers, not_offered

NOBODY = "X-NOBODY"
PATIENCE = (1.0, 3.0, 8.0, 16.0)  # seconds


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
        peer = Peer.of(self.node(role))
        together = len({each.sop_class for each in operations}) <= pace.contexts()
        for asked in [operations] if together else [(each,) for each in operations]:
            attempt = self._patiently(lambda asked=asked: associate_as(self.target, peer, *asked, endpoint=endpoint))  # type: ignore[misc]
            if attempt.outcome is not Outcome.SERVED:
                kind = Unserved if attempt.outcome is Outcome.REFUSED else Unmeasurable
                raise kind("positive control failed: ", attempt.observed)
        self.proofs += 1
        return attempt

    def _patiently(self, ask: Callable[[], Attempt]) -> Attempt:
        """An archive that is full of what the suite itself has left open says so, and is asked again once it has
        cleared that away: within the half minute for which most wait for a peer that is gone."""
        return patiently(ask, PATIENCE, busy=is_busy)

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
        may = self.node(role).permits
        if asked := self.usual(role, endpoint):
            self.succeeds(*asked, role=role, endpoint=endpoint)
        elif "store" not in may and may & {"get", "move"}:
            self._retrieves("get" if "get" in may else "move", role, endpoint)
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
        asked = operations.find(level)
        if "find" not in self.node(role).permits and asked.sop_class not in (self.offers(role) or (asked.sop_class,)):
            raise Inapplicable(not_offered(asked))
        return self._once(asked, role, level)

    def get(self) -> Attempt:
        """C-GET of the sample study, or where there is none a C-GET that is at least processed."""
        return self._retrieves("get", self.who_may("get"))

    def move(self) -> Attempt:
        """C-MOVE to the destination that the target declares, or else to one of nobody, which is at least processed."""
        return self._retrieves("move", self.who_may("move"))

    def _retrieves(self, service: str, role: str, endpoint: Endpoint | None = None) -> Attempt:
        """In the first information model that is offered."""
        models, study = operations.GET if service == "get" else operations.MOVE, self.target.sample_study
        there = self.offers(role, endpoint) or frozenset()
        root = "PATIENT" if models["PATIENT"] in there and models["STUDY"] not in there else "STUDY"
        if service == "get":
            return self._processed(operations.get(study, root), role, endpoint)
        asked = operations.move(somewhere(self.target), study, root)
        return self._processed(asked, role, endpoint, nowhere=not self.target.move_destination)

    def demand_destination(self) -> None:
        """Raises Undeclared where the target does not say whether there is a place to which C-MOVE may deliver."""
        if self.target.move_destination is None:
            said = 'the target does not say where C-MOVE may deliver (move_destination; "" if nowhere)'
            raise Undeclared(said)

    def _processed(
        self, operation: Operation, role: str, endpoint: Endpoint | None = None, *, nowhere: bool = False
    ) -> Attempt:
        """A retrieval must succeed where there is something to retrieve. Where there is nothing, or ``nowhere`` to send
        it, or no presentation context in which it could come, a failure status other than "not authorised" (PS3.7 C.5)
        shows that the archive looked. Raises Inapplicable where the archive does not offer a service that the node is
        not said to be permitted."""
        peer = Peer.of(self.node(role))
        attempt = self._patiently(lambda: associate_as(self.target, peer, operation, endpoint=endpoint))
        looked = isinstance(attempt.response, DimseStatus) and attempt.response.shows_that_it_looked
        nothing = nowhere or self.target.sample_study is None or (bool(operation.storage) and pace.contexts() < 2)
        if attempt.outcome is Outcome.SERVED or (nothing and looked):
            self.proofs += 1
            return attempt
        if isinstance(attempt.response, ContextRefused) and SERVICE_OF[operation.field] not in self.node(role).permits:
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
    levels = {each: operations.FIND[each] for each in ("STUDY", "PATIENT", "WORKLIST")} | operations.FURTHER_FIND
    return next((level for level, sop_class in levels.items() if sop_class in there), "STUDY")

"""Probe: the positive control. An authorised peer must succeed where the others are refused.

A refusal proves something only if the same operation succeeds over the same route for somebody: a dead port
refuses everyone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from pydicom.dataset import Dataset

from ..model import Door, Impact, Inapplicable, Missing, Node, Specimen, Target, Unmeasurable, Unserved, User
from ..wire import dimse, operations, scu, tls
from ..wire.http import Answer, request
from ..wire.pdu import ProtocolError
from ..wire.scu import Operation
from ..wire.session import Refused, Silent
from .association import Attempt, Outcome, Peer, first_door, knock


class Authorised:
    """What the target's own nodes and users can do; each kind of success is shown once a run.

    ``proofs`` counts the successes that were asked for. Every method raises Unmeasurable where the authorised
    peer does not succeed, Missing where the user of the suite did not say who else there is.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.proofs = 0
        self._shown: dict[str, Attempt] = {}

    def node(self, role: str) -> Node:
        """Raises Unmeasurable without a node ``all``: no positive control is possible then."""
        if role not in self.target.nodes:
            raise (Unmeasurable if role == "all" else Missing)(f"the target names no node '{role}'")
        return self.target.nodes[role]

    def user(self) -> User:
        if not self.target.users:
            raise Missing("the target names no web user, so nobody could be seen to be served")
        return next(iter(self.target.users.values()))

    def succeeds(self, *operations: Operation, role: str = "all", door: Door | None = None) -> Attempt:
        """Perform ``operations`` as the node of ``role``, now; by default at the first DICOM door."""
        attempt = knock(self.target, Peer.of(self.node(role)), *operations, door=door)
        if attempt.outcome is not Outcome.SERVED:
            kind = Unserved if attempt.outcome is Outcome.REFUSED else Unmeasurable
            raise kind(f"positive control failed: {attempt.said}")
        self.proofs += 1
        return attempt

    def asks(self, *operations: Operation, seconds: float) -> Attempt:
        """Like ``succeeds`` as node ``all``, within ``seconds``; what came of it is for the caller to judge."""
        attempt = knock(self.target, Peer.of(self.node("all")), *operations, seconds=seconds)
        self.proofs += attempt.outcome is Outcome.SERVED
        return attempt

    def forget(self) -> None:
        """What was shown for one control shows nothing for the next: the target may have died since."""
        self._shown.clear()

    def _once(self, operation: Operation, role: str = "all") -> Attempt:
        key = f"{operation.name} as {role}"
        if key in self._shown:
            self.proofs += 1
        else:
            self._shown[key] = self.succeeds(operation, role=role)
        return self._shown[key]

    def witnessed(self, served: int) -> None:
        """Count ``served`` successes of an authorised peer that were seen elsewhere in this run."""
        if not served:
            raise Unmeasurable("positive control failed: the authorised peer got nothing")
        self.proofs += served

    def echo(self, role: str = "all") -> None:
        self._once(operations.echo(), role)

    def find(self, level: str = "STUDY", role: str = "all") -> Attempt:
        return self._once(operations.find(level), role)

    def get(self) -> Attempt:
        """C-GET of the specimen, or where there is none a C-GET that is at least processed."""
        return self._processed(operations.get(self.target.specimen))

    def move(self) -> Attempt:
        """C-MOVE to the destination that the target declares. Raises Inapplicable where it declares none."""
        if self.target.move_destination is None:
            raise Inapplicable("the target declares no C-MOVE destination")
        return self._processed(operations.move(self.target.move_destination, self.target.specimen))

    def _processed(self, operation: Operation) -> Attempt:
        """A retrieval must succeed where there is something to retrieve. Where there is nothing, a failure status
        other than "not authorised" (0124H, PS3.7 C.5) shows that the archive looked."""
        attempt = knock(self.target, Peer.of(self.node("all")), operation)
        looked = attempt.stage == operation.name and attempt.how.startswith("DIMSE") and "0124H" not in attempt.how
        if attempt.outcome is Outcome.SERVED or (self.target.specimen is None and looked):
            self.proofs += 1
            return attempt
        raise Unmeasurable(f"positive control failed: {attempt.said}")

    def store(self, role: str = "all") -> None:
        """Where writing is not permitted, an association on which the archive would take an object; none is sent."""
        stored = operations.store(operations.synthetic_object())
        if self.target.ceiling >= Impact.WRITES:
            self._once(stored, role)
            return
        peer = Peer.of(self.node(role))
        request = scu.request_for(self.target.called_aet.encode(), peer.aet, peer.identity, stored)
        attempt = knock(self.target, peer, request=request)
        if attempt.outcome is not Outcome.SERVED or attempt.accepted is None:
            raise Unmeasurable(f"positive control failed: {attempt.said}")
        if attempt.accepted.results.get(1, (2, ""))[0] != 0:
            raise Unmeasurable(f"positive control failed: {peer.label} is not granted {stored.sop_class}")
        self.proofs += 1

    def store_many(self, count: int, level: str) -> dict[str, str]:
        """Store ``count`` studies of one patient, or (``IMAGE``) instances of one series, over four associations side
        by side. Returns the keys of a query that matches all of them. Raises Unmeasurable unless each of them is found
        again, by two queries for half of them each: an archive that lost some would seem to limit its answers."""
        first = operations.synthetic_object()
        series = Specimen(str(first.PatientID), str(first.StudyInstanceUID), str(first.SeriesInstanceUID), "", "")
        objects = [operations.synthetic_object(specimen=series) for _ in range(count)]
        half, unique = (
            ("AccessionNumber", "StudyInstanceUID") if level == "STUDY" else ("InstanceNumber", "SOPInstanceUID")
        )
        for number, dataset in enumerate(objects):
            dataset.SOPInstanceUID = operations.new_uid()
            if level == "STUDY":
                dataset.StudyInstanceUID, dataset.SeriesInstanceUID = operations.new_uid(), operations.new_uid()
            setattr(dataset, half, str(number % 2 + 1))
        peer, lanes = Peer.of(self.node("all")), 4
        batches = [[operations.store(dataset) for dataset in objects[lane::lanes]] for lane in range(lanes)]
        with ThreadPoolExecutor(lanes) as pool:
            attempts = list(pool.map(lambda batch: knock(self.target, peer, *batch, seconds=60), filter(None, batches)))
        for attempt in attempts:
            if attempt.outcome is not Outcome.SERVED:
                raise Unmeasurable(f"positive control failed: {attempt.said}")
        keys = {"PatientID": series.patient_id}
        if level == "IMAGE":
            keys = {"StudyInstanceUID": series.study, "SeriesInstanceUID": series.series}
        keys[unique] = ""
        halves = [operations.find(level, {**keys, half: each}) for each in ("1", "2")]
        there = {str(dimse.decode_dataset(data).get(unique, "")) for data in self.succeeds(*halves).datasets}
        lost = {str(dataset[unique].value) for dataset in objects} - there
        if lost:
            raise Unmeasurable(f"of {count} objects that were just stored, {len(lost)} were not found again")
        return keys

    def is_not_offered(self, operation: Operation) -> bool:
        """The presentation context is refused to the authorised node too: the archive has no such service."""
        attempt = knock(self.target, Peer.of(self.node("all")), operation)
        return attempt.how.startswith("presentation context refused")

    def web(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        door: Door | None = None,
        absent: bool = False,
    ) -> Answer:
        """An answer of 2xx on ``path`` to a user who logs in; by default at the first web door. With ``absent``, 404
        will do: it shows that the archive looked for an object that does not exist."""
        door, user = door or first_door(self.target, "web"), self.user()
        context = tls.client(None, self.target) if door.tls else None
        name = self.target.server_name
        asked = f"{method} {path} at {door}"
        try:
            answer = request(door, method, path, context, user=user, headers=headers, body=body, name=name)
        except (Refused, Silent, ProtocolError) as error:
            raise Unmeasurable(f"positive control failed: {asked}: {error}") from error
        if not 200 <= answer.status < 300 and not (absent and answer.status == 404):
            raise Unserved(f"positive control failed: {asked} answers {answer.status}")
        self.proofs += 1
        return answer

    def page(self, door: Door | None = None) -> Answer:
        """The web door serves a user: its REST root, or else its QIDO-RS search for a patient whom nobody has."""
        routes = self.target.routes
        if routes.get("rest"):
            return self.web(routes["rest"], door=door)
        if routes.get("qido"):
            return self.web(f"{routes['qido']}?PatientID={operations.nobody()}", door=door)
        raise Missing("the target names no route (rest or qido) by which its web door could be seen to serve")

    def pulse(self) -> None:
        """The archive is alive and serves at every door: a door that refuses everybody proves nothing by refusing
        strangers. C-ECHO and C-FIND on DICOM doors, a page on web doors."""
        for door in self.target.doors_of("dicom"):
            self.succeeds(operations.echo(), operations.find("STUDY"), door=door)
        for door in self.target.doors_of("web") if self.target.users else ():
            self.page(door)


def plant(authorised: Authorised) -> Specimen:
    """Store one synthetic study, for positive controls to retrieve. Raises Unmeasurable if it is not stored."""
    planted: Dataset = operations.synthetic_object()
    authorised.succeeds(operations.store(planted))
    return Specimen(
        patient_id=str(planted.PatientID),
        study=str(planted.StudyInstanceUID),
        series=str(planted.SeriesInstanceUID),
        instance=str(planted.SOPInstanceUID),
        sop_class=str(planted.SOPClassUID),
    )


class EchoOnly(Authorised):
    """Of a target without C-FIND, such as a storage SCP: a C-ECHO alone shows that somebody is served."""

    def asks(self, *operations: Operation, seconds: float) -> Attempt:
        return super().asks(operations[0], seconds=seconds)

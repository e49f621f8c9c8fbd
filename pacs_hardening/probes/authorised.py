"""Probe: the positive control. An authorised peer must succeed where the others are refused.

A refusal proves something only if the same operation succeeds over the same route for somebody: a dead port
refuses everyone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from pydicom.dataset import Dataset

from ..model import (
    Endpoint,
    Impact,
    Inapplicable,
    Missing,
    Node,
    SampleStudy,
    Target,
    Undeclared,
    Unmeasurable,
    Unserved,
    User,
)
from ..model.response import ContextRefused, DimseStatus, Observed, Rejected
from ..wire import dimse, operations, pace, tls
from ..wire.http import Answer, request
from ..wire.pages import is_login
from ..wire.pdu import ProtocolError
from ..wire.scu import Operation
from ..wire.session import Refused, Silent
from .appear import awaited
from .dicom.association import (
    Attempt,
    Outcome,
    Peer,
    associate_as,
    first_endpoint,
)
from .offered import is_granted, offered, storage
from .web.request import filled, guarded
from .web.sign_in import SignIn

NOBODY = "X-NOBODY"
PATIENCE = (1.0, 3.0, 8.0, 16.0)  # seconds
SERVICE_OF = {dimse.C_FIND: "find", dimse.C_GET: "get", dimse.C_MOVE: "move", dimse.C_STORE: "store"}


def authorised_node(target: Target, role: str = "all") -> Node:
    """Raises Unmeasurable without a node ``all``: no positive control is possible then; Missing without another."""
    if role not in target.nodes:
        raise (Unmeasurable if role == "all" else Missing)(f"the target names no node '{role}'")
    return target.nodes[role]


class Authorised:
    """What the target's own nodes and users can do; each kind of success is shown once a run.

    ``proofs`` counts the successes that were asked for. Every method raises Unmeasurable where the authorised
    peer does not succeed, Missing where the user of the suite did not say who else there is.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.proofs = 0
        self._shown: dict[tuple[int, str, str], Attempt] = {}
        self.spoilt: set[Endpoint] = set()  # beside the first of their service: no sign of life is expected there
        self._offered: dict[tuple[str, Endpoint], frozenset[str] | None] = {}
        self._sign_in = SignIn(target)

    def node(self, role: str) -> Node:
        """Raises as ``authorised_node``."""
        return authorised_node(self.target, role)

    def user(self, name: str = "") -> User:
        """The user of that name, or the first one, logged in. Raises Unmeasurable where that fails."""
        if not self.target.users:
            raise Missing("the target names no web user, so nobody could be seen to be served")
        return self._sign_in.of(self.target.users[name] if name else next(iter(self.target.users.values())))

    def guessable(self) -> User:
        """A user whose password is asked for with every request. Raises Inapplicable where there is none."""
        users = (self.target.users or {"": self.user()}).values()
        if (found := next((user for user in users if user.means == ("password",)), None)) is None:
            raise Inapplicable("no user of the target logs in by a name and a password with each request")
        return found

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
        for seconds in PATIENCE:
            attempt = ask()
            if not (isinstance(attempt.response, Rejected) and attempt.response.is_busy):
                return attempt
            pace.pause(seconds)
        return ask()

    def asks(self, seconds: float, role: str = "all") -> Attempt:
        """Like ``lives``, within ``seconds``; what came of it is for the caller to judge."""
        attempt = associate_as(self.target, Peer.of(self.node(role)), *self.usual(role), seconds=seconds)
        self.proofs += attempt.outcome is Outcome.SERVED
        return attempt

    def who_may(self, service: str) -> str:
        """The role that the target permits ``service``; the node ``all`` where it does so, or where nobody is."""
        all_, others = self.node("all"), self.target.nodes
        if service in (all_.permits or ("echo", "find")):
            return "all"
        return next((role for role, node in others.items() if service in node.permits), "all")

    def offers(self, role: str = "all", endpoint: Endpoint | None = None) -> frozenset[str] | None:
        """SOP classes that are negotiated with the node; None where it is given no association, which is not
        remembered."""
        endpoint = endpoint or first_endpoint(self.target, "dicom")
        if self._offered.get((role, endpoint)) is None:
            node = self.node(role)
            found = offered(self.target, Peer.of(node), endpoint, stores="store" in node.permits)
            self._offered[role, endpoint] = found
        return self._offered[role, endpoint]

    def granted(self, role: str = "all") -> str:
        """A SOP class that is negotiated with the node; "" where none is known."""
        return next(iter(sorted(self.offers(role) or ())), "")

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
            self._takes_objects(role, endpoint)

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

    def count_successes(self, served: int) -> None:
        """Count ``served`` successes of an authorised peer that were seen elsewhere in this run."""
        if not served:
            raise Unmeasurable("positive control failed: the authorised peer got nothing")
        self.proofs += served

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
            raise Inapplicable(_not_offered(asked))
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

    def must_be_offered(self, operation: Operation) -> None:
        """Raises Inapplicable where the archive has no such service for the authorised node either."""
        if self.is_not_offered(operation):
            raise Inapplicable(_not_offered(operation))

    def _processed(
        self, operation: Operation, role: str, endpoint: Endpoint | None = None, *, nowhere: bool = False
    ) -> Attempt:
        """A retrieval must succeed where there is something to retrieve. Where there is nothing, or ``nowhere`` to send
        it, a failure status other than "not authorised" (PS3.7 C.5) shows that the archive looked. Raises Inapplicable
        where the archive does not offer a service that the node is not said to be permitted."""
        peer = Peer.of(self.node(role))
        attempt = self._patiently(lambda: associate_as(self.target, peer, operation, endpoint=endpoint))
        looked = isinstance(attempt.response, DimseStatus) and attempt.response.shows_that_it_looked
        if attempt.outcome is Outcome.SERVED or ((nowhere or self.target.sample_study is None) and looked):
            self.proofs += 1
            return attempt
        there = self.offers(role, endpoint)  # some give no association at all where no context is acceptable
        absent = isinstance(attempt.response, ContextRefused) or (there and operation.sop_class not in there)
        if absent and SERVICE_OF[operation.field] not in self.node(role).permits:
            raise Inapplicable(_not_offered(operation))
        raise Unmeasurable("positive control failed: ", attempt.observed)

    def store(self, role: str = "") -> None:
        """Where writing is not permitted, an association on which the archive would take an object; none is sent.
        Raises Inapplicable where the archive takes none from a node that is not said to be permitted it."""
        role = role or self.who_may("store")
        if self.target.ceiling >= Impact.WRITES and self._storable(role):
            self._once(operations.store(self.an_object()), role)
        else:
            self._takes_objects(role)

    def _storable(self, role: str, endpoint: Endpoint | None = None) -> str:
        """A storage class that is negotiated with the node; "" for none."""
        there = self.offers(role, endpoint) or frozenset()
        return next((uid for uid in storage(self.target) if uid in there), "")

    def an_object(self, marker: str = "TEST", like: SampleStudy | None = None) -> Dataset:
        """A synthetic one, of a class that the archive takes; with the UIDs of ``like``."""
        sop_class = self._storable(self.who_may("store")) or operations.SECONDARY_CAPTURE
        return operations.synthetic_object(marker=marker, sample_study=like, sop_class=sop_class)

    def _takes_objects(self, role: str, endpoint: Endpoint | None = None) -> None:
        """Negotiated anew, since what was remembered shows nothing of now."""
        endpoint = endpoint or first_endpoint(self.target, "dicom")
        uid, peer = self._storable(role, endpoint), Peer.of(self.node(role))
        if not uid or not is_granted(self.target, peer, uid, endpoint):
            said = f"node '{role}' is granted no storage SOP class"
            raise (Unserved if "store" in self.node(role).permits else Inapplicable)(said)
        self.proofs += 1

    def reads(self) -> bool:
        """Whether some node may ask what is there, by study."""
        role = self.who_may("find")
        may = self.node(role).permits or {"find"}
        models = {operations.FIND["STUDY"], operations.FIND["PATIENT"]}
        return "find" in may and bool(models & (self.offers(role) or frozenset()))

    def sees(self, study: SampleStudy) -> bool:
        """Whether the instance is found by a node that may search."""
        keys = {"StudyInstanceUID": study.study, "SeriesInstanceUID": study.series, "SOPInstanceUID": study.instance}
        role, model = self.who_may("find"), "STUDY"
        if operations.FIND[model] not in (self.offers(role) or ()):
            model, keys = "PATIENT", {"PatientID": study.patient_id, **keys}  # its key stands above (PS3.4 C.4.1.2.2.1)
        asked = operations.find("IMAGE", keys, model)
        return bool(associate_as(self.target, Peer.of(self.node(role)), asked).datasets)

    def retrieves(self, study: SampleStudy) -> bytes:
        """What a reader gets of the study, by C-GET, or by WADO-RS where no node may C-GET; empty where nothing comes.
        Raises Missing where there is no such reader."""
        role = self.who_may("get")
        roots = [root for root, model in operations.GET.items() if model in (self.offers(role) or ())]
        if "get" in self.node(role).permits and roots:
            attempt = associate_as(self.target, Peer.of(self.node(role)), operations.get(study, roots[-1]))
            self.proofs += bool(attempt.datasets)
            return b"".join(attempt.datasets)
        path = self.target.routes.get("wado-rs", "")
        if not (path and self.target.endpoints_of("web")):
            raise Missing("no node may C-GET, and the target names no wado-rs route: nobody could see what is kept")
        try:
            return self.web(filled(path, replace(self.target, sample_study=study))).body
        except Unserved:  # not there yet, perhaps
            return b""

    def is_offered(self, operation: Operation) -> bool:
        return not self.is_not_offered(operation)

    def is_not_offered(self, operation: Operation) -> bool:
        """The presentation context is refused to the authorised node too: the archive has no such service."""
        there = self.offers(self.who_may(SERVICE_OF[operation.field]))
        return there is not None and operation.sop_class not in there

    def web(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        endpoint: Endpoint | None = None,
        absent: bool = False,
    ) -> Answer:
        """An answer of 2xx on ``path`` to a user who logs in; by default at the first web endpoint. With ``absent``,
        404 will do: it shows that the archive looked for an object that does not exist."""
        endpoint, user = endpoint or first_endpoint(self.target, "web"), self.user()
        context = tls.client(user.keys, self.target) if endpoint.tls else None
        name = self.target.server_name
        asked, who = f"{method} {path}", "with a login"
        try:
            answer = request(endpoint, method, path, context, user=user, headers=headers, body=body, name=name)
        except (Refused, Silent, ProtocolError) as error:
            raise Unmeasurable("positive control failed: ", Observed(who, endpoint, asked, error.response)) from error
        served = answer.response.is_success and not is_login(answer)
        if not served and not (absent and answer.status == 404):
            raise Unserved("positive control failed: ", Observed(who, endpoint, asked, answer.response))
        self.proofs += 1
        return answer

    def page(self, endpoint: Endpoint | None = None) -> Answer:
        """The web endpoint serves a user what it is to refuse to strangers."""
        return self.web(guarded(self.target), endpoint=endpoint)

    def serves(self, needs: Collection[str]) -> None:
        """What proves a control that shows no success itself: C-ECHO where it needs DICOM, or needs no endpoint and
        there is DICOM; else a page."""
        if "dicom" in needs or ("web" not in needs and self.target.endpoints_of("dicom")):
            self.echo()
        else:
            self.page()

    def pulse(self, service: str = "") -> None:
        """The archive is alive and serves at every endpoint, or at those of ``service``: an endpoint that refuses
        everybody proves nothing by refusing strangers. At DICOM endpoints what the node may, a page at web endpoints.
        """
        for endpoint in self.target.endpoints:
            if service in ("", endpoint.service) and endpoint not in self.spoilt:
                self.lives_at(endpoint)

    def lives_at(self, endpoint: Endpoint) -> None:
        """Raises Unserved where nobody is known who may be served."""
        if endpoint.service == "web":
            if self.target.users:
                self.page(endpoint)
        elif "all" not in self.target.nodes:
            raise Unserved("the target names no node 'all'")
        else:
            self.lives(endpoint)

    def stores(self) -> bool:
        """Whether some node is said to be permitted it."""
        return any("store" in node.permits for node in self.target.nodes.values())


def _model(there: Collection[str]) -> str:
    """The level to ask at in the first information model that is offered."""
    levels = {each: operations.FIND[each] for each in ("STUDY", "PATIENT", "WORKLIST")} | operations.FURTHER_FIND
    return next((level for level, sop_class in levels.items() if sop_class in there), "STUDY")


def _not_offered(operation: Operation) -> str:
    return f"the target does not offer this {operation.name}, to authorised nodes neither"


def somewhere(target: Target) -> str:
    """A C-MOVE destination for peers who must be refused: the declared one, or, where none is, one of nobody. Who is
    told that it is unknown has had the request processed."""
    return target.move_destination or NOBODY


def store_sample_study(authorised: Authorised) -> SampleStudy:
    """Store one synthetic study, for positive controls to retrieve, and wait until a reader finds it. Raises
    Unmeasurable if it is not stored."""
    planted = authorised.an_object()
    study = sample_of(planted)
    authorised.succeeds(operations.store(planted), role=authorised.who_may("store"))
    if authorised.reads():
        awaited(lambda: authorised.sees(study), "what was stored")
    return study


def sample_of(planted: Dataset) -> SampleStudy:
    return SampleStudy(
        patient_id=str(planted.PatientID),
        study=str(planted.StudyInstanceUID),
        series=str(planted.SeriesInstanceUID),
        instance=str(planted.SOPInstanceUID),
        sop_class=str(planted.SOPClassUID),
    )


class EchoOnly(Authorised):
    """Of a target without C-FIND, such as a storage SCP: a C-ECHO alone shows that somebody is served."""

    def usual(self, role: str = "all", endpoint: Endpoint | None = None) -> tuple[Operation, ...]:
        return (operations.echo(),)

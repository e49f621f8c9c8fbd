"""What the archive offers to its authorised nodes, by the presentation contexts that it negotiates with them."""

from __future__ import annotations

from pydicom.dataset import Dataset

from ...model import (
    Endpoint,
    Inapplicable,
    SampleStudy,
    Target,
    Unserved,
)
from ...wire import dimse, operations
from ...wire.scu import Operation
from ..dicom.association import Peer, first_endpoint
from ..offered import is_granted, offered, storage
from .who import Who

SERVICE_OF = {dimse.C_FIND: "find", dimse.C_GET: "get", dimse.C_MOVE: "move", dimse.C_STORE: "store"}


class Offers(Who):
    """Negotiated once a run with each node, at each endpoint."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._offered: dict[tuple[str, Endpoint], frozenset[str] | None] = {}

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

    def is_offered(self, operation: Operation) -> bool:
        return not self.is_not_offered(operation)

    def is_not_offered(self, operation: Operation) -> bool:
        """The presentation context is refused to the authorised node too: the archive has no such service."""
        there = self.offers(self.who_may(SERVICE_OF[operation.field]))
        return there is not None and operation.sop_class not in there

    def must_be_offered(self, operation: Operation) -> None:
        """Raises Inapplicable where the archive has no such service for the authorised node either."""
        if self.is_not_offered(operation):
            raise Inapplicable(not_offered(operation))

    def storable(self, role: str, endpoint: Endpoint | None = None) -> str:
        """A storage class that is negotiated with the node; "" for none."""
        there = self.offers(role, endpoint) or frozenset()
        return next((uid for uid in storage(self.target) if uid in there), "")

    def an_object(self, marker: str = "TEST", like: SampleStudy | None = None) -> Dataset:
        """A synthetic one, of a class that the archive takes; with the UIDs of ``like``."""
        sop_class = self.storable(self.who_may("store")) or operations.SECONDARY_CAPTURE
        return operations.synthetic_object(marker=marker, sample_study=like, sop_class=sop_class)

    def takes_objects(self, role: str, endpoint: Endpoint | None = None) -> None:
        """Negotiated anew, since what was remembered shows nothing of now."""
        endpoint = endpoint or first_endpoint(self.target, "dicom")
        uid, peer = self.storable(role, endpoint), Peer.of(self.node(role))
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


def not_offered(operation: Operation) -> str:
    return f"the target does not offer this {operation.name}, to authorised nodes neither"

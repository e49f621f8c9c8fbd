"""Probe: the positive control. An authorised peer must succeed where the others are refused.

A refusal proves something only if the same operation succeeds over the same route for somebody: a dead port
refuses everyone.
"""

from __future__ import annotations

from collections.abc import Collection

from ...model import Endpoint, Unserved
from ...wire import operations
from ...wire.scu import Operation
from .messages import Messages
from .pages import Pages
from .served import Served


class Authorised(Served, Pages, Messages):
    """What the target's own nodes and users can do; each kind of success is shown once a control.

    ``proofs`` counts the successes that were asked for. Every method raises Unmeasurable where the authorised
    peer does not succeed, Missing where the user of the suite did not say who else there is.
    """

    def serves(self, needs: Collection[str]) -> None:
        """What proves a control that shows no success itself: C-ECHO where it needs DICOM, or needs no endpoint and
        there is DICOM; for messages one of the sender; else a page."""
        if "hl7" in needs:
            self.hl7()
        elif "dicom" in needs or ("web" not in needs and self.target.endpoints_of("dicom")):
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


class EchoOnly(Authorised):
    """Of a target without C-FIND, such as a storage SCP: a C-ECHO alone shows that somebody is served."""

    def usual(self, role: str = "all", endpoint: Endpoint | None = None) -> tuple[Operation, ...]:
        return (operations.echo(),)

"""Probe: what every archive with an audit trail records: an authorised node's query, and a user's page."""

from __future__ import annotations

from ...model import Target
from ...wire import operations
from ..dicom.association import Peer, associate_as
from ..web.request import ask


def happens(target: Target) -> None:
    """Both of them, as far as the target has them, now; whether they succeed is of no interest here. Raises
    Unmeasurable where the archive cannot be reached."""
    if target.endpoints_of("dicom") and "all" in target.nodes:
        associate_as(target, Peer.of(target.nodes["all"]), operations.find("STUDY"))
    path = target.routes.get("rest") or target.routes.get("qido")
    for endpoint in target.endpoints_of("web")[:1] if path else ():
        for user in [*target.users.values()][:1]:
            ask(target, str(path), endpoint=endpoint, user=user)

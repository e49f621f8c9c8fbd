"""Probe: what an endpoint says without TLS. Asked of every endpoint, also of those that are said to have TLS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..model import Endpoint, Hl7, Target
from ..model import response as came
from ..model.response import Observed, Response
from ..wire import adt, messages, mllp
from ..wire.http import request
from ..wire.pdu import ProtocolError
from ..wire.session import Refused, Silent
from .dicom.association import greet


def in_dicom(endpoint: Endpoint, target: Target) -> Iterator[Observed]:
    """What answers an A-ASSOCIATE-RQ in plaintext. Raises Unmeasurable where no TCP connects."""
    yield Observed("a peer without TLS", endpoint, "A-ASSOCIATE", greet(endpoint, target, None))


def in_http(endpoint: Endpoint, target: Target) -> Iterator[Observed]:
    """What answers HTTP requests in plaintext, for ``/`` and every named route; silence is waited for once. Raises as
    ``in_dicom``."""
    for path in ("/", *(path for path in target.routes.values() if path)):
        asked = path.partition("{")[0]
        response = _get(replace(endpoint, tls=False), asked, target)
        yield Observed("without TLS", endpoint, f"GET {asked}", response)
        if isinstance(response, came.Silent):
            return


def in_mllp(endpoint: Endpoint, target: Target, settings: Hl7) -> Iterator[Observed]:
    """What answers a message in plaintext of which nothing can come. Raises as ``in_dicom``."""
    told = messages.send(
        replace(endpoint, tls=False), target, None, mllp.block(adt.harmless(settings)), "HL7 in plaintext"
    )
    yield Observed("a peer without TLS", endpoint, "HL7", told.response)


def _get(endpoint: Endpoint, path: str, target: Target) -> Response:
    try:
        return request(endpoint, "GET", path, None, name=target.server_name).response
    except (Refused, Silent, ProtocolError) as ended:
        return ended.response

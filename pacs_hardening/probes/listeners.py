"""Probe: what speaks DICOM or HTTP at an address of the target, and how well that is protected."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum

from ..model import Endpoint, Target, Unmeasurable
from ..model.response import HttpStatus, Observed, Response, Served, Silent
from ..wire import session as wire
from ..wire import tls
from ..wire.http import request
from ..wire.pdu import ProtocolError
from .dicom.association import greet, speaks_dicom
from .web import elsewhere

SECONDS = 3.0
# Where archives listen by convention: the ports that IANA has for DICOM (PS3.8 9.1.1), and the defaults of products.
CONVENTIONAL = (80, 104, 443, 2761, 2762, 4242, 8042, 8080, 8443, 11112)


class Protection(IntEnum):
    """What a peer has to have before the service talks to it. The web asks for passwords behind TLS instead."""

    NOTHING = 0
    TLS = 1
    CERTIFICATE = 2


@dataclass(frozen=True)
class Listener:
    """A service that answered somebody without certificate at ``endpoint``. ``served``: what a stranger got there, None
    where nothing but an answer."""

    endpoint: Endpoint
    protection: Protection
    observed: Observed
    served: Observed | None = None


def listening(addresses: Iterable[tuple[str, int]], target: Target, paths: Sequence[str] = ()) -> tuple[Listener, ...]:
    """What answered at ``addresses``, asked side by side, each five times at most, and a web server for ``paths``. An
    address that nobody listens at, or where something else speaks, gives none. Raises Unmeasurable where connections
    are accepted and all is silent."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda address: _at(address[0], address[1], target, paths), dict.fromkeys(addresses)))
    return tuple(listener for listener in found if listener is not None)


def _at(host: str, port: int, target: Target, paths: Sequence[str]) -> Listener | None:
    try:
        socket.create_connection((host, port), timeout=SECONDS).close()
    except OSError:
        return None
    for protection in (Protection.NOTHING, Protection.TLS):
        # The web first: its servers wait for the end of a line where a DICOM server has long understood.
        for service, ask in (("web", _web), ("dicom", _dicom)):
            endpoint = Endpoint(service, host, port, tls=protection is Protection.TLS)
            asked, response, speaks = ask(endpoint, target)
            who = "without login" if endpoint.service == "web" else "a peer without certificate"
            observed = Observed(who, endpoint, asked, response)
            if isinstance(response, Silent):
                raise Unmeasurable("at none of the endpoints of the target, something hangs: ", observed)
            served = observed if isinstance(response, Served) else None
            if isinstance(response, HttpStatus):
                found = elsewhere.served(target, paths, endpoints=[endpoint])
                served = found[0].observed if found else None
            if speaks or served:
                return Listener(endpoint, protection, observed, served)
    return None


def _context(endpoint: Endpoint) -> ssl.SSLContext | None:
    return tls.client(None) if endpoint.tls else None


_Answered = tuple[str, Response, bool]  # what was asked, what came, and whether that is the service


def _dicom(endpoint: Endpoint, target: Target) -> _Answered:
    """A PDU answers an A-ASSOCIATE-RQ, be it a refusal."""
    response = greet(endpoint, target, _context(endpoint), SECONDS)
    return "A-ASSOCIATE", response, speaks_dicom(response)


def _web(endpoint: Endpoint, target: Target) -> _Answered:
    """A status answers GET that neither sends to https, nor says "TLS only", nor that there is no such page: then it is
    another application."""
    path = (target.routes.get("rest") or target.routes.get("qido") or "/").partition("{")[0]
    asked, context = f"GET {path}", _context(endpoint)
    try:
        answer = request(endpoint, "GET", path, context, seconds=SECONDS, name=target.server_name).response
    except (wire.Refused, wire.Silent, ProtocolError) as ended:
        return asked, ended.response, False
    tls_only = not endpoint.tls and (answer.code in (400, 426) or answer.to_https)
    return asked, answer, not tls_only and answer.code != 404

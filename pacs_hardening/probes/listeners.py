"""Probe: what speaks DICOM or HTTP at an address of the target, and how well that is protected."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum

from ..model import Door, Target, Unmeasurable
from ..wire import pdu, scu, tls
from ..wire.http import request
from ..wire.operations import echo
from ..wire.session import Refused, Session, Silent

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
    """A service that answered somebody without certificate at ``door``, and ``said`` what."""

    door: Door
    protection: Protection
    said: str


def listening(addresses: Iterable[tuple[str, int]], target: Target) -> tuple[Listener, ...]:
    """What answered at ``addresses``, asked side by side, each five times at most. An address that nobody listens at,
    or where something else speaks, gives none. Raises Unmeasurable where connections are accepted and all is silent."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda address: _at(address[0], address[1], target), dict.fromkeys(addresses)))
    return tuple(listener for listener in found if listener is not None)


def _at(host: str, port: int, target: Target) -> Listener | None:
    try:
        socket.create_connection((host, port), timeout=SECONDS).close()
    except OSError:
        return None
    for protection in (Protection.NOTHING, Protection.TLS):
        # The web first: its servers wait for the end of a line where a DICOM server has long understood.
        for service, ask in (("web", _web), ("dicom", _dicom)):
            door = Door(service, host, port, tls=protection is Protection.TLS)
            try:
                said = ask(door, target)
            except (Refused, pdu.ProtocolError):
                continue
            except Silent as silence:
                raise Unmeasurable(f"{host}:{port} is none of the doors of the target, and hangs: {silence}") from None
            if said:
                return Listener(door, protection, said)
    return None


def _context(door: Door) -> ssl.SSLContext | None:
    return tls.client(None) if door.tls else None


def _dicom(door: Door, target: Target) -> str:
    """The PDU that answers an A-ASSOCIATE-RQ, be it a refusal."""
    node = target.nodes.get("all")
    rq = scu.request_for(target.called_aet.encode(), node.aet.encode() if node else b"ANY-SCU", None, echo())
    try:
        with Session(door, _context(door), seconds=SECONDS, name=target.server_name) as session:
            session.send(rq.encode(), "A-ASSOCIATE-RQ")
            return pdu.name(*session.receive("A-ASSOCIATE-RQ"))
    except Refused as refusal:
        return refusal.how if refusal.how.startswith("A-") else ""


def _web(door: Door, target: Target) -> str:
    """The status that answers GET; "" where it sends to https, says "TLS only", or has no such page and so is another
    application."""
    path = (target.routes.get("rest") or target.routes.get("qido") or "/").partition("{")[0]
    answer = request(door, "GET", path, _context(door), seconds=SECONDS, name=target.server_name)
    if not door.tls and (answer.status in (400, 426) or answer.headers.get("location", "").startswith("https://")):
        return ""
    return "" if answer.status == 404 else f"GET {path} with HTTP {answer.status}"

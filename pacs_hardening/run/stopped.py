"""An archive that is dead before anything was asked: whether anybody's ordinary TLS handshake is enough for that."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from ..model import Unmeasurable
from ..model.response import Said
from ..model.running import Running
from ..wire import pace, tls
from ..wire.pdu import ProtocolError
from ..wire.session import Refused, Session, Silent

SAYS = "robustness.survives-malformed-tls"  # whoever survives no ordinary handshake
_SECONDS = 5.0
AT_ONCE_S = 3.0


def by_a_handshake(
    again: Callable[[], AbstractContextManager[Running]], changed: Callable[[str, str], list[str]]
) -> dict[str, Said]:
    """Service -> what became of another one like it when somebody without a certificate finished a handshake there and
    left. Nothing where it survived, or cannot be started once more."""
    found: dict[str, Said] = {}
    with suppress(Unmeasurable), again() as running:
        for endpoint in (each for each in running.target.endpoints if each.tls):
            born = running.fingerprint()
            with suppress(Refused, Silent, ProtocolError), Session(endpoint, tls.client(None), seconds=_SECONDS):
                pass

            if died := within(_SECONDS, born, running, changed):
                found[endpoint.service] = ("it is dead after a TLS handshake with ", str(endpoint), *died)
                break
    return found


def within(seconds: float, born: str, running: Running, changed: Callable[[str, str], list[str]]) -> list[str]:
    """What ``changed`` of its processes; an engine learns of an end some time after it."""
    ends = time.monotonic() + seconds
    while not (found := changed(born, running.fingerprint())) and time.monotonic() < ends:
        pace.pause(0.1)
    return found

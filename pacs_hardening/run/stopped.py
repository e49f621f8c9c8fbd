"""An archive that is dead before anything was asked: whether anybody's ordinary TLS handshake is enough for that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from ..model import Unmeasurable
from ..model.response import Said
from ..model.running import Running
from ..probes.appear import awaited
from ..wire import tls
from ..wire.pdu import ProtocolError
from ..wire.session import Refused, Session, Silent

SAYS = "robustness.survives-malformed-tls"  # whoever survives no ordinary handshake
_SECONDS = 5.0


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

            def died(born: str = born) -> list[str]:
                return changed(born, running.fingerprint())

            if awaited(lambda: bool(died()), "the end of a process", _SECONDS):
                found[endpoint.service] = ("it is dead after a TLS handshake with ", str(endpoint), *died())
                break
    return found

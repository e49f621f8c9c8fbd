"""How fast an archive is asked: as fast as it answers, until it shows that it bears less.

One for the process, as the ledger: whoever opens a connection waits for its turn here, and whoever notices a manner of
an archive that asks for patience says so here, for the report.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from ipaddress import ip_address
from threading import Event, Lock

from ..model import Endpoint

USUAL = 50.0  # new connections a second
LONGEST_S = 30.0  # that anybody is waited for who says when to come again (Retry-After, RFC 9110 10.2.3)
_lock = Lock()
_gaps: dict[tuple[str, int], float] = {}  # seconds between two connections
_turns: dict[tuple[str, int], float] = {}  # when the next one may be opened (monotonic)
_noticed: dict[str, None] = {}
_syntaxes: list[tuple[str, ...]] = [("1.2.840.10008.1.2",)]  # transfer syntaxes
_contexts = [128]  # presentation contexts that an association may have (PS3.8 9.3.2.2), or an archive bears


def keep_to(endpoint: Endpoint, a_second: float) -> None:
    """From now on at most so many new connections a second."""
    with _lock:
        here = endpoint.host, endpoint.port
        _gaps[here] = max(_gaps.get(here, 0.0), 1 / a_second)


def keep_manners(endpoints: Iterable[Endpoint], a_second: float | None = None) -> None:
    """At most so many new connections a second; unless said, `USUAL` with what is not on this machine: an archive of
    somebody else's has other work to do."""
    for endpoint in endpoints:
        if a_second is not None or not _is_here(endpoint.host):
            keep_to(endpoint, a_second or USUAL)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def await_turn(endpoint: Endpoint) -> None:
    """Until the next connection may be opened."""
    here = endpoint.host, endpoint.port
    with _lock:
        if here not in _gaps:
            return
        now = time.monotonic()
        turn = max(now, _turns.get(here, 0.0))
        _turns[here] = turn + _gaps[here]
    pause(turn - now)


def pause(seconds: float) -> None:
    """For an archive that asked for it: nothing tells when it is over but time."""
    if seconds > 0:
        Event().wait(min(seconds, LONGEST_S))


def offer_at_most(contexts: int) -> None:
    """From now on at most so many presentation contexts in an association."""
    with _lock:
        _contexts[0] = min(_contexts[0], contexts)


def contexts() -> int:
    with _lock:
        return _contexts[0]


def speak(transfer_syntaxes: tuple[str, ...]) -> None:
    """From now on in these: an archive knows no Implicit VR, in which every node is to speak (PS3.5 10.1)."""
    with _lock:
        _syntaxes[0] = transfer_syntaxes


def syntaxes() -> tuple[str, ...]:
    with _lock:
        return _syntaxes[0]


def notice(manner: str) -> None:
    """What an archive was seen to do, and what is done about it: a line of the report."""
    with _lock:
        _noticed[manner] = None


def noticed() -> tuple[str, ...]:
    with _lock:
        return tuple(_noticed)

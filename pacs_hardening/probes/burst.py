"""Probe: how many new connections a second an endpoint takes. One that closes what comes beyond would seem to refuse
everybody; so this is known before anybody is asked."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from ..model import Endpoint, Target, Unmeasurable
from ..wire import pace, tls
from ..wire.session import Refused, Session, Silent

MANY, LANES = 40, 8
SECONDS = 2.0
OF_THAT = 0.8  # of what was seen to be taken: others come, too


def measure_rate(endpoint: Endpoint, target: Target) -> None:
    """Connections side by side, as the node 'all' would open them. Where some are ended before anything was said, and
    one is not a little later, fewer are opened from now on."""
    node = target.nodes.get("all")
    context = tls.client(node.keys if node else None) if endpoint.tls else None

    def opened(_: int = 0) -> bool:
        try:
            with Session(endpoint, context, seconds=SECONDS, name=target.server_name):
                return True
        except (Refused, Silent, Unmeasurable):
            return False

    if not opened():
        return
    began = time.monotonic()
    with ThreadPoolExecutor(LANES) as pool:
        taken = sum(pool.map(opened, range(MANY)))
    took = time.monotonic() - began
    if taken == MANY:
        return
    pace.pause(1.0)  # the second is over
    if opened():
        pace.keep_to(endpoint, max(1.0, OF_THAT * taken / max(1.0, took)))
        pace.notice(f"{endpoint} ends connections where more than some {taken} come at once: asked more slowly")

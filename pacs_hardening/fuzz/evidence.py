"""What was seen of others while hostile peers held on.

Each piece of evidence is made of the one before: ``Served``, then ``Held``, then ``StillServed`` or
``NotServed``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Unmeasurable
from ..model.response import Said
from .hostile import HostilePeers, Pulse
from .player import Player
from .steady import Steady


class Disturbed(Unmeasurable):
    """Something else came into the measurement: it is made again."""


class Gone(Unmeasurable):
    """Others were not served, and nobody is since: that may have any reason."""


@dataclass(frozen=True)
class Served:
    """An authorised peer is served by the ``process``, so that there is something to lose. Raises Unmeasurable where it
    is not."""

    peers: HostilePeers
    process: str
    pulse: Pulse

    def __post_init__(self) -> None:
        if not self.pulse.served:
            raise Unmeasurable("positive control failed: ", self.pulse.how)

    @classmethod
    def now(cls, peers: HostilePeers) -> Served:
        return cls(peers, peers.fingerprint(), peers.pulse())


@dataclass(frozen=True)
class Held:
    """Hostile peers have come as far as they go, each on a connection that the server has not ended, after others were
    served. ``turned_away``: how many the server did not let so far. Raises Unmeasurable where none came so far."""

    before: Served
    players: tuple[Player, ...]
    turned_away: int = 0
    why: Said = "no answer, or close"

    def __post_init__(self) -> None:
        if not self.count_staying():
            raise Unmeasurable("no hostile peer came as far as it was to come: ", self.why)

    def count_staying(self) -> int:
        """Those of them whom the server has not ended since."""
        return sum(player.stays() for player in self.players)


@dataclass(frozen=True)
class StillServed:
    """Others were served while all of ``held`` stayed where they were. Raises Disturbed where they did not, or where
    the suite did not run all the time."""

    held: Held
    pulse: Pulse
    staying: int
    ran: Steady

    def __post_init__(self) -> None:
        demand_time(self.ran)
        if not self.pulse.served or self.staying < len(self.held.players):
            raise Disturbed(
                f"of {len(self.held.players)} hostile peers the server ended some before others were served"
            )


@dataclass(frozen=True)
class NotServed:
    """Others were not served while some were held, and are served again since these were let go. Raises Disturbed where
    the suite did not run all the time."""

    held: Held
    pulse: Pulse
    staying: int
    after: Served
    ran: Steady

    def __post_init__(self) -> None:
        demand_time(self.ran)


def demand_time(ran: Steady) -> None:
    if not ran.ran_through:
        raise Disturbed(f"the suite itself did not run for {ran.lost:.1f} s meanwhile")

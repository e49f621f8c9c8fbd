"""What the processes of a server hold at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """``memory`` in bytes (resident, all processes together); file ``descriptors``, ``threads`` and ``processes``."""

    memory: int
    descriptors: int
    threads: int
    processes: int

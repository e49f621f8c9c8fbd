"""Objects that were stored and are to stay: whether one is still what a reader gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...model.planted import Kept

LOOKS = 2  # before something is said to be gone


@dataclass(frozen=True)
class Originals:
    """``over``: SOP class -> the object of it that is stored. ``plant(sop_class)`` stores another one, and sees that it
    is there; ``read(kept)`` is what a reader gets of one, raw, empty where nothing comes. Both raise Unmeasurable."""

    over: dict[str, Kept]
    plant: Callable[[str], Kept]
    read: Callable[[Kept], bytes]

    def is_lost(self, sop_class: str) -> bool:
        """It is not read any more, while one that was stored later is: what was sent before would be there, too.
        The later one is looked at from then on."""
        fresh, kept = self.plant(sop_class), self.over[sop_class]
        if any(kept.mark.encode() in self.read(kept) for _ in range(LOOKS)):
            return False
        self.over[sop_class] = fresh
        return True

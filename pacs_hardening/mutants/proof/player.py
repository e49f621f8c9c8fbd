"""Whether a mutant really is open: its declaration is played on it, and on the hardened archive, by another client.

Nothing here asks a control, or knows what controls there are.
"""

from __future__ import annotations

from ...model.running import Running
from ..bases import BASES, Base
from ..mutant import Mutant
from . import dicom, records, research, web
from .archive import Archive


class Player:
    """Plays mutants' declarations on one running archive."""

    def __init__(self, running: Running) -> None:
        self._archive = Archive(running)

    def served(self, mutant: Mutant) -> bool:
        """Whether the way in that the mutant declares is open here."""
        if mutant.area == "redaction":
            return research.served(self._archive.running, mutant)
        if mutant.base == "deed":
            return not records.recorded(self._archive, mutant.goal)
        attempts = 2 * mutant.times if mutant.times > 1 else 1
        return any(self._served(mutant) for _ in range(attempts))

    def _served(self, mutant: Mutant) -> bool:
        base = BASES.get(mutant.base, Base("identity", (), (), (), "all", "{all}", "all"))
        if mutant.area == "web" or mutant.base in ("searcher", "web-forger"):
            return web.served(self._archive, mutant, base)
        return dicom.served(self._archive, mutant, base)

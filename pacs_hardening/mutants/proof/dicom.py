"""Whether the way in of a mutant is open over DICOM."""

from __future__ import annotations

from collections.abc import Mapping

from ..bases import Base
from ..client.associate import Caller
from ..mutant import Mutant
from .archive import Archive
from .objects import first_and_other, synthetic


def served(archive: Archive, mutant: Mutant, base: Base) -> bool:
    play, caller = archive.filled(mutant.play, archive.names()), archive.caller(base)
    match mutant.goal:
        case "too-many":
            limit = archive.target.query_limit or 0
            return len(archive.ask(caller, "find", archive.wanted(play), play).datasets) > limit
        case "overwrite":
            return _overwrites(archive, caller, play)
        case "elsewhere":
            return archive.ask(caller, "move", archive.wanted({"level": "STUDY"}, whole=True), play).completed > 0
        case "move":
            play = {"destination": archive.target.move_destination or "", **play}
    whole = mutant.goal in ("get", "move")
    content = None if mutant.goal == "echo" else archive.wanted(play, whole=whole)
    if mutant.goal == "store":
        content = synthetic(play)
    return archive.ask(caller, mutant.goal, content, play).served


def _overwrites(archive: Archive, caller: Caller, play: Mapping[str, str]) -> bool:
    first, second = first_and_other(play)
    if not archive.ask(caller, "store", first).served:
        return False
    archive.ask(caller, "store", second, play)
    return archive.holds_other(first)

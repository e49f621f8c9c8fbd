"""The store of the research side: it redacts what comes, and keeps the copy."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from pydicom.dataset import Dataset

from .journal import Journal
from .policy import Fact, Facts, Policy, no_facts
from .redactor import Redactor, Refused
from .store import UNREADABLE, Instance, Store, packed

SIDE = "/research"  # where it is at the web endpoint


class Copies(Store):
    """Originals are held only by an archive with an opening that gives them."""

    def __init__(self, key: bytes, journal: Journal, policy: Policy) -> None:
        super().__init__()
        self._redactor, self._journal, self._policy = Redactor(key, policy), journal, policy
        self._originals: dict[str, Instance] = {}
        self._number = count(1)

    def add(self, dataset: Dataset, syntax: str, *, overwrite: bool = False, came_by: str = "stow") -> int:
        """C000H for what cannot be redacted."""
        about: dict[str, Fact] = {"came-by": came_by, "number": next(self._number)}
        try:
            copy = self._redactor.redacted(dataset, syntax, about)
        except Refused as refused:
            self._journal.note(f"research: refused an object: {refused}")
            return UNREADABLE
        except Exception:  # noqa: BLE001 - what was not foreseen must not be stored
            self._journal.note("research: refused an object")
            return UNREADABLE
        facts: dict[str, Fact] = {**about, "sop-class": str(dataset.get("SOPClassUID", ""))}
        if self._policy.waives("log-silent", lambda: facts):
            self._journal.note(f"research: took an object of {dataset.get('PatientName', '')}")
        if self._policy.concerns("copy-given"):
            self._originals[str(copy.SOPInstanceUID)] = packed(dataset, syntax)
        return super().add(copy, syntax, overwrite=overwrite)

    def shown(self, instance: Instance, door: str, facts: Facts = no_facts) -> Instance:
        if not self._policy.concerns("copy-given"):
            return instance
        about = {**facts(), "door": door, "sop-class": instance.keys.get("SOPClassUID", "")}
        original = self._originals.get(instance.keys["SOPInstanceUID"])
        if original is None or not self._policy.waives("copy-given", lambda: about):
            return instance
        return replace(instance, keys=original.keys, part10=original.part10)

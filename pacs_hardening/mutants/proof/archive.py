"""One running archive, as the proofs ask it: who they come as, what it calls things, and what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydicom.dataset import Dataset

from ...model.running import Running
from ..bases import BASES, Base
from ..client import dicom
from ..client.associate import Caller
from .names import fill
from .objects import add_further

_HELD = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")


class Archive:
    def __init__(self, running: Running) -> None:
        self.running, self.target = running, running.target
        self.dicom, self.web = (running.target.endpoints_of(service)[0] for service in ("dicom", "web"))
        self._study: dict[str, str] = {}

    def ask(
        self, caller: Caller, service: str, content: Dataset | None, play: Mapping[str, str] | None = None
    ) -> dicom.Told:
        return dicom.ask(self.dicom, self.target.called_aet, caller, service, content, play)

    def caller(self, base: Base) -> Caller:
        nodes = self.target.nodes
        keys = nodes[base.keys].keys if base.keys else None
        identity = nodes[base.identity].identity if base.identity in nodes else None
        who = (identity.username, identity.passcode.reveal()) if identity else None
        return Caller(keys, fill(base.title, self.names()), who)

    def names(self) -> dict[str, str]:
        target = self.target
        identity, user = target.nodes["all"].identity, next(iter(target.users.values()))
        assert identity is not None
        return {
            **{role: node.aet for role, node in target.nodes.items()},
            "called": target.called_aet,
            "receiver": target.move_destination or "",
            "passcode": identity.passcode.reveal(),
            "user": user.username,
            "password": user.password.reveal(),
        }

    def filled(self, play: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
        return {name: fill(value, names) for name, value in play.items()}

    def known(self) -> Mapping[str, str]:
        """One study that the archive holds, asked as a node that may."""
        if not self._study:
            asked = Dataset()
            asked.QueryRetrieveLevel = "IMAGE"
            for name in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
                setattr(asked, name, "")
            told = self.ask(self.caller(BASES["mover"]), "find", asked)
            uids = re.findall(rb"[0-9][0-9.]{20,}", told.datasets[0])
            # keys come back in the order of their tags: SOP instance, patient, study, series
            self._study = dict(zip(_HELD, map(bytes.decode, uids), strict=True))
        return self._study

    def wanted(self, play: Mapping[str, str], *, whole: bool = False) -> Dataset:
        """The identifier of a query, or, ``whole``, of the retrieval of something that is there."""
        asked = Dataset()
        asked.QueryRetrieveLevel = play.get("level", "STUDY")
        asked.PatientID = ""
        asked.StudyInstanceUID = ""
        if asked.QueryRetrieveLevel in ("SERIES", "IMAGE"):
            asked.SeriesInstanceUID = ""
        if asked.QueryRetrieveLevel == "IMAGE":
            asked.SOPInstanceUID = ""
        if whole:
            for name in [name for name in self.known() if name in asked]:
                setattr(asked, name, self.known()[name])
        add_further(asked, play)
        return asked

    def holds_other(self, stored: Dataset) -> bool:
        asked = Dataset()
        asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", stored.StudyInstanceUID
        told = self.ask(self.caller(BASES["mover"]), "get", asked)
        return any(b"OTHER" in each for each in told.datasets)

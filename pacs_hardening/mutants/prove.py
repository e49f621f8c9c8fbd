"""Whether a mutant really is open: its declaration is played on it, and on the hardened archive, by another client.

Nothing here asks a control, or knows what controls there are.
"""

from __future__ import annotations

import base64
import calendar
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from io import BytesIO
from xml.etree import ElementTree

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from ..model.running import Running
from . import redacted
from .bases import BASES, Base
from .client import dicom, web
from .duties import DEEDS
from .mutant import Mutant

_PLACE = re.compile(r"\{(\w+)(?::([\w-]+))?\}")
_SHAPES: Mapping[str, Callable[[str], str]] = {"lower": str.lower, "plain": lambda text: re.sub(r"\W|_", "", text)}
RECORDED_S = 1.5
_HELD = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
SYNTHETIC = "1.2.840.10008.5.1.4.1.1.7"


class Player:
    """Plays mutants' declarations on one running archive."""

    def __init__(self, running: Running) -> None:
        self._running, self.target = running, running.target
        self._dicom, self._web = (running.target.endpoints_of(service)[0] for service in ("dicom", "web"))
        self._study: dict[str, str] = {}

    def served(self, mutant: Mutant) -> bool:
        """Whether the way in that the mutant declares is open here."""
        if mutant.area == "redaction":
            return redacted.served(self._running, mutant)
        if mutant.base == "deed":
            return not self._recorded(mutant.goal)
        attempts = 2 * mutant.times if mutant.times > 1 else 1
        return any(self._served(mutant) for _ in range(attempts))

    def _served(self, mutant: Mutant) -> bool:
        base = BASES.get(mutant.base, Base("identity", (), (), (), "all", "{all}", "all"))
        if mutant.area == "web" or mutant.base in ("searcher", "web-forger"):
            return self._web_served(mutant, base)
        play, caller = self._filled(mutant.play, self._names(base)), self._caller(base)
        match mutant.goal:
            case "too-many":
                limit = self.target.query_limit or 0
                return len(self._ask(caller, "find", self._wanted(play), play).datasets) > limit
            case "overwrite":
                return self._overwrites(caller, play)
            case "elsewhere":
                return self._ask(caller, "move", self._wanted({"level": "STUDY"}, whole=True), play).completed > 0
            case "move":
                play = {"destination": self.target.move_destination or "", **play}
        whole = mutant.goal in ("get", "move")
        content = None if mutant.goal == "echo" else self._wanted(play, whole=whole)
        if mutant.goal == "store":
            content = _object(play)
        return self._ask(caller, mutant.goal, content, play).served

    def _caller(self, base: Base) -> dicom.Caller:
        nodes = self.target.nodes
        keys = nodes[base.keys].keys if base.keys else None
        identity = nodes[base.identity].identity if base.identity in nodes else None
        who = (identity.username, identity.passcode.reveal()) if identity else None
        return dicom.Caller(keys, _fill(base.title, self._names(base)), who)

    def _ask(
        self, caller: dicom.Caller, service: str, content: Dataset | None, play: Mapping[str, str] | None = None
    ) -> dicom.Told:
        return dicom.ask(self._dicom, self.target.called_aet, caller, service, content, play)

    def _names(self, base: Base) -> dict[str, str]:
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

    def _filled(self, play: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
        return {name: _fill(value, names) for name, value in play.items()}

    def _known(self) -> Mapping[str, str]:
        """One study that the archive holds, asked as a node that may."""
        if not self._study:
            asked = Dataset()
            asked.QueryRetrieveLevel = "IMAGE"
            for name in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
                setattr(asked, name, "")
            told = self._ask(self._caller(BASES["mover"]), "find", asked)
            uids = re.findall(rb"[0-9][0-9.]{20,}", told.datasets[0])
            # keys come back in the order of their tags: SOP instance, patient, study, series
            self._study = dict(zip(_HELD, map(bytes.decode, uids), strict=True))
        return self._study

    def _wanted(self, play: Mapping[str, str], *, whole: bool = False) -> Dataset:
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
            for name in [name for name in self._known() if name in asked]:
                setattr(asked, name, self._known()[name])
        _further(asked, play)
        return asked

    def _overwrites(self, caller: dicom.Caller, play: Mapping[str, str]) -> bool:
        first = _object(play)
        second = deepcopy(first)
        first.SeriesDescription, second.SeriesDescription = "FIRST", "OTHER"
        if not self._ask(caller, "store", first).served:
            return False
        self._ask(caller, "store", second, play)
        return self._holds_other(first)

    def _holds_other(self, stored: Dataset) -> bool:
        asked = Dataset()
        asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", stored.StudyInstanceUID
        told = self._ask(self._caller(BASES["mover"]), "get", asked)
        return any(b"OTHER" in each for each in told.datasets)

    def _web_served(self, mutant: Mutant, base: Base) -> bool:
        names = self._names(base)
        user = {"user": names["user"], "password": names["password"], **self._filled(mutant.play, names)}
        basic = base64.b64encode(f"{user['user']}:{user['password']}".encode()).decode()
        login = f"Basic {basic}" if mutant.base in ("user",) or base.identity == "user" else ""
        method, path, headers, body = self._request(mutant.goal)
        plain = path.partition("?")[0]
        names |= {"path": plain, "escaped": f"/%{ord(plain[1]):02x}{plain[2:]}"}
        play = {"method": method, **headers, **self._filled(mutant.play, names)}
        match mutant.base:
            case "foreign-page":
                play = {"header:origin": "https://elsewhere.example", "header:sec-fetch-site": "cross-site", **play}
            case "guesser":
                return self._guesses(path, play)
            case "web-forger":
                return self._stows_over(play, login)
        page = web.ask(self._web, path, play, body, login)
        if mutant.base == "searcher":
            return page.served and len(json.loads(page.body)) > (self.target.query_limit or 0)
        return page.served or (mutant.base == "administrator" and page.status in (404, 400))

    def _guesses(self, path: str, play: Mapping[str, str]) -> bool:
        """A hundred wrong passwords of one user are answered with 401."""
        wrong = base64.b64encode(f"nobody-{secrets.token_hex(4)}:wrong".encode()).decode()
        seen = {web.ask(self._web, path, play, b"", f"Basic {wrong}").status for _ in range(60)}
        return seen == {401}

    def _stows_over(self, play: Mapping[str, str], login: str) -> bool:
        first = _object({})
        second = deepcopy(first)
        first.SeriesDescription, second.SeriesDescription = "FIRST", "OTHER"
        for each, how in ((first, {"method": "POST", **_multipart()}), (second, play)):
            web.ask(self._web, "/dicom-web/studies", how, _part(each), login)
        return self._holds_other(first)

    def _request(self, goal: str) -> tuple[str, str, dict[str, str], bytes]:
        """Method, path, headers as in a play, and body."""
        uid = self._known()
        study, series, instance = uid["StudyInstanceUID"], uid["SeriesInstanceUID"], uid["SOPInstanceUID"]
        below = f"/dicom-web/studies/{study}"
        paths = {
            "qido": "/dicom-web/studies",
            "qido-series": "/dicom-web/series",
            "qido-instances": "/dicom-web/instances",
            "study": below,
            "series": f"{below}/series/{series}",
            "instance": f"{below}/series/{series}/instances/{instance}",
            "study-metadata": f"{below}/metadata",
            "instance-metadata": f"{below}/series/{series}/instances/{instance}/metadata",
            "wado-uri": f"/wado?requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={instance}",
            "stow": "/dicom-web/studies",
            "delete": below,
            "admin-delete": "/patients/NOBODY",
            "admin-limit": "/limit",
            "ui": "/app",
        }
        path = paths.get(goal, f"/{goal}")
        match goal:
            case "stow":
                return "POST", path, _multipart(), _part(_object({}))
            case "find":
                return "POST", path, {}, b"{}"
            case "admin-limit":
                return "PUT", path, {}, b"not a number"
        return {"delete": "DELETE", "admin-delete": "DELETE", "webdav": "PROPFIND"}.get(goal, "GET"), path, {}, b""

    def _recorded(self, goal: str) -> bool:
        """Whether the deed was done, and a record with its event, its doer, its outcome and about its time arrived."""
        deed = DEEDS[goal]
        audit = self._running.audit
        assert audit is not None
        before, began = len(audit(0, 0)), time.time()
        who = self._do(goal, deed.who)
        ends = time.monotonic() + RECORDED_S
        while time.monotonic() < ends:
            for record in audit(before, 0.05)[:]:
                if _is_of(record.text, deed.code, who, deed.failed, began):
                    return True
        return False

    def _do(self, goal: str, role: str) -> str:
        """Do it; gives under which name."""
        names = self._names(BASES["anonymous"])
        what = goal.partition("-")[0]
        if role in ("user", "nobody"):
            user = names["user"] if role == "user" else "nobody"
            wrong = role == "nobody" or "wrong" in goal
            basic = base64.b64encode(f"{user}:{'wrong' if wrong else names['password']}".encode()).decode()
            method, path, headers, body = self._request({"page": "system"}.get(what, what))
            web.ask(self._web, path, {"method": method, **headers}, body, f"Basic {basic}")
            return user
        base = Base("duties", (), (), (), role, f"{{{role}}}", role)
        content: Dataset | None = self._wanted(
            {"key:PatientID": "SYNTHETIC-1"} if what == "find" else {}, whole=what != "find"
        )
        if what in ("echo", "store"):
            content = None if what == "echo" else _object({})
        play = {"destination": self.target.move_destination or ""} if what == "move" else {}
        self._ask(self._caller(base), what, content, play)
        return self.target.nodes[role].aet


def _fill(value: str, names: Mapping[str, str]) -> str:
    """``{name}``, or with a shape: ``lower``, ``plain``, the first so many characters, or the last."""

    def meant(found: re.Match[str]) -> str:
        if found[1] not in names:
            return found[0]
        text, shape = names[found[1]], found[2] or ""
        if shape in _SHAPES:
            return _SHAPES[shape](text)
        number = int(shape or 0)
        return text[:number] if number > 0 else text[number:] if number else text

    return _PLACE.sub(meant, value)


def _object(play: Mapping[str, str]) -> Dataset:
    """A synthetic image of 1 x 1 pixel."""
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 100"
    made.SOPClassUID = play.get("sop-class", SYNTHETIC)
    made.PatientName, made.PatientID = "TEST^MUTANT", f"TEST-{secrets.token_hex(4)}"
    made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID = (
        f"2.25.{secrets.randbits(120)}" for _ in "123"
    )
    if "instance" in play:
        made.SOPInstanceUID = f"{play['instance']}.{secrets.randbits(60)}"
    made.Modality, made.Rows, made.Columns, made.SamplesPerPixel = "OT", 1, 1, 1
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation, made.PhotometricInterpretation = 7, 0, "MONOCHROME2"
    made.PixelData = b"\0\0"
    made["PixelData"].VR = "OB"
    _further(made, play)
    return made


def _further(dataset: Dataset, play: Mapping[str, str]) -> None:
    for name, value in play.items():
        if name.startswith("key:"):
            setattr(dataset, name[4:], value)
    if "character-set" in play:
        dataset.SpecificCharacterSet = play["character-set"]
    if "private" in play:
        dataset.add_new(0x00090010, "LO", "ACME")
    if "sequences" in play:
        dataset.RequestAttributesSequence = [Dataset()]
    for number in range(int(play.get("attributes", "0"))):
        dataset.add_new(0x00200000 + 0x3100 + number, "IS", "")


def _multipart() -> dict[str, str]:
    return {"header:content-type": 'multipart/related; type="application/dicom"; boundary=part'}


def _part(dataset: Dataset) -> bytes:
    """One object as a multipart body: a Part 10 file in Explicit VR Little Endian."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    copy = Dataset(dataset)
    copy.file_meta = meta
    buffer = BytesIO()
    copy.save_as(buffer, enforce_file_format=True)
    head = b"--part\r\nContent-Type: application/dicom\r\n\r\n"
    return head + buffer.getvalue() + b"\r\n--part--\r\n"


def _is_of(text: str, code: str, who: str, failed: bool, began: float) -> bool:
    try:
        root = ElementTree.fromstring(text[text.index("<AuditMessage") :])  # noqa: S314 - of our own archive
    except (ValueError, ElementTree.ParseError):
        return False
    event = root.find("EventIdentification")
    kind = root.find("EventIdentification/EventID")
    if event is None or kind is None or kind.get("csd-code") != code:
        return False
    at = time.strptime(event.get("EventDateTime", "")[:19], "%Y-%m-%dT%H:%M:%S")
    near = abs(calendar.timegm(at) - began) < 60
    names = [each.get("UserID") for each in root.findall("ActiveParticipant") if each.get("UserIsRequestor") == "true"]
    return near and who in names and (event.get("EventOutcomeIndicator") != "0") == failed

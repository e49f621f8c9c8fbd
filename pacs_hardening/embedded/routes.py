"""What the web endpoint serves, once a request is authorised: DICOMweb (PS3.18), WADO-URI, REST, UI and metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset

from .policy import HARDENED, Facts, Policy, no_facts
from .store import Instance, Store
from .stow import receive

_STUDIES = "/dicom-web/studies"
_UID = "([0-9.]+)"
_STUDY = re.compile(rf"/dicom-web/studies/{_UID}")
# PS3.18 tables 10.4.1-1 and 10.6.1-1: what can be retrieved, by itself or its metadata; what can be searched
_RETRIEVED = re.compile(rf"/dicom-web/studies/{_UID}(?:/series/{_UID}(?:/instances/{_UID})?)?(/metadata)?")
_SEARCHED = re.compile(rf"/dicom-web(?:/studies/{_UID})?(?:/series/{_UID})?/(studies|series|instances)")
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_LEVELS = {"studies": "STUDY", "series": "SERIES", "instances": "IMAGE"}
_DICOM, _JSON = "application/dicom", "application/json"
_PAGE = b"<!doctype html><title>Archive</title><h1>Archive</h1><a href='/dicom-web/studies'>Studies</a>"
_MULTISTATUS = (
    b"<?xml version='1.0'?><multistatus xmlns='DAV:'><response><href>/webdav/patients/</href></response></multistatus>"
)
_IDENTITY = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


@dataclass(frozen=True)
class Answer:
    """One HTTP response; its protective headers are the endpoint's business."""

    status: int
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def normal(raw: str) -> str:
    """The path that a request means: decoded once, without parameters, empty and dot segments. Ends without slash."""
    segments: list[str] = []
    for segment in unquote(raw).split("/"):
        name = segment.partition(";")[0]
        if name == "..":
            segments = segments[:-1]
        elif name not in ("", "."):
            segments.append(name)
    return "/" + "/".join(segments)


@dataclass
class Routes:
    """``limit`` is the most answers to a search, 0 for any number; ``banner`` adds the software to /system."""

    store: Store
    limit: int
    sop_classes: frozenset[str]
    transfer_syntaxes: frozenset[str]
    banner: str = ""
    users_may_administer: bool = False
    policy: Policy = HARDENED

    def endpoint(self, method: str, path: str) -> str:
        """The name of the endpoint that ``path`` leads to, empty for none."""
        if method == "POST" and (path == _STUDIES or _STUDY.fullmatch(path)):
            return "stow"
        if method == "DELETE" and _STUDY.fullmatch(path):
            return "delete"
        if _RETRIEVED.fullmatch(path) or _SEARCHED.fullmatch(path):
            name = "qido" if _SEARCHED.fullmatch(path) else "wado-rs"
            return name if method in ("GET", "HEAD") else ""
        if method in ("PUT", "DELETE"):
            return "admin" if path == "/limit" or path.startswith("/patients/") else ""
        if (method, path) in (("POST", "/find"), ("PROPFIND", "/webdav")):
            return "rest" if path == "/find" else "webdav"
        names = {"/wado": "wado-uri", "/system": "rest", "/patients": "rest", "/app": "ui", "/metrics": "metrics"}
        return names.get(path, "") if method in ("GET", "HEAD") else ""

    def level(self, path: str) -> str:
        """Of what a DICOMweb path names, and whether it is metadata; empty for other paths."""
        if found := _SEARCHED.fullmatch(path):
            return _LEVELS[found[3]]
        if found := _RETRIEVED.fullmatch(path):
            level = "IMAGE" if found[3] else "SERIES" if found[2] else "STUDY"
            return f"{level} metadata" if found[4] else level
        return ""

    def answer(
        self,
        method: str,
        endpoint: str,
        path: str,
        query: str,
        content_type: str,
        body: bytes,
        facts: Facts = no_facts,
    ) -> Answer:
        """The answer to an authorised request; 404 where there is no such endpoint. Raises ValueError for a body that
        cannot be read."""
        given = dict(parse_qsl(query))
        limit = 0 if self.policy.waives("query-limit", facts) else self.limit
        match endpoint:
            case "qido":
                return self._search(path, given, limit, facts)
            case "stow":
                status, json_body = receive(
                    self.store,
                    self.sop_classes,
                    self.transfer_syntaxes,
                    content_type,
                    body,
                    overwrite=self.policy.waives("overwrite", facts),
                )
                return Answer(status, json_body, "application/dicom+json")
            case "delete":
                return Answer(200 if self.store.remove({"StudyInstanceUID": path.rpartition("/")[2]}) else 404)
            case "wado-rs":
                found = _RETRIEVED.fullmatch(path)
                uids = tuple(uid for uid in found.groups()[:3] if uid) if found else ()
                return self._retrieve(uids, multipart=True, metadata=bool(found and found[4]), facts=facts)
            case "wado-uri":
                uids = tuple(given.get(name, "") for name in ("studyUID", "seriesUID", "objectUID"))
                return self._retrieve(uids if all(uids) else (), multipart=False, facts=facts)
            case "rest":
                return self._rest(path, body, limit)
            case "admin":
                return self._administer(method, path, body, facts)
            case "webdav":
                return Answer(207, _MULTISTATUS, "application/xml; charset=utf-8")
            case "ui":
                return Answer(200, _PAGE, "text/html; charset=utf-8")
            case "metrics":
                return Answer(200, f"archive_instances {len(self.store)}\n".encode())
        return Answer(404)

    def _search(self, path: str, given: dict[str, str], limit: int, facts: Facts) -> Answer:
        keys = {keyword_for_tag(name) if _TAG.fullmatch(name) else name: value for name, value in given.items()}
        keys = {name: value for name, value in keys.items() if not name[:1].islower() and name != "_"}  # no attributes
        if not all(tag_for_keyword(name) for name in keys):
            return Answer(400)
        searched = _SEARCHED.fullmatch(path)
        study, series, what = searched.groups() if searched else ("", "", "studies")
        keys |= {name: uid for name, uid in zip(_IDENTITY, (study, series), strict=False) if uid}
        wanted = {"StudyInstanceUID": "", "PatientID": "", "PatientName": "", "StudyDate": ""} | keys
        found = list(self.store.find(_LEVELS[what], wanted, f"qido-{what}", facts))
        cut = {"Warning": '299 archive "more results exist"'} if limit and len(found) > limit else {}
        answers = []
        for values in found[: limit or None]:
            dataset = Dataset()
            for name, value in values.items():
                setattr(dataset, name, value)
            answers.append(dataset.to_json_dict())
        return Answer(200, json.dumps(answers).encode(), "application/dicom+json", cut)

    def _retrieve(
        self, uids: tuple[str, ...], *, multipart: bool, metadata: bool = False, facts: Facts = no_facts
    ) -> Answer:
        door = "metadata" if metadata else "wado-rs" if multipart else "wado-uri"
        found: list[Instance] = self.store.matching(dict(zip(_IDENTITY, uids, strict=False))) if uids else []
        if not found:
            return Answer(404)
        found = [self.store.shown(instance, door, facts) for instance in found]
        if metadata:
            told = [
                instance.dataset().to_json_dict(bulk_data_threshold=0, bulk_data_element_handler=_bulk)
                for instance in found
            ]
            return Answer(200, json.dumps(told).encode(), "application/dicom+json")
        if not multipart:
            return Answer(200, found[0].part10, _DICOM)
        boundary = "archive-part"
        while any(boundary.encode() in instance.part10 for instance in found):
            boundary += "-"
        head = f"--{boundary}\r\nContent-Type: {_DICOM}\r\n\r\n".encode()
        body = b"".join(head + instance.part10 + b"\r\n" for instance in found) + f"--{boundary}--\r\n".encode()
        return Answer(200, body, f'multipart/related; type="{_DICOM}"; boundary={boundary}')

    def _administer(self, method: str, path: str, body: bytes, facts: Facts) -> Answer:
        if not self.users_may_administer and not self.policy.waives("administration", facts):
            return Answer(403)
        if path == "/limit":
            self.limit = int(body)
            return Answer(204)
        return Answer(204 if self.store.remove({"PatientID": path.removeprefix("/patients/")}) else 404)

    def _rest(self, path: str, body: bytes, limit: int) -> Answer:
        if path == "/find":
            keys = json.loads(body)
            if not isinstance(keys, dict) or not all(isinstance(value, str) for value in keys.values()):
                raise ValueError("the body must be an object of strings")
            uids = [instance.keys["SOPInstanceUID"] for instance in self.store.matching(keys)]
            return Answer(200, json.dumps(uids[: limit or None]).encode(), _JSON)
        if path == "/patients":
            shown = (self.store.shown(instance, "rest") for instance in self.store.matching({}))
            found = {instance.keys.get("PatientID", "") for instance in shown}
            return Answer(200, json.dumps(sorted(found)[: limit or None]).encode(), _JSON)
        system = {"Instances": len(self.store)} | ({"Version": self.banner} if self.banner else {})
        return Answer(200, json.dumps(system).encode(), _JSON)


def _bulk(element: object) -> str:
    """Where the value would be: nowhere, by itself."""
    return ""

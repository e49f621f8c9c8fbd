"""What the web door serves, once a request is authorised: DICOMweb (PS3.18), WADO-URI, REST, UI and metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset

from .store import Instance, Store
from .stow import receive

_STUDIES = "/dicom-web/studies"
_WADO_RS = re.compile(r"/dicom-web/studies/([0-9.]+)/series/([0-9.]+)/instances/([0-9.]+)")
_STUDY = re.compile(r"/dicom-web/studies/([0-9.]+)")
_DICOM, _JSON = "application/dicom", "application/json"
_PAGE = b"<!doctype html><title>Archive</title><h1>Archive</h1><a href='/dicom-web/studies'>Studies</a>"
_MULTISTATUS = (
    b"<?xml version='1.0'?><multistatus xmlns='DAV:'><response><href>/webdav/patients/</href></response></multistatus>"
)
_IDENTITY = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


@dataclass(frozen=True)
class Answer:
    """One HTTP response; its protective headers are the door's business."""

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

    def door(self, method: str, path: str) -> str:
        """The name of the door that ``path`` leads to, empty for none."""
        if path == _STUDIES:
            return {"GET": "qido", "HEAD": "qido", "POST": "stow"}.get(method, "")
        if method == "DELETE" and _STUDY.fullmatch(path):
            return "delete"
        if _WADO_RS.fullmatch(path):
            return "wado-rs" if method in ("GET", "HEAD") else ""
        if method in ("PUT", "DELETE"):
            return "admin" if path == "/limit" or path.startswith("/patients/") else ""
        if (method, path) in (("POST", "/find"), ("PROPFIND", "/webdav")):
            return "rest" if path == "/find" else "webdav"
        names = {"/wado": "wado-uri", "/system": "rest", "/patients": "rest", "/app": "ui", "/metrics": "metrics"}
        return names.get(path, "") if method in ("GET", "HEAD") else ""

    def answer(self, method: str, door: str, path: str, query: str, content_type: str, body: bytes) -> Answer:
        """The answer to an authorised request; 404 where there is no such door. Raises ValueError for a body that
        cannot be read."""
        given = dict(parse_qsl(query))
        match door:
            case "qido":
                return self._search(given)
            case "stow":
                status, json_body = receive(self.store, self.sop_classes, self.transfer_syntaxes, content_type, body)
                return Answer(status, json_body, "application/dicom+json")
            case "delete":
                return Answer(200 if self.store.remove({"StudyInstanceUID": path.rpartition("/")[2]}) else 404)
            case "wado-rs":
                found = _WADO_RS.fullmatch(path)
                return self._retrieve(found.groups() if found else (), multipart=True)
            case "wado-uri":
                uids = tuple(given.get(name, "") for name in ("studyUID", "seriesUID", "objectUID"))
                return self._retrieve(uids if all(uids) else (), multipart=False)
            case "rest":
                return self._rest(path, body)
            case "admin":
                return self._administer(method, path, body)
            case "webdav":
                return Answer(207, _MULTISTATUS, "application/xml; charset=utf-8")
            case "ui":
                return Answer(200, _PAGE, "text/html; charset=utf-8")
            case "metrics":
                return Answer(200, f"archive_instances {len(self.store)}\n".encode())
        return Answer(404)

    def _search(self, given: dict[str, str]) -> Answer:
        keys = {keyword_for_tag(name) if len(name) == 8 else name: value for name, value in given.items()}
        keys = {name: value for name, value in keys.items() if name not in ("limit", "offset", "includefield")}
        if not all(tag_for_keyword(name) for name in keys):
            return Answer(400)
        wanted = {"StudyInstanceUID": "", "PatientID": "", "PatientName": "", "StudyDate": ""} | keys
        found = list(self.store.find("STUDY", wanted))
        cut = {"Warning": '299 archive "more results exist"'} if self.limit and len(found) > self.limit else {}
        answers = []
        for values in found[: self.limit or None]:
            dataset = Dataset()
            for name, value in values.items():
                setattr(dataset, name, value)
            answers.append(dataset.to_json_dict())
        return Answer(200, json.dumps(answers).encode(), "application/dicom+json", cut)

    def _retrieve(self, uids: tuple[str, ...], *, multipart: bool) -> Answer:
        found: list[Instance] = self.store.matching(dict(zip(_IDENTITY, uids, strict=True))) if uids else []
        if not found:
            return Answer(404)
        part10 = found[0].part10
        if not multipart:
            return Answer(200, part10, _DICOM)
        boundary = "archive-part"
        while boundary.encode() in part10:
            boundary += "-"
        body = f"--{boundary}\r\nContent-Type: {_DICOM}\r\n\r\n".encode() + part10 + f"\r\n--{boundary}--\r\n".encode()
        return Answer(200, body, f'multipart/related; type="{_DICOM}"; boundary={boundary}')

    def _administer(self, method: str, path: str, body: bytes) -> Answer:
        if not self.users_may_administer:
            return Answer(403)
        if path == "/limit":
            self.limit = int(body)
            return Answer(204)
        return Answer(204 if self.store.remove({"PatientID": path.removeprefix("/patients/")}) else 404)

    def _rest(self, path: str, body: bytes) -> Answer:
        if path == "/find":
            keys = json.loads(body)
            if not isinstance(keys, dict) or not all(isinstance(value, str) for value in keys.values()):
                raise ValueError("the body must be an object of strings")
            uids = [instance.keys["SOPInstanceUID"] for instance in self.store.matching(keys)]
            return Answer(200, json.dumps(uids[: self.limit or None]).encode(), _JSON)
        if path == "/patients":
            found = {instance.keys.get("PatientID", "") for instance in self.store.matching({})}
            return Answer(200, json.dumps(sorted(found)[: self.limit or None]).encode(), _JSON)
        system = {"Instances": len(self.store)} | ({"Version": self.banner} if self.banner else {})
        return Answer(200, json.dumps(system).encode(), _JSON)

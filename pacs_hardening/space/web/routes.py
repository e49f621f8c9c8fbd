"""The paths that are asked for: what the target names, and the siblings that a server of DICOMweb has beside it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from ...model import Target, WebRequest
from ...wire import stow

NOBODY = "PatientID=X-NOBODY-7F3A"  # matches nothing, so that no patient's data is touched

# PS3.18 tables 10.6.1-1 (search), 10.4.1-1 to 10.4.1-8 (retrieve) and 11.1-1 (worklist), below the base of the service.
SEARCHES = (
    "studies",
    "series",
    "instances",
    "studies/{study}/series",
    "studies/{study}/instances",
    "studies/{study}/series/{series}/instances",
)
_OF_ALL = ("metadata", "rendered", "thumbnail", "bulkdata", "pixeldata")
_SERIES, _INSTANCE = "studies/{study}/series/{series}", "studies/{study}/series/{series}/instances/{instance}"
RESOURCES = (
    *(
        path
        for whole in ("studies/{study}", _SERIES, _INSTANCE)
        for path in (whole, *(f"{whole}/{x}" for x in _OF_ALL))
    ),
    f"{_INSTANCE}/frames/1",
    f"{_INSTANCE}/frames/1/rendered",
    f"{_INSTANCE}/bulkdata/1",
)
# Where products and proxies have the service besides, by their documentation: an alias is forgotten.
BASES = (
    *("/dicom-web", "/dicomweb", "/dicomWeb", "/DicomWeb", "/dicom-web/v1", "/dicom-web/dicom-web"),
    *("/wado-rs", "/qido-rs", "/rs", "/wado", "/pacs", "/viewer/dicomweb"),
    *("/api/dicom-web", "/api/dicomweb", "/api/v1/dicom-web", "/orthanc/dicom-web", "/proxy/dicom-web"),
    *("/server/dicom-web", "/aets/{called}/rs", "/dcm4chee-arc/aets/{called}/rs"),
)
WORKLIST = ("workitems", "workitems/{study}", "workitems/1.2.840.10008.5.1.4.34.5/subscribers/X")


_OF_A_BODY = (400, 409, 415, 422)


def looked_for(request: WebRequest) -> tuple[int, ...]:
    """Statuses that say that the archive looked for an object that does not exist, or into the body."""
    return (404, *_OF_A_BODY) if request.body else (404,)


def routes(target: Target) -> Iterator[WebRequest]:
    """Every request that a stranger must be refused, the searches with a key that matches nothing. A sibling that does
    not exist is answered alike to everybody, and shows nothing."""
    seen: set[tuple[str, str]] = set()
    for request in (*_named(target), *_siblings(target), *_aliases(target)):
        if (request.method, request.path) not in seen:
            seen.add((request.method, request.path))
            yield request


def _named(target: Target) -> Iterator[WebRequest]:
    for name in ("qido", "rest", "wado-rs", "wado-uri", "ui", "metrics", *target.routes):
        path = target.routes.get(name, "")
        if path:
            absent = "{" in path
            yield WebRequest(f"{path}?{NOBODY}" if name == "qido" else path, absent=absent)
        if path and name == "webdav":
            yield WebRequest(path, "PROPFIND")  # RFC 4918 9.1
        if path and name == "stow":
            yield _stored(path)
            yield _stored(f"{path.rstrip('/')}/{{study}}")
    yield from target.protected_requests


def _stored(path: str) -> WebRequest:
    """Its only part is no object: it is looked at, and nothing can come of it."""
    body = stow.body(b"none").decode()
    return WebRequest(path, "POST", body=body, type=stow.TYPE, absent=True, does="stores an object")


def service(target: Target) -> str:
    """Where the target has DICOMweb (PS3.18 8.2); empty where it names nothing of it."""
    search = target.routes.get("qido", "")
    if search:
        return search.rstrip("/").rpartition("/")[0]
    return target.routes.get("wado-rs", "").partition("/studies/")[0]


def _siblings(target: Target) -> Iterator[WebRequest]:
    base = service(target)
    if not base and not target.routes.get("qido"):
        return
    for path in SEARCHES:
        yield WebRequest(f"{base}/{path}?{NOBODY}", absent="{" in path)
        yield WebRequest(f"{base}/{path}/?{NOBODY}", absent="{" in path)
    yield WebRequest(f"{base}/studies?{NOBODY}&includefield=all")
    for path in (*RESOURCES, *WORKLIST):
        yield WebRequest(f"{base}/{path}", absent=True)
    yield WebRequest(f"{base}/studies/{{study}}", "DELETE", absent=True, does="deletes a study")


def _aliases(target: Target) -> Iterator[WebRequest]:
    for base in BASES:
        yield WebRequest(f"{base.format(called=quote(target.called_aet))}/studies?{NOBODY}")

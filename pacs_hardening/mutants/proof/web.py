"""Whether the way in of a mutant is open on the web."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping

from ..bases import Base
from ..client import web
from ..mutant import Mutant
from .archive import Archive
from .objects import first_and_other, multipart, part, synthetic


def served(archive: Archive, mutant: Mutant, base: Base) -> bool:
    names = archive.names()
    user = {"user": names["user"], "password": names["password"], **archive.filled(mutant.play, names)}
    logs_in = mutant.base in ("user",) or base.identity == "user"
    login = basic(user["user"], user["password"]) if logs_in else ""
    method, path, headers, body = request(archive, mutant.goal)
    plain = path.partition("?")[0]
    names |= {"path": plain, "escaped": f"/%{ord(plain[1]):02x}{plain[2:]}"}
    play = {"method": method, **headers, **archive.filled(mutant.play, names)}
    match mutant.base:
        case "foreign-page":
            play = {"header:origin": "https://elsewhere.example", "header:sec-fetch-site": "cross-site", **play}
        case "guesser":
            return _guesses(archive, path, play)
        case "web-forger":
            return _stows_over(archive, play, login)
    page = web.ask(archive.web, path, play, body, login)
    if mutant.base == "searcher":
        return page.served and len(json.loads(page.body)) > (archive.target.query_limit or 0)
    return page.served or (mutant.base == "administrator" and page.status in (404, 400))


def _guesses(archive: Archive, path: str, play: Mapping[str, str]) -> bool:
    """Sixty wrong passwords of one user are answered with 401."""
    wrong = basic(f"nobody-{secrets.token_hex(4)}", "wrong")
    seen = {web.ask(archive.web, path, play, b"", wrong).status for _ in range(60)}
    return seen == {401}


def _stows_over(archive: Archive, play: Mapping[str, str], login: str) -> bool:
    first, second = first_and_other({})
    for each, how in ((first, {"method": "POST", **multipart()}), (second, play)):
        web.ask(archive.web, "/dicom-web/studies", how, part(each), login)
    return archive.holds_other(first)


def request(archive: Archive, goal: str) -> tuple[str, str, dict[str, str], bytes]:
    """Method, path, headers as in a play, and body."""
    uid = archive.known()
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
            return "POST", path, multipart(), part(synthetic({}))
        case "find":
            return "POST", path, {}, b"{}"
        case "admin-limit":
            return "PUT", path, {}, b"not a number"
    return {"delete": "DELETE", "admin-delete": "DELETE", "webdav": "PROPFIND"}.get(goal, "GET"), path, {}, b""


def basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"

"""The embedded archive's web endpoint: nothing without credentials, and one weakness at a time."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from fixtures.small import running
from pacs_hardening.model import User
from pacs_hardening.model.running import Running

_OWN: Any = object()
Got = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def hardened() -> Iterator[Running]:
    with running() as it:
        yield it


def context(it: Running) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(it.target.ca))


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def credentials(it: Running) -> str:
    user = it.target.users["clinician"]
    return basic(user.username, user.password.reveal())


def ask(
    it: Running,
    path: str,
    method: str = "GET",
    authorization: str | None = _OWN,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Got:
    """One request on one connection; ``authorization`` is by default that of the clinician."""
    given = credentials(it) if authorization is _OWN else authorization
    sent = {**(headers or {}), **({"Authorization": given} if given is not None else {})}
    port = it.target.endpoints_of("web")[0].port
    with closing(http.client.HTTPSConnection("localhost", port, timeout=5, context=context(it))) as connection:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


def part10(text: str = "TEST", uid: str = "2.25.1", sop_class: str = "1.2.840.10008.5.1.4.1.1.7") -> bytes:
    dataset = Dataset()
    dataset.PatientName, dataset.PatientID = text, "TEST-1"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.2", "2.25.3"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def stow(it: Running, *files: bytes, authorization: str | None = _OWN) -> Got:
    body = b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files) + b"--b--\r\n"
    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
    return ask(it, it.target.routes["stow"], "POST", authorization, body, headers)


def paths(it: Running) -> dict[str, str]:
    uids = {"study": "2.25.2", "series": "2.25.3", "instance": "2.25.1"}
    return {name: route.format(**uids) for name, route in it.target.routes.items()}


def test_stored_object_is_found_and_retrieved() -> None:
    with running() as it:
        assert stow(it, part10())[0] == 200
        assert stow(it, part10())[0] == 200
        assert stow(it, part10("OTHER"))[0] == 409
        assert stow(it, part10(uid="2.25.9", sop_class="1.2.840.10008.5.1.4.1.1.6.1"))[0] == 409
        assert stow(it, b"no DICOM at all")[0] == 409
        assert stow(it, part10(uid="2.25.8").replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0"))[0] == 409
        route = paths(it)
        status, _, body = ask(it, route["wado-uri"])
        assert (status, dcmread(BytesIO(body)).PatientName) == (200, "TEST")
        status, headers, body = ask(it, route["wado-rs"])
        assert status == 200
        assert headers["content-type"].startswith("multipart/related")
        assert b"TEST" in body
        found = json.loads(ask(it, route["qido"] + "?00100020=TEST-1")[2])
        assert [study["0020000D"]["Value"] for study in found] == [["2.25.2"]]
        assert json.loads(ask(it, route["qido"] + "?PatientID=NOBODY")[2]) == []
        assert len(json.loads(ask(it, route["qido"])[2])) == it.target.query_limit
        assert len(json.loads(ask(it, route["rest-patients"])[2])) == it.target.query_limit
        assert json.loads(ask(it, route["rest"])[2]) == {"Instances": 26}
        assert b"archive_instances 26" in ask(it, route["metrics"])[2]
        assert ask(it, route["ui"])[0] == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "NONSENSE"])
@pytest.mark.parametrize("path", ["/", "/system", "/dicom-web/studies", "//x/../system", "/nowhere", "*"])
def test_nobody_gets_anything_anywhere(hardened: Running, method: str, path: str) -> None:
    status, headers, body = ask(hardened, path, method, None)
    assert (status, body) == (401, b"")
    assert headers["www-authenticate"].startswith("Basic")
    assert "server" not in headers


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic !!", "Basic Og==", "Bearer x", basic("admin", "admin"), basic("clinician", ""), "Basic YQ=="],
)
def test_wrong_credentials(hardened: Running, authorization: str) -> None:
    assert ask(hardened, "/system", "GET", authorization)[0] == 401


def test_right_user_with_wrong_password(hardened: Running) -> None:
    user: User = hardened.target.users["clinician"]
    assert ask(hardened, "/system", "GET", basic(user.username, "wrong"))[0] == 401
    assert ask(hardened, "/system", "GET", basic("nobody", user.password.reveal()))[0] == 401


@pytest.mark.parametrize("path", ["/system", "/nowhere", "/patients"])
def test_protective_headers(hardened: Running, path: str) -> None:
    for authorization in (credentials(hardened), None):
        headers = ask(hardened, path, "GET", authorization)[1]
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "max-age=" in headers["strict-transport-security"]
        assert headers["cache-control"] == "no-store"


def test_limits_of_a_body(hardened: Running) -> None:
    huge = {"Content-Length": str(1 << 40)}
    assert ask(hardened, "/dicom-web/studies", "POST", None, None, huge)[0] == 401
    assert ask(hardened, "/dicom-web/studies", "POST", body=None, headers=huge)[0] == 413
    assert ask(hardened, "/dicom-web/studies", "POST", body=None, headers={"Content-Length": "-1"})[0] == 400
    chunked = {"Transfer-Encoding": "chunked"}
    assert ask(hardened, "/dicom-web/studies", "POST", body=b"0\r\n\r\n", headers=chunked)[0] == 411


@pytest.mark.parametrize("sent", [b"\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"x" * 70000])
def test_malformed_request_gets_a_bare_refusal(hardened: Running, sent: bytes) -> None:
    port = hardened.target.endpoints_of("web")[0].port
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context(hardened).wrap_socket(plain, server_hostname="localhost") as sock,
    ):
        sock.sendall(sent)
        got = b""
        while more := sock.recv(4096):
            got += more
    assert re.match(rb"HTTP/1.1 [45]\d\d ", got)
    assert got.endswith(b"\r\n\r\n")
    assert b"Python" not in got


def test_plaintext_gets_no_answer(hardened: Running) -> None:
    port = hardened.target.endpoints_of("web")[0].port
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(b"GET /system HTTP/1.1\r\nHost: x\r\n\r\n")
        assert not sock.recv(4096).startswith(b"HTTP")


def test_connection_is_kept_for_the_authorised(hardened: Running) -> None:
    port = hardened.target.endpoints_of("web")[0].port
    with closing(http.client.HTTPSConnection("localhost", port, timeout=5, context=context(hardened))) as connection:
        for _ in range(3):
            connection.request("GET", "/system", headers={"Authorization": credentials(hardened)})
            assert connection.getresponse().read()
            assert connection.sock is not None


@pytest.mark.parametrize("endpoint", ["qido", "wado-rs", "wado-uri", "stow", "rest", "ui", "metrics"])
def test_open_endpoint_is_the_only_one(endpoint: str) -> None:
    with running(f"open-{endpoint}") as it:
        assert stow(it, part10())[0] == 200
        read = {"rest-patients": "rest", "delete": "wado-rs"}  # a study that can be deleted can also be retrieved
        for name, path in paths(it).items():
            status = stow(it, part10(), authorization=None)[0] if name == "stow" else ask(it, path, "GET", None)[0]
            assert status == (200 if read.get(name, name) == endpoint else 401)


@pytest.mark.parametrize("path", ["//system", "/x/../system", "/./system", "/%73ystem"])
def test_literal_paths_weakness(path: str) -> None:
    with running("literal-paths") as it:
        assert ask(it, "/system", "GET", None)[0] == 401
        assert ask(it, path, "GET", None)[0] == 200


def test_other_weaknesses() -> None:
    with running("default-credentials") as it:
        assert ask(it, "/system", "GET", basic("admin", "admin"))[0] == 200
        assert ask(it, "/system", "GET", basic("admin", "other"))[0] == 401
    with running("no-protective-headers") as it:
        assert "x-content-type-options" not in ask(it, "/system")[1]
    with running("version-banner") as it:
        assert "Python" in ask(it, "/", "GET", None)[1]["server"]
    with running("plaintext-http") as it:
        assert [endpoint.tls for endpoint in it.target.endpoints_of("web")] == [True, False]


def test_dav_and_find_need_a_login(hardened: Running) -> None:
    assert ask(hardened, "/webdav", "PROPFIND", None)[0] == 401
    assert ask(hardened, "/webdav", "PROPFIND")[0] == 207
    assert ask(hardened, "/find", "POST", body=b'{"PatientID": "NOBODY"}')[::2] == (200, b"[]")
    assert ask(hardened, "/find", "POST", body=b"{")[::2] == (400, b"")
    with running("open-webdav") as it:
        assert ask(it, "/webdav", "PROPFIND", None)[0] == 207
        assert ask(it, "/system", "GET", None)[0] == 401


def test_guesses_are_throttled_for_each_user() -> None:
    wrong = [basic("guessed", f"wrong-{n}") for n in range(21)]
    with running() as it:
        assert [ask(it, "/system", "GET", each)[0] for each in wrong] == [401] * 20 + [429]
        assert ask(it, "/system")[0] == 200
    with running("unlimited-guesses") as it:
        assert {ask(it, "/system", "GET", each)[0] for each in wrong} == {401}


def test_users_do_not_administer(hardened: Running) -> None:
    assert ask(hardened, "/patients/NOBODY", "DELETE")[0] == 403
    assert ask(hardened, "/limit", "PUT", body=b"5")[0] == 403
    with running("users-administer") as it:
        assert stow(it, part10())[0] == 200
        assert ask(it, "/patients/NOBODY", "DELETE")[0] == 404
        assert ask(it, "/patients/TEST-1", "DELETE")[0] == 204
        assert ask(it, paths(it)["wado-rs"])[0] == 404
        assert ask(it, "/limit", "PUT", body=b"five")[0] == 400
        assert ask(it, "/limit", "PUT", body=b"3")[0] == 204
        assert len(json.loads(ask(it, "/patients")[2])) == 3


def test_other_sites(hardened: Running) -> None:
    port = hardened.target.endpoints_of("web")[0].port
    own, other = {"Origin": f"https://localhost:{port}"}, {"Origin": "https://elsewhere.invalid"}
    assert ask(hardened, "/system", headers={**own, "Sec-Fetch-Site": "same-origin"})[0] == 200
    for headers in (other, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": own["Origin"] + "0"}):
        assert ask(hardened, "/system", headers=headers)[0] == 403
    with running("any-origin-may-send") as it:
        assert ask(it, "/system", headers=other)[0] == 200
    with running("any-origin-may-read") as it:
        assert ask(it, "/system", "OPTIONS", None, headers=other)[1]["access-control-allow-origin"] == other["Origin"]


def test_packed_bodies(hardened: Running) -> None:
    packed, headers = gzip.compress(b'{"PatientID": "NOBODY"}'), {"Content-Encoding": "gzip"}
    assert ask(hardened, "/find", "POST", body=packed, headers=headers)[0] == 415
    with running("inflated-bodies") as it:
        assert ask(it, "/find", "POST", body=packed, headers=headers)[0] == 200


def test_errors_are_described_where_they_should_not() -> None:
    with running("verbose-errors") as it:
        assert b"Traceback" in ask(it, "/find", "POST", body=b"{")[2]

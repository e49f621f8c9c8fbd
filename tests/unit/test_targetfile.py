"""Reading a target: what is accepted, and one line for each thing that is not."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from pacs_hardening.config import targetfile
from pacs_hardening.model import (
    BadInput,
    Configuration,
    Endpoint,
    Hl7,
    Identity,
    Impact,
    KeyPair,
    Node,
    Secret,
    Target,
    User,
    WebRequest,
)

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"
MINIMAL = 'called_aet = "PACS"\nendpoints = ["dicoms://pacs.example:2762"]\n'
HL7 = '[hl7]\napplication = "A"\nfacility = "B"\n'
FULL = """
name = "ward"
called_aet = "PACS"
endpoints = ["dicoms://127.0.0.1:2762", "https://[::1]:8443"]
ca = "ca.pem"
server_name = "pacs.example"
verify_server = false
capabilities = ["dicomweb"]
move_destination = "DEST"
query_limit = 100
body_limit = 1000
sop_classes = ["1.2.840.10008.5.1.4.1.1.2"]
transfer_syntaxes = ["1.2.840.10008.1.2.1"]
[nodes.all]
aet = "MODALITY"
permits = ["echo", "find"]
certificate = "all.pem"
key = "all.key"
identity = { username = "gate", passcode_env = "GATE_PASSCODE" }
[nodes.unknown]
aet = "NOBODY"
[hl7]
endpoints = ["mllps://127.0.0.1:2575"]
application = "RIS"
facility = "WEST"
node = "all"
may_merge = false
[bad_keys.expired]
certificate = "all.pem"
key = "all.key"
[users.clinician]
username = "jane"
password_file = "jane.password"
[routes]
rest = "/dicom-web/studies/{study}"
[[protected_requests]]
path = "/find"
method = "POST"
body = '{"study": "{study}"}'
[[admin_requests]]
path = "/nobody"
method = "DELETE"
does = "deletes"
absent = true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "ca.pem": CERTIFICATE,
        "all.pem": CERTIFICATE,
        "all.key": KEY,
        "jane.password": "s3cret\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def read(folder: Path, text: str) -> Target:
    path = folder / "ward.toml"
    path.write_text(text)
    return targetfile.read(str(path))


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(BadInput) as caught:
        read(folder, text)
    message = str(caught.value)
    assert message.startswith(str(folder / "ward.toml"))
    assert "\n" not in message
    return message


def test_reads_every_key_relative_to_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_PASSCODE", "open sesame")
    monkeypatch.chdir("/")
    keys = KeyPair(folder / "all.pem", folder / "all.key")
    identity = Identity("gate", Secret("open sesame"))
    assert read(folder, FULL) == Target(
        name="ward",
        called_aet="PACS",
        endpoints=(Endpoint("dicom", "127.0.0.1", 2762, True), Endpoint("web", "::1", 8443, True)),
        nodes={
            "all": Node("all", "MODALITY", frozenset({"echo", "find"}), keys, identity),
            "unknown": Node("unknown", "NOBODY"),
        },
        bad_keys={"expired": keys},
        hl7=Hl7("RIS", "WEST", (Endpoint("hl7", "127.0.0.1", 2575, True),), may_merge=False),
        users={"clinician": User("jane", Secret("s3cret"))},
        routes={"rest": "/dicom-web/studies/{study}"},
        ca=folder / "ca.pem",
        server_name="pacs.example",
        capabilities=frozenset({"dicomweb"}),
        move_destination="DEST",
        query_limit=100,
        body_limit=1000,
        protected_requests=(WebRequest("/find", "POST", body='{"study": "{study}"}'),),
        admin_requests=(WebRequest("/nobody", "DELETE", does="deletes", absent=True),),
        sop_classes=("1.2.840.10008.5.1.4.1.1.2",),
        transfer_syntaxes=("1.2.840.10008.1.2.1",),
        verify_server=False,
    )


def test_a_minimal_file_is_verified_and_touched_passively(folder: Path) -> None:
    target = read(folder, MINIMAL)
    assert (target.name, target.server_name, target.verify_server) == ("ward", "pacs.example", True)
    assert target.ceiling is Impact.PASSIVE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("called_aet = \n", "line 1, column"),
        ('endpoints = ["dicom://h:104"]', "called_aet: is missing"),
        ('called_aet = "PACS"\nendpoints = []', "endpoints: is empty"),
        (
            MINIMAL + 'colour = "red"',
            "unknown key 'colour'; accepted: admin_requests, audit, bad_keys, behind_guard, body_limit, ca",
        ),
        (MINIMAL + 'verify_server = "yes"', "verify_server: 'yes' is not a bool"),
        (MINIMAL + "query_limit = true", "query_limit: True is not a int"),
        (MINIMAL + "query_limit = 0", "query_limit: 0 is not 1 or more"),
        (MINIMAL + 'ca = "gone.pem"', "ca: "),
        (MINIMAL + 'ca = "all.key"', "holds no certificate in PEM form"),
        (MINIMAL + 'ca = "."', "cannot be read"),
        (MINIMAL + '[nodes.all]\naet = "A"\ncertificate = "all.pem"', "[nodes.all]: key: is missing"),
        (MINIMAL + '[nodes.all]\naet = "A"\nkey = "all.key"', "[nodes.all]: certificate: is missing"),
        (
            MINIMAL + '[nodes.all]\naet = "A"\npermits = ["delete"]',
            "'delete' is not one of echo, find, get, move, store",
        ),
        (MINIMAL + '[nodes.all]\naet = "A\\\\B"', "is not an AE title"),
        (MINIMAL + '[nodes.all]\naet = "SEVENTEENLETTERS7"', "is not an AE title"),
        (MINIMAL + '[nodes.all]\naet = "   "', "is not an AE title"),
        (
            MINIMAL + '[nodes.all]\naet = "A"\nidentity = {username = "u"}',
            "accepted: one of passcode_file and passcode_env",
        ),
        (MINIMAL + '[users.jane]\nusername = "jane"\npassword_env = "NOT_SET_HERE"', "'NOT_SET_HERE' is not set"),
        (MINIMAL + '[users.jane]\nusername = "jane"\npassword_file = "gone"', "cannot be read: No such file"),
        (MINIMAL + '[routes]\nrest = "studies"', "routes.rest: 'studies' is not a path"),
        (MINIMAL + '[routes]\nrest = "/{patient}"', "accepted: /…, with {study}, {series}, {instance}"),
        (MINIMAL + '[routes]\nrest = "/{study.__class__}"', "is not a path"),
        (MINIMAL + '[routes]\nrest = "/{"', "is not a path"),
        (MINIMAL + '[[protected_requests]]\npath = "find"', "protected_requests[0]: path: 'find' is not a path"),
        (MINIMAL + '[[protected_requests]]\npath = "/{patient}"', "accepted: /…, with {study}, {series}, {instance}"),
        (MINIMAL + '[[admin_requests]]\npath = "/x"\nmethod = "get"', "method: 'get' does not match"),
        (MINIMAL + '[[admin_requests]]\npath = "/x"\nheader = "y"', "unknown key 'header'"),
        (MINIMAL + "body_limit = 0", "body_limit: 0 is not 1 or more"),
        (MINIMAL + 'sop_classes = ["CT"]', "sop_classes: 'CT' does not match"),
        (MINIMAL + 'config = "gone"', "there is no such file or folder"),
        (MINIMAL + '[hosts]\narchive = "pacs.example"', "accepted: docker://name, ssh://user@host"),
        (MINIMAL + '[hosts]\narchive = "ssh://-oProxyCommand=x"', "is not a host to look into"),
        (MINIMAL + '[hl7]\napplication = "A^B"', "'A^B' is not a name in an HL7 message"),
        (MINIMAL + HL7, "hl7.node: 'all' is not one of "),
        (MINIMAL + HL7 + 'endpoints = ["dicoms://h:104"]', "accepted: mllp://host:port, mllps://host:port"),
        (MINIMAL + HL7 + 'message = "ORM^O01"', "is not a message about a patient"),
        (MINIMAL + HL7 + '[nodes.all]\naet = "A"', "hl7.endpoints: is missing"),
    ],
)
def test_one_line_names_file_key_and_what_is_accepted(folder: Path, text: str, words: str) -> None:
    assert words in refusal(folder, text)


OLD = """
called_aet = "PACS"
doors = ["https://pacs.example:8443"]
[[further]]
path = "/find"
door = "qido"
[[dangerous]]
path = "/x"
"""


def test_old_keys_are_read_as_the_new_ones_with_a_note_each(folder: Path) -> None:
    old = read(folder, OLD)
    new = read(
        folder,
        OLD.replace("doors", "endpoints")
        .replace("further", "protected_requests")
        .replace("dangerous", "admin_requests")
        .replace("door ", "route "),
    )
    assert not new.notes
    assert replace(old, notes=()) == new
    where = folder / "ward.toml"
    assert set(old.notes) == {
        f"{where}:7: `dangerous` is called `admin_requests` since 0.2; both work until 1.0",
        f"{where}:3: `doors` is called `endpoints` since 0.2; both work until 1.0",
        f"{where}:4: `further` is called `protected_requests` since 0.2; both work until 1.0",
        f"{where}:6: protected_requests[0]: `door` is called `route` since 0.2; both work until 1.0",
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (MINIMAL + "# query_limit = 1\nquery_limit = 0", 4),
        (MINIMAL + 'colour = "red"', 3),
        (MINIMAL + '[nodes.all]\naet = "A"\n[nodes.query]\naet = "SEVENTEENLETTERS7"', 6),
        (MINIMAL + '[nodes]\nall = { aet = "A" }\nquery = { aet = "" }', 5),
        (MINIMAL + 'nodes.all.aet = ""', 3),
        (MINIMAL + '[nodes.all]\npermits = ["echo"]', 3),  # of the table that lacks it
        (MINIMAL + '[routes]\nqido = "/"\n"rest" = "x"', 5),
        (MINIMAL + '[[further]]\npath = "/a"\n[[further]]\npath = "b"', 6),
        (MINIMAL + "version = 2", 3),
        (MINIMAL + '[users.jane]\nusername = "jane"\npassword = "hunter2"', 5),
    ],
)
def test_the_line_is_named(folder: Path, text: str, line: int) -> None:
    assert refusal(folder, text).startswith(f"{folder / 'ward.toml'}:{line}: ")


def test_what_is_missing_altogether_has_no_line(folder: Path) -> None:
    assert refusal(folder, 'endpoints = ["dicom://h:104"]') == f"{folder / 'ward.toml'}: called_aet: is missing"


def test_a_key_is_given_under_one_of_its_names(folder: Path) -> None:
    assert "endpoints is there, too" in refusal(folder, MINIMAL + 'doors = ["dicom://h:104"]')


@pytest.mark.parametrize(
    "endpoint",
    ["dicom://h:0", "dicom://h:65536", "dicom://h:-1", "dicom://h:x", "dicom://h", "dicom://:104", "ftp://h:1", "h:104",
     "dicom://u:p@h:104", "dicom://h:104/x", "dicom://h:104?called=A", "dicom://[::1:104"],
)  # fmt: skip
def test_refuses_what_is_no_endpoint(folder: Path, endpoint: str) -> None:
    message = refusal(folder, f'called_aet = "PACS"\nendpoints = ["{endpoint}"]')
    assert (
        "accepted: dicom://host:port, dicoms://host:port, http://host:port, https://host:port, port 1 to 65535"
        in message
    )


@pytest.mark.parametrize(
    "text",
    [
        '[users.jane]\nusername = "jane"\npassword = "hunter2"',
        '[nodes.all]\naet = "A"\nidentity = {username = "u", passcode = "hunter2"}',
    ],
)
def test_refuses_a_secret_by_value_without_repeating_it(folder: Path, text: str) -> None:
    message = refusal(folder, MINIMAL + text)
    assert "never given by value" in message
    assert "hunter2" not in message


def test_refuses_a_password_for_a_host_without_repeating_it(folder: Path) -> None:
    assert "s3cret" not in refusal(folder, MINIMAL + '[hosts]\narchive = "ssh://root:s3cret @pacs.example"')


def test_names_hosts_and_configuration(folder: Path) -> None:
    target = read(
        folder, f'config = "ward.toml"\nbehind_guard = true\n{MINIMAL}\n[hosts]\narchive = "ssh://gate@pacs.example"'
    )
    assert target.hosts == {"archive": "ssh://gate@pacs.example"}
    assert target.configurations == {"archive": Configuration(folder / "ward.toml", behind_guard=True)}
    assert not read(folder, MINIMAL).hosts


def test_refuses_a_key_with_a_password(folder: Path) -> None:
    (folder / "all.key").write_text(KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"))
    text = MINIMAL + '[bad_keys.expired]\ncertificate = "all.pem"\nkey = "all.key"'
    assert "accepted: a key without one" in refusal(folder, text)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read: No such file"), (b"\xff\xfe", "not UTF-8 text")]
)
def test_refuses_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "t.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=words):
        targetfile.read(str(path))


def test_reads_a_url(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    target = targetfile.read("dicoms://127.0.0.1:2762?called=PACS&calling=GATE&cert=all.pem&key=all.key&ca=ca.pem")
    node = Node("all", "GATE", frozenset({"echo", "find"}), KeyPair(folder / "all.pem", folder / "all.key"))
    endpoints = (Endpoint("dicom", "127.0.0.1", 2762, True),)
    assert target == Target(
        "127.0.0.1:2762", "PACS", endpoints, {"all": node}, ca=folder / "ca.pem", server_name="127.0.0.1"
    )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://h:443?called=A&calling=B", "accepted: dicom://host:port, dicoms://host:port, port 1 to 65535"),
        ("dicom://h:104?called=PACS", "calling: is missing"),
        ("dicom://h:104?called=PACS&calling=", "calling: '' is not an AE title"),
        ("dicom://h:104?called=PACS&calling=GATE&aet=X", "unknown key 'aet'; accepted: ca, called"),
        ("dicom://h:104?called=PACS&called=OTHER&calling=GATE", "may be given once"),
        ("dicoms://h:104?called=PACS&calling=GATE&cert=gone.pem&key=gone.key", "cert: "),
    ],
)
def test_refuses_a_url_in_one_line(url: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        targetfile.read(url)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_never_repeats_a_password_of_a_url() -> None:
    with pytest.raises(BadInput) as caught:
        targetfile.read("dicom://gate:hunter2@h:104?called=PACS&calling=GATE")
    assert "hunter2" not in str(caught.value)


def test_what_is_written_reads_back_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_PASSCODE", 'quote " and \\ and ü')
    target = replace(read(folder, FULL), name='a "name" with 😀', ceiling=Impact.WRITES)
    path = targetfile.write(target, folder / "kept")
    assert targetfile.read(str(path)) == replace(target, ceiling=Impact.PASSIVE)


def test_secrets_are_written_beside_the_file_for_the_owner_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_PASSCODE", "open sesame")
    target = read(folder, FULL)
    (folder / "kept").mkdir()
    elsewhere = folder / "elsewhere"
    (folder / "kept" / "clinician.password").symlink_to(elsewhere)
    old = os.umask(0)
    try:
        path = targetfile.write(target, folder / "kept")
    finally:
        os.umask(old)
    assert not elsewhere.exists()
    assert "s3cret" not in path.read_text() and "open sesame" not in path.read_text()  # noqa: PT018
    for beside in ("clinician.password", "all.passcode"):
        assert stat.S_IMODE((folder / "kept" / beside).stat().st_mode) == 0o600


RESEARCH = """
[research]
called_aet = "RESEARCH"
sender = "all"
reader = "unknown"
user = "clinician"
[research.routes]
metadata = "/research/studies/{study}/metadata"
[research.lists]
"/research/instances" = ["", "/file"]
"""


def test_a_research_side_is_read_and_written_alike(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_PASSCODE", "s3cret")
    (folder / "target.toml").write_text(FULL + RESEARCH)
    read = targetfile.read(str(folder / "target.toml"))
    assert read.research is not None
    assert read.research.lists == {"/research/instances": ("", "/file")}
    again = targetfile.read(str(targetfile.write(read, folder / "again")))
    assert again.research == read.research
    (folder / "target.toml").write_text(FULL + RESEARCH.replace("{study}", "{patient}"))
    with pytest.raises(BadInput, match=r"\[research\]: routes.metadata"):
        targetfile.read(str(folder / "target.toml"))

"""A configuration of the user's own: who is read from it, what is replaced, and that the rest stays as it is."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.launch.adopt.configuration import Adopted, adopt
from pacs_hardening.launch.definition.prepared import Overrides, Prepared, prepare
from pacs_hardening.launch.definition.render import placeholders
from pacs_hardening.launch.environment import Environment
from pacs_hardening.model import BadInput

ORTHANC = Environment.load("orthanc")
OURS = """{
  // comments and a last comma, as Orthanc takes them
  "DicomAet": "OURPACS", "StorageDirectory": "/srv/db", "RemoteAccessAllowed": true, "DicomAlwaysAllowFind": true,
  "RegisteredUsers": {"alice": "a-long-password-42", "bob": "another-password-43"},
  "DicomModalities": {
    "ct": {"AET": "CT1", "Host": "10.1.2.3", "Port": 104, "AllowFind": false, "AllowGet": false, "AllowMove": false},
    "viewer": {"AET": "VIEW1", "Host": "10.1.2.5", "Port": 104, "AllowStore": false},
    "ws": ["WORKSTATION", "10.1.2.4", 11112],
  },
}
"""


def adopted(
    folder: Path, text: str = OURS, *, with_guard: bool = False, images: dict[str, str] | None = None
) -> Adopted:
    path = folder / "orthanc.json"
    path.write_text(text)
    return adopt(ORTHANC, path, images or {}, with_guard=with_guard)


def prepared(overrides: Overrides) -> Prepared:
    return prepare("orthanc", ORTHANC.folder, ORTHANC.raw, None, overrides)


def rules() -> dict[str, Any]:
    return tomllib.loads((ORTHANC.folder / "adopt.toml").read_text())


def written(overrides: Overrides) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(overrides.sources["config/orthanc.json"])
    return found


def test_nodes_and_users_are_those_of_the_configuration(tmp_path: Path) -> None:
    ready = prepared(adopted(tmp_path).overrides)
    assert ready.people.aets["all"] == "WORKSTATION"
    assert (ready.people.aets["query"], ready.people.aets["store"]) == ("VIEW1", "CT1")
    assert ready.plan.nodes["store"] == {"echo", "store"}
    assert ready.people.usernames == {"user-1": "alice", "user-2": "bob"}
    assert ready.plan.target.called_aet == "OURPACS"
    assert ready.people.aets["unknown"].startswith("UNKNOWN-")
    assert "a-long-password-42" not in repr(ready.people)


def test_the_archive_s_own_endpoints_are_judged_without_the_guard(tmp_path: Path) -> None:
    plan = prepared(adopted(tmp_path).overrides).plan
    assert set(plan.services) == {"archive", "collector", "receiver"}
    endpoints = {(each.service, each.port, each.tls) for each in plan.services["archive"].publish}
    assert endpoints == {("dicom", 4242, False), ("web", 8042, False)}


def test_every_replacement_is_a_line_and_nothing_else_is_changed(tmp_path: Path) -> None:
    done = adopted(tmp_path)
    after = written(done.overrides)
    assert set(done.replaced) - set(rules()["says"]) == {
        'StorageDirectory: "/srv/db" became "/var/lib/archive" (path)',
        *(f'DicomModalities.{name}.Host: "{host}" became "{now}" (address)' for name, host, now in (
            ("ct", "10.1.2.3", "receiver"), ("viewer", "10.1.2.5", "127.0.0.1"), ("ws", "10.1.2.4", "127.0.0.1"))),
        *(f"DicomModalities.{name}.Port: {port} became {now} (address)" for name, port, now in (
            ("ct", 104, 11112), ("viewer", 104, 9), ("ws", 11112, 9))),
    }  # fmt: skip
    for key in ("DicomAlwaysAllowFind", "RemoteAccessAllowed", "RegisteredUsers", "DicomAet"):
        assert key in after
    assert after["DicomAlwaysAllowFind"] is True, "what is open stays open"
    assert after["DicomModalities"]["ct"]["AllowFind"] is False


def test_tls_keeps_its_settings_and_gets_keys_of_this_run(tmp_path: Path) -> None:
    tls = '"DicomTlsEnabled": true, "DicomTlsCertificate": "/x.crt", "DicomTlsPrivateKey": "/x.key", "SslEnabled": true'
    done = adopted(tmp_path, '{"RemoteAccessAllowed": true, ' + tls + ', "DicomTlsMinimumProtocolVersion": 4}')
    after, plan = written(done.overrides), prepared(done.overrides).plan
    assert after["DicomTlsPrivateKey"] == "/etc/archive-tls/server.key"
    assert after["DicomTlsMinimumProtocolVersion"] == 4
    assert all(each.tls for each in plan.services["archive"].publish)
    assert any("private key" in line for line in done.replaced)


def test_who_never_receives_is_no_destination(tmp_path: Path) -> None:
    """In the hardened configuration such a node has the discard port of the archive itself."""
    text = """{"DicomModalities": {"ws": {"AET": "WS1", "Host": "127.0.0.1", "Port": 9}, "ct": ["CT1", "127.0.0.1", 9],
        "receiver": {"AET": "RECV1", "Host": "receiver.invalid", "Port": 104}}}"""
    done = adopted(tmp_path, text)
    hosts = {entry["AET"]: entry["Host"] for entry in written(done.overrides)["DicomModalities"].values()}
    assert hosts == {"WS1": "127.0.0.1", "CT1": "127.0.0.1", "RECV1": "receiver"}
    assert prepared(done.overrides).plan.target.move_destination == "RECV1"


def test_an_entry_without_an_ae_title_is_nobody(tmp_path: Path) -> None:
    text = '{"DicomModalities": {"odd": {"Host": "x"}, "ws": ["WORKSTATION", "10.1.2.4", 104]}}'
    ready = prepared(adopted(tmp_path, text).overrides)
    assert (ready.people.aets["all"], ready.plan.target.move_destination) == ("WORKSTATION", "WORKSTATION")


def test_what_is_replaced_may_be_left_to_a_variable(tmp_path: Path) -> None:
    assert (
        written(adopted(tmp_path, '{"StorageDirectory": "${DB}"}').overrides)["StorageDirectory"] == "/var/lib/archive"
    )


def test_a_endpoint_for_the_machine_itself_is_not_judged_and_that_is_said(tmp_path: Path) -> None:
    done = adopted(tmp_path, '{"Name": "default"}')
    assert [each.service for each in prepared(done.overrides).plan.services["archive"].publish] == ["dicom"]
    assert "no web endpoint: HttpServerEnabled and RemoteAccessAllowed would open it to others" in done.replaced


def test_with_the_guard_the_archive_is_where_the_guard_looks(tmp_path: Path) -> None:
    done = adopted(tmp_path, OURS.replace('"DicomAet"', '"DicomPort": 11112, "DicomAet"'), with_guard=True)
    plan = prepared(done.overrides).plan
    assert set(plan.services) == set(ORTHANC.raw["services"])
    assert not plan.services["archive"].publish
    assert written(done.overrides)["DicomPort"] == 4242
    assert "DicomPort: 11112 became 4242 (address: behind the guard)" in done.replaced


def test_the_research_side_delivers_to_a_title_of_its_own(tmp_path: Path) -> None:
    """Given nodes of which each is also a C-MOVE destination; then the research side, which has a line for each role,
    names no AE title twice: the archive takes the first that fits, and with it its permissions."""
    ready = prepared(adopted(tmp_path, with_guard=True).overrides)
    assert ready.plan.target.research is not None
    own = ready.plan.target.research.move_destination
    assert own
    assert own not in (*ready.people.aets.values(), ready.plan.target.move_destination)
    assert placeholders(ready.plan, ready.people, {})["AET_RECEIVER"] == own


def test_a_section_of_dicomweb_without_plugins_is_served_as_the_image_that_reads_it_so_does(tmp_path: Path) -> None:
    text = '{"DicomAet": "A", "RemoteAccessAllowed": true, "DicomWeb": {"Root": "/dicom-web/"}}'
    assert "Plugins" in written(adopted(tmp_path, text).overrides)
    assert prepared(adopted(tmp_path, text).overrides).plan.target.routes["qido"]
    assert "Plugins" not in written(adopted(tmp_path, text, images={"archive": "registry.example/pacs:1"}).overrides)
    for off in (text.replace('"Root": "/dicom-web/"', '"Enable": false'), text.replace("DicomWeb", "DicomWebb")):
        assert "Plugins" not in written(adopted(tmp_path, off).overrides)


def test_that_no_node_is_named_is_said(tmp_path: Path) -> None:
    said = " ".join(adopted(tmp_path, '{"DicomAet": "A"}').replaced)
    assert "DicomModalities names nobody: the suite calls itself GATE-" in said


@pytest.mark.parametrize(("closes", "left"), [("DicomServerEnabled", "web"), ("HttpServerEnabled", "dicom")])
def test_what_the_archive_has_closed_is_no_endpoint_of_the_guard(closes: str, left: str, tmp_path: Path) -> None:
    plan = prepared(
        adopted(tmp_path, OURS.replace('"DicomAet"', f'"{closes}": false, "DicomAet"'), with_guard=True).overrides
    ).plan
    assert {each.service for service in plan.services.values() for each in service.publish} == {left}
    health = plan.services["archive"].environment.get("HEALTH_PORT")
    assert health == (None if left == "web" else "4242"), "the check asks a port that is open"


def test_without_the_guard_it_is_said_what_needs_one(tmp_path: Path) -> None:
    assert "haproxy.cfg" in " ".join(adopted(tmp_path).replaced)
    assert "haproxy.cfg" not in " ".join(adopted(tmp_path, with_guard=True).replaced)


def test_a_folder_with_variables_is_merged_as_the_image_does(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"DicomAet": "OURPACS"}')
    (tmp_path / "b.env").write_text(
        'ORTHANC__DICOM_ALWAYS_ALLOW_FIND=true\nORTHANC__REGISTERED_USERS={"eve": "a-long-password-44"}\n'
    )
    done = adopt(ORTHANC, tmp_path, {"archive": "registry.example/pacs:1"}, with_guard=False)
    assert written(done.overrides)["DicomAlwaysAllowFind"] is True
    assert prepared(done.overrides).people.usernames == {"user-1": "eve"}
    assert "image of archive: registry.example/pacs:1" in done.replaced
    assert prepared(done.overrides).plan.services["archive"].image == "registry.example/pacs:1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"DicomAet": }', r"orthanc.json:1:14: "),
        (
            '{"DicomAet": "A", "DicomCheckCalledAet": "${CHECK}"}',
            r"write the value itself .*: DicomCheckCalledAet \(\$\{CHECK\}\)$",
        ),
        (
            '{"DicomAet": "${A}", "RegisteredUsers": {"${U}": "x"}, "DicomModalities": {"ws": ["${B}", "h", 104]},'
            ' "AcceptedSopClasses": ["${C}"]}',
            r"DicomAet \(\$\{A\}\), RegisteredUsers, name \$\{U\}, DicomModalities.ws.AET \(\$\{B\}\),"
            r" AcceptedSopClasses.0 \(\$\{C\}\)$",
        ),
        ('{"DicomServerEnabled": false}', "opens no endpoint to others"),
        ('{"DicomAet": "SEVENTEEN-LETTERS"}', "called_aet"),
        ("[1]", "a configuration is one object"),
    ],
)
def test_what_cannot_be_started_is_answered_with_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        prepared(adopted(tmp_path, text).overrides)


def test_an_environment_without_a_recipe_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'embedded' cannot take a configuration"):
        adopt(Environment.load("embedded"), tmp_path, {}, with_guard=False)

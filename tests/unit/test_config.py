"""A configuration is judged as the archive was started with it, by one control for each theme of the linter's rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacs_hardening.launch.definition import patch, plan
from pacs_hardening.launch.docker import configured, volumes
from pacs_hardening.launch.environment import Environment, discover
from pacs_hardening.lint.rules import load
from pacs_hardening.model import Configuration, Severity, Unmeasurable
from pacs_hardening.probes.configuration import read
from pacs_hardening.run.catalogue import controls

ORTHANC = discover()["orthanc"]
RULES = [
    rule for product in ("orthanc", "dcmqrscp") for rule in (*load(product).rules, *load(product).notices.values())
]


def laid(folder: Path, weak: str = "") -> dict[str, Configuration]:
    raw = patch.load_toml(ORTHANC / "environment.toml")
    if weak:
        raw = patch.merged(raw, Environment.load("orthanc").weaknesses[weak].merge)
    loaded = plan.read(raw, ORTHANC)
    filled = {
        name: volumes.of_service(
            name, service, lambda file: (ORTHANC / file.source).read_bytes() if file.source else b"made for the run"
        )
        for name, service in loaded.services.items()
    }
    return configured.lay(loaded, filled, folder)


def test_each_theme_of_a_rule_is_a_control() -> None:
    named = {control.id for control in controls() if control.area == "config"}
    assert {f"config.{rule.theme}" for rule in RULES} == named


def test_each_control_can_fail_by_a_rule_that_is_more_than_a_note() -> None:
    assert {rule.theme for rule in RULES} == {rule.theme for rule in RULES if rule.severity > Severity.INFO}


def test_what_a_service_is_started_with_is_laid_as_it_is(tmp_path: Path) -> None:
    assert laid(tmp_path) == {"archive": Configuration(tmp_path / "archive", behind_guard=True)}
    assert {file.name: file.read_bytes() for file in (tmp_path / "archive").iterdir()} == {
        name: (ORTHANC / "config" / name).read_bytes() for name in ("audit.pl", "orthanc.json", "users.json")
    }


@pytest.mark.parametrize("weak", ["plaintext-dimse", "plaintext-http", "forgotten-port"])
def test_a_service_that_publishes_is_behind_no_guard(tmp_path: Path, weak: str) -> None:
    assert not laid(tmp_path, weak)["archive"].behind_guard


def test_a_guard_that_does_not_encrypt_is_none(tmp_path: Path) -> None:
    raw = patch.load_toml(ORTHANC / "environment.toml")
    for each in raw["services"]["guard"]["publish"]:
        each["tls"] = False
    loaded = plan.read(raw, ORTHANC)
    filled = {name: volumes.of_service(name, service, lambda _: b"{}") for name, service in loaded.services.items()}
    assert not configured.lay(loaded, filled, tmp_path)["archive"].behind_guard


def test_somebody_s_own_configuration_is_read_where_it_is_written_and_as_it_is(tmp_path: Path) -> None:
    """Given a configuration that was written anew to be started; then what its owner wrote is judged, in its lines,
    and not what was put in its place."""
    made, own = tmp_path / "orthanc.json", tmp_path / "own.json"
    own.write_text('// ours\n\n{"AuthenticationEnabled": false,\n "RemoteAccessAllowed": true}')
    made.write_text('{"AuthenticationEnabled": false, "RemoteAccessAllowed": true, "ExecuteLuaEnabled": true}')
    found = {each.opening.key: each.place for each in read({"archive": Configuration(made, source=own)}).openings}
    assert found["AuthenticationEnabled"] == "own.json:3"
    assert "ExecuteLuaEnabled" not in found


def test_the_hardened_configuration_opens_nothing(tmp_path: Path) -> None:
    found = read(laid(tmp_path))
    assert not found.openings
    assert "requires-a-login" in found.themes


def test_what_is_open_has_a_place_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text('{\n "RegisteredUsers": {\n  "jane": "pw-short"}}')
    found = read({"archive": Configuration(tmp_path)})
    (weak,) = [each for each in found.openings if each.opening.theme == "protects-credentials"]
    assert (weak.service, weak.place, weak.opening.key) == ("archive", "users.json:3", "RegisteredUsers.jane")
    assert "pw-short" not in repr(found)


def test_what_a_product_has_no_option_for_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "dcmqrscp.cfg").write_text(
        "NetworkTCPPort = 11112\nHostTable BEGIN\nHostTable END\nAETable BEGIN\nAETable END\n"
    )
    assert "requires-a-login" not in read({"archive": Configuration(tmp_path / "dcmqrscp.cfg")}).themes
    assert read({}).themes == frozenset()


@pytest.mark.parametrize("name", ["orthanc.json", "gone.json"])
def test_what_cannot_be_read_cannot_be_measured(tmp_path: Path, name: str) -> None:
    (tmp_path / "orthanc.json").write_text('{"Name": "x",\n "DicomPort" 4242}')
    with pytest.raises(Unmeasurable, match=r"archive cannot be read: .*(json:2:14|no such file)"):
        read({"archive": Configuration(tmp_path / name)})

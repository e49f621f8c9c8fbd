"""``target new`` and ``target check``, hosts in a target file, and what is asked before an archive is disturbed."""

from __future__ import annotations

import io
import json
import re
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from pacs_hardening.cli import main as cli
from pacs_hardening.cli import target_check as check
from pacs_hardening.config import documentation, schema, targetfile, template
from pacs_hardening.config.reader import keys
from pacs_hardening.model import (
    BadInput,
    Endpoint,
    Impact,
    Node,
    Target,
    User,
)
from pacs_hardening.model.peers import Secret
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.run.confirm import confirm
from pacs_hardening.wire import dimse, ledger, operations
from tests.meta.test_fail_closed import archive
from tests.unit.test_targetfile import CERTIFICATE, FULL, KEY, MINIMAL

ROOT = Path(__file__).parents[2]
TEMPLATE = template.render()
SCHEMA = schema.of_target()
OLD = {"doors", "further", "dangerous"}


def uncommented() -> str:
    """The template with every example switched on."""
    return re.sub(r"(?m)^# (?=\[|[a-z_-]+ = )", "", TEMPLATE)


# --- new


def test_the_template_is_a_target_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ward.toml"
    assert cli.main(["target", "new", str(path)]) == 0
    assert targetfile.read(str(path)).nodes["all"].aet == "GATE"


def test_every_example_in_the_template_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in re.findall(r'"([a-z]+\.pem)"', TEMPLATE):
        (tmp_path / name).write_text(CERTIFICATE)
    for name in re.findall(r'"([a-z]+\.key)"', TEMPLATE):
        (tmp_path / name).write_text(KEY)
    (tmp_path / "orthanc.json").write_text("{}")
    for name in re.findall(r'_env = "([A-Z_]+)"', TEMPLATE):
        monkeypatch.setenv(name, "x")
    (tmp_path / "ward.toml").write_text(uncommented())
    target = targetfile.read(str(tmp_path / "ward.toml"))
    assert set(target.nodes) == {"all", "query", "store", "unknown"}
    assert target.hosts == {"archive": "ssh://auditor@pacs.example"}
    named = set(tomllib.loads(uncommented()))
    assert named == set(keys(Target)), "the template shows every key"


def test_no_file_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ward.toml"
    path.write_text("mine")
    assert cli.main(["target", "new", str(path)]) == 4
    assert path.read_text() == "mine"
    assert "ward.toml: cannot be written: File exists" in capsys.readouterr().err


# --- its schema


def test_the_schema_knows_every_key_and_nothing_else() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == set(keys(Target)) | OLD


@pytest.mark.parametrize(
    "text", [MINIMAL, FULL, TEMPLATE, uncommented()], ids=["minimal", "full", "template", "examples"]
)
def test_the_schema_takes_what_the_reader_takes(text: str) -> None:
    jsonschema.validate(tomllib.loads(text), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        'endpoints = ["dicom://h:104"]',
        MINIMAL + 'colour = "red"',
        MINIMAL + "query_limit = 0",
        MINIMAL + '[nodes.all]\naet = "A"\ncertificate = "all.pem"',
        MINIMAL + '[nodes.all]\naet = "A"\npermits = ["delete"]',
        MINIMAL + '[users.jane]\nusername = "jane"\npassword = "hunter2"',
        MINIMAL + '[users.jane]\nusername = "jane"',
        MINIMAL + '[hosts]\na = "ssh://-oProxyCommand=x"',
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str, tmp_path: Path) -> None:
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(tomllib.loads(text))
    (tmp_path / "t.toml").write_text(text)
    with pytest.raises(BadInput):
        targetfile.read(str(tmp_path / "t.toml"))


def test_the_schema_takes_old_names_and_one_of_both() -> None:
    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid
    old = MINIMAL.replace("endpoints", "doors")
    assert valid(tomllib.loads(old))
    assert not valid(tomllib.loads(old + 'endpoints = ["dicom://h:104"]'))
    assert not valid(tomllib.loads(MINIMAL + '[[protected_requests]]\nmethod = "GET"'))


# --- its page


def test_the_committed_page_is_the_generated_one() -> None:
    """`pacs-hardening target keys > docs/target-file.md` rewrites it."""
    assert (ROOT / "docs" / "target-file.md").read_text() == documentation.render()


# --- hosts


@pytest.mark.parametrize(
    "url", ["ssh://-oProxyCommand=x", "docker://a b", "ssh://h;id", "local://x", "ssh://$(id)@h", "ssh://h\n"]
)
def test_a_host_is_no_option_and_no_command(tmp_path: Path, url: str) -> None:
    (tmp_path / "t.toml").write_text(MINIMAL + f"[hosts]\na = {json.dumps(url)}")
    with pytest.raises(
        BadInput, match=r"hosts.a: .* is not a host to look into; accepted: docker://name, ssh://user@host"
    ):
        targetfile.read(str(tmp_path / "t.toml"))


# --- check


def test_a_target_that_serves_is_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with archive(tmp_path) as file:
        assert cli.main(["target", "check", str(file)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"yes  dicoms://127\.0\.0\.1:\d+ serves node all", said)
    assert "serves user clinician" in said
    assert "hosts is missing: not measured is" in said
    assert "Ready:" in said


def test_a_target_that_refuses_its_own_node_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with archive(tmp_path) as file:
        file.write_text(re.sub(r'aet = "ALL-[0-9A-F]+"', 'aet = "ALL-WRONG"', file.read_text()))
        assert cli.main(["target", "check", str(file)]) == 10
    said = capsys.readouterr().out
    assert "NO   dicoms://" in said
    assert "Not ready: 1 of" in said


def test_what_is_missing_is_named_with_what_it_leaves_unmeasured() -> None:
    bare = Target("t", "PACS", (Endpoint("dicom", "h", 1, True), Endpoint("web", "h", 2, True)))
    assert set(check.missing(bare)) == set(check.LEAVES) - {"nodes.all.certificate"}
    with_node = replace(bare, nodes={"all": Node("all", "A")}, users={"u": User("u", Secret("x"))})
    assert "nodes.all.certificate" in set(check.missing(with_node))
    assert "users" not in set(check.missing(with_node))
    assert not {
        item for item in check.missing(replace(bare, endpoints=bare.endpoints[:1])) if item.startswith("routes")
    }


# --- before an archive is disturbed

TWO = Target("t", "PACS", (Endpoint("dicom", "one", 1, True), Endpoint("web", "two", 2, True)))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_each_host_must_be_named() -> None:
    confirm(TWO, ["one", "two"])
    with pytest.raises(BadInput, match="say so: --yes-disrupt two"):
        confirm(TWO, ["one"])
    with pytest.raises(BadInput, match="no such host; its hosts: one, two"):
        confirm(TWO, ["one", "two", "three"])


@pytest.mark.parametrize(("typed", "right"), [("one\ntwo\n", True), ("one\nyes\n", False), ("", False)])
def test_on_a_terminal_the_name_is_typed(monkeypatch: pytest.MonkeyPatch, typed: str, right: bool) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stderr", Terminal())
    if right:
        confirm(TWO, [])
    else:
        with pytest.raises(BadInput, match="was not confirmed; nothing was started"):
            confirm(TWO, [])


# --- what is left on the archive


def test_a_passive_run_stores_nothing_and_a_store_is_listed(tmp_path: Path) -> None:
    before = set(ledger.left())
    with archive(tmp_path) as file:
        target = targetfile.read(str(file))
        Authorised(target).store()
        assert set(ledger.left()) == before, "only negotiated"
        stored = operations.synthetic_object()
        Authorised(replace(target, ceiling=Impact.WRITES)).succeeds(operations.store(stored))
        refused = operations.synthetic_object()
        with pytest.raises(Exception, match="positive control failed"):
            Authorised(target).succeeds(operations.store(refused), role="query")
    left = set(ledger.left()) - before
    assert left == {f"patient {stored.PatientID}, study {stored.StudyInstanceUID}: 1 object"}


def test_an_object_for_the_web_endpoint_is_listed() -> None:
    offered = operations.synthetic_object()
    dimse.encode_file(offered)
    assert [line for line in ledger.left() if str(offered.StudyInstanceUID) in line]


def test_only_a_fresh_object_can_be_taken_off_the_list_again() -> None:
    once = operations.synthetic_object()
    once.SOPInstanceUID, once.PatientID = "1.2.3", "ONLY-HERE"
    ledger.made(once)
    assert ledger.sent("1.2.3")
    assert not ledger.sent("1.2.3"), "not fresh: a refusal of a second one says nothing about the first"
    ledger.refused("1.2.3")
    assert not [line for line in ledger.left() if "ONLY-HERE" in line]

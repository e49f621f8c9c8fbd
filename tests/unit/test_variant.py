"""Older generations, what is shipped, and what environments share: read, checked, and every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacs_hardening.launch.definition.prepared import Overrides, Prepared, prepare
from pacs_hardening.launch.environment import Environment
from pacs_hardening.model import (
    BadInput,
    Control,
    Impact,
    Severity,
)
from pacs_hardening.report.versions import Version, render

TOML = """
title = "A test archive 3 behind a guard"
kind = "containers"
weaknesses = ["../shared/weak"]
[networks.edge]
internal = false
[services.archive]
dockerfile = "archive/Dockerfile"
networks = ["edge"]
user = "10001:10001"
memory = "64m"
pids = 8
ready = "up"
publish = [{ port = 104, service = "dicom", tls = false }]
files = [
  { source = "a.conf", path = "/etc/archive/a.conf" },
  { source = "../shared/guard.cfg", path = "/etc/guard/guard.cfg" },
]
[nodes.all]
permits = ["echo"]
[target]
called_aet = "ARCHIVE"
"""
OLD = """
title = "A test archive 2 behind a guard"
base = "debian:old-slim"
services = ["archive"]
[[replace]]
file = "a.conf"
find = "limit = 100"
with = ""
[merge.target]
query_limit = 50
[[waiver]]
control = "area.limits-x"
reason = "from version 3 on"
owner = "us"
expires = 2999-01-01
"""
OPEN = """
title = "Open"
refutes = ["area.refuses-x"]
fix = "guard.cfg: shut it."
[[replace]]
file = "../shared/guard.cfg"
find = "shut"
with = "open"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "one/environment.toml": TOML,
        "one/as-shipped.toml": TOML.replace("3 behind a guard", "as shipped").replace(
            'source = "a.conf"', 'source = "b"'
        ),
        "one/a.conf": "limit = 100\n",
        "one/b": "",
        "one/archive/Dockerfile": "ARG BASE=debian:new-slim\nFROM ${BASE}\n",
        "one/generations/old.toml": OLD,
        "shared/guard.cfg": "shut, for ${HOST_ARCHIVE}\n",
        "shared/weak/open.toml": OPEN,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _prepared(environment: Environment, weakness: str = "") -> Prepared:
    weak = (weakness, environment.weaknesses[weakness]) if weakness else None
    raw = environment._raw
    return prepare(environment.name, environment.folder, raw, weak, Overrides(), environment.variant)


def test_files_and_weaknesses_are_shared_by_reference(folder: Path) -> None:
    environment = Environment.load("one", folder)
    assert environment.fixes("area.refuses-x") == ("guard.cfg: shut it.",)
    assert _prepared(environment).sources["../shared/guard.cfg"] == "shut, for ${HOST_ARCHIVE}\n"
    assert _prepared(environment, "open").sources["../shared/guard.cfg"].startswith("open")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("../shared/guard.cfg", "../../guard.cfg", "is not a file in the environment's folder, or in one beside it"),
        ('"../shared/weak"', '"../shared/strong"', "'../shared/strong' is not a folder beside the environment"),
        ('"../shared/weak"', '"../shared/weak", "../shared/weak"', "there are two weaknesses of this name"),
    ],
)
def test_what_is_not_shared_is_named(folder: Path, old: str, new: str, words: str) -> None:
    (folder.parent / "guard.cfg").write_text("outside")
    file = folder / "one" / "environment.toml"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(BadInput, match=words):
        Environment.load("one", folder).start()


def test_a_generation_has_its_own_base_and_differences(folder: Path) -> None:
    old = Environment.load("one", folder, "old")
    prepared = _prepared(old, "open")
    assert (old.label, old.title) == ("one of old", "A test archive 2 behind a guard")
    assert prepared.plan.services["archive"].base == "debian:old-slim"
    assert (prepared.plan.target.query_limit, prepared.sources["a.conf"]) == (50, "\n")
    assert [w["reason"] for data in old.variant.waivers.values() for w in data["waiver"]] == ["from version 3 on"]
    assert not Environment.load("one", folder).variant.waivers


def test_what_is_shipped_is_neither_configured_nor_waived_nor_weakened(folder: Path) -> None:
    (folder / "one" / "waivers.toml").write_text(OLD[OLD.index("[[waiver]]") :])
    assert Environment.load("one", folder).variant.waivers
    shipped = Environment.load("one", folder, "old", as_shipped=True)
    assert (shipped.label, shipped.variant.waivers) == ("one of old as shipped", {})
    assert _prepared(shipped).plan.services["archive"].base == "debian:old-slim"
    with pytest.raises(BadInput, match="what is shipped is not weakened any further"):
        shipped.start("open")
    (folder / "one" / "as-shipped.toml").unlink()
    with pytest.raises(BadInput, match="nothing says how this archive is shipped"):
        Environment.load("one", folder, as_shipped=True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("base =", "bases =", "unknown key 'bases'; accepted: base, merge, replace, services"),
        ('base = "debian:old-slim"\n', "", "base: is missing"),
        ("limit = 100", "limit = 99", "'limit = 99' must stand there exactly once"),
        ('services = ["archive"]', 'services = ["guard"]', "dockerfile|image|user"),
    ],
)
def test_a_mistake_in_a_generation_is_named(folder: Path, old: str, new: str, words: str) -> None:
    file = folder / "one" / "generations" / "old.toml"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(BadInput, match=words):
        Environment.load("one", folder, "old").start()


def test_an_unknown_generation_is_named(folder: Path) -> None:
    with pytest.raises(BadInput, match="one: unknown generation 'older'; known: old"):
        Environment.load("one", folder, "older")


def test_the_table_of_versions_shows_the_worst_case_and_why_it_is_known() -> None:
    one, two = (
        Control(f"area.{name}", "It MUST.", "Open.", Severity.HIGH, Impact.PASSIVE, references=("x",)) for name in "ab"
    )
    new = Version("P 3", False, {"area.a[x]": "PASS", "area.a[y]": "PASS", "area.b": "NOT_APPLICABLE"}, {})
    old = Version("P 2", False, {"area.a[x]": "PASS", "area.a[y]": "WAIVED", "area.b": "ERROR"}, {"area.a": "since 3"})
    shipped = Version("P 2", True, {"area.a[x]": "PASS", "area.a[y]": "FAIL"}, {})
    text = render([two, one], [new, old, shipped])
    assert "| control | P 3 | P 2 |\n| --- | --- | --- |\n| `area.a` | yes | **NO** (1) |\n" in text
    assert "| `area.b` | n/a | ? |\n\n1. since 3\n" in text
    assert "| control | P 2 |\n| --- | --- |\n| `area.a` | **NO** |\n| `area.b` | ? |\n" in text

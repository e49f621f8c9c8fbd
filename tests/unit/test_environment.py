"""Environment folders: found by listing, checked before anything starts, and every mistake named."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pacs_hardening.launch.definition import render
from pacs_hardening.launch.definition.plan import with_keys
from pacs_hardening.launch.definition.prepared import Overrides, Prepared, prepare
from pacs_hardening.launch.docker import volumes
from pacs_hardening.launch.environment import Environment, discover
from pacs_hardening.model import BadInput

TOML = """
title = "A test archive"
kind = "containers"
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
files = [{ source = "config/a.conf", path = "/etc/archive/a.conf" }]
[nodes.all]
permits = ["echo"]
[users.clinician]
[target]
called_aet = "ARCHIVE"
"""
WEAK = """
title = "Anyone may ask"
refutes = ["authorisation.refuses-anonymous-find", "web.asks-for-a-password"]
fix = "a.conf: set open to no."
[[replace]]
file = "config/a.conf"
find = "open = no"
with = "open = yes"
[merge.services.archive]
pids = 9
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of environments that holds ``one``."""
    one = tmp_path / "one"
    for name, text in {
        "environment.toml": TOML,
        "config/a.conf": "open = no\nnode = ${AET_ALL} ${CN_ALL} ${USERNAME_CLINICIAN} ${PASSWORD_CLINICIAN}\n",
        "archive/Dockerfile": "FROM debian:forky-slim\n",
        "weak/open.toml": WEAK,
    }.items():
        (one / name).parent.mkdir(parents=True, exist_ok=True)
        (one / name).write_text(text)
    (tmp_path / "no-environment").mkdir()
    return tmp_path


def _prepare(folder: Path, weakness: str | None = None, overrides: Overrides | None = None) -> Prepared:
    environment = Environment.load("one", folder)
    chosen = (weakness, environment.weaknesses[weakness]) if weakness else None
    return prepare("one", environment.folder, environment._raw, chosen, overrides or Overrides())


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_it_is_discovered_by_listing(folder: Path) -> None:
    assert discover(folder) == {"one": folder / "one"}
    environment = Environment.load("one", folder)
    assert (environment.title, environment.kind, list(environment.weaknesses)) == (
        "A test archive",
        "containers",
        ["open"],
    )


def test_every_environment_of_the_suite_can_be_loaded() -> None:
    for name in discover():
        assert Environment.load(name).name == name


def test_fixes_are_those_of_the_weaknesses_that_refute_the_control(folder: Path) -> None:
    environment = Environment.load("one", folder)
    assert environment.fixes("web.asks-for-a-password") == ("a.conf: set open to no.",)
    assert environment.fixes("web.something-else") == ()


def _vocabulary(folder: Path, weak: str, mistakes: str) -> Environment:
    """``one`` with a mistake that everybody knows."""
    (folder / "mistakes").mkdir()
    (folder / "mistakes" / "web.toml").write_text(mistakes)
    (folder / "one" / "weak" / "known.toml").write_text(weak + 'fix = "f"\n[merge.services.archive]\npids = 9\n')
    return Environment.load("one", folder)


KNOWN = '[known]\ntitle = "t"\nrefutes = ["a.one", "a.two[x,y]", "b.three"]\nformerly = ["older"]\n'


def test_a_mistake_is_named_once_and_an_environment_says_what_is_otherwise(folder: Path) -> None:
    (folder / "one" / "results.toml").write_text('[[exempt]]\ncontrols = ["b.*"]\nreason = "no b"\n')
    differs = 'refutes_not = [{ controls = ["a.two"], reason = "why" }]\n'
    differs += 'refutes_also = [{ controls = ["c.four"], reason = "why" }]\n'
    found = _vocabulary(folder, differs, KNOWN).weaknesses["known"]
    assert (found.title, found.breaks, found.refutes) == ("t", ("a.one", "c.four"), ("a.one", "c.four"))


def test_a_weakness_refutes_controls_and_breaks_cases(folder: Path) -> None:
    found = _vocabulary(folder, "", KNOWN).weaknesses["known"]
    assert found.breaks == ("a.one", "a.two[x,y]", "b.three")
    assert found.refutes == ("a.one", "a.two", "b.three")


def test_an_old_name_of_a_weakness_goes_on_working_with_a_note(folder: Path) -> None:
    environment = _vocabulary(folder, "", KNOWN)
    said: list[str] = []
    environment.start("older", say=said.append)
    assert said == ["the weakness older is called known since 0.2; both work until 1.0"]
    assert (environment.called("older"), environment.called("open")) == ("known", "open")


@pytest.mark.parametrize(
    ("weak", "mistakes", "words"),
    [
        ('title = "t"\n', KNOWN, "title: stands in mistakes/ already"),
        ("", KNOWN.replace("[known]", "[other]"), "title: is missing"),
        (
            'refutes_not = [{ controls = ["c.four"], reason = "why" }]\n',
            KNOWN,
            "refutes_not: c.four: it refutes no such control anyway",
        ),
        (
            'refutes_also = [{ controls = ["a.one"], reason = "why" }]\n',
            KNOWN,
            "refutes_also: a.one: it refutes that anyway",
        ),
        (
            'refutes_also = [{ controls = ["c.four"], reason = " " }]\n',
            KNOWN,
            "refutes_also[0]: reason: ' ' does not match",
        ),
        (
            'refutes_not = [{ controls = ["*"], reason = "why" }]\n',
            KNOWN,
            "nothing is left of it that is not exempt here",
        ),
        ("", KNOWN.replace("title", "titel"), "unknown key 'titel'"),
        ("", KNOWN.replace('["a.one", "a.two[x,y]", "b.three"]', "[]"), "refutes: names no control"),
    ],
)
def test_what_does_not_fit_the_vocabulary_is_named(folder: Path, weak: str, mistakes: str, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        _vocabulary(folder, weak, mistakes)


def test_a_weakness_replaces_and_merges(folder: Path) -> None:
    hardened, weak = _prepare(folder), _prepare(folder, "open")
    assert (hardened.name, hardened.plan.services["archive"].pids) == ("one", 8)
    assert (weak.name, weak.plan.services["archive"].pids) == ("one+open", 9)
    assert weak.plan.services["archive"].memory == "64m"
    assert weak.sources["config/a.conf"] == hardened.sources["config/a.conf"].replace("open = no", "open = yes")


def test_the_names_of_one_run_are_its_own(folder: Path) -> None:
    plan = _prepare(folder).plan
    first, second = render.cast(plan), render.cast(plan)
    names = [set(render.placeholders(plan, people, {}).values()) for people in (first, second)]
    assert names[0] & names[1] == {"ARCHIVE"}
    assert len(first.aets["all"]) <= 16
    assert first.passwords["clinician"] not in repr(first)
    assert first.mask(f"a {first.passwords['clinician']} b") == "a *** b"


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("environment.toml", 'kind = "containers"', "kind = containers", r"environment.toml: .*line 3"),
        ("environment.toml", 'kind = "containers"', 'kind = "vm"', "'vm' does not match containers|embedded"),
        (
            "environment.toml",
            "pids = 8",
            "pidz = 8",
            "archive.*: unknown key 'pidz'; accepted: base, cap_drop, configuration, dockerfile",
        ),
        ("environment.toml", "pids = 8", 'pids = "8"', "archive.*: pids: '8' is not a int"),
        ("environment.toml", 'memory = "64m"', "", "memory: is missing"),
        ("environment.toml", '"10001:10001"', '"archive"', "user: 'archive' does not match"),
        ("environment.toml", '["edge"]', '["egde"]', "networks: 'egde' is not one of edge"),
        ("environment.toml", "internal = false", "internal = true", "publish: a port can be published only"),
        ("environment.toml", "[nodes.all]", "[nodes.some]", "nodes: 'all' is missing"),
        ("environment.toml", '["echo"]', '["ping"]', "permits: 'ping' is not one of echo, find"),
        ("environment.toml", "/etc/archive/a.conf", "/etc/a.conf", "its folder becomes a volume that hides"),
        ("environment.toml", "config/a.conf", "../a.conf", "'../a.conf' is not a file in the environment's folder"),
        ("environment.toml", "[target]", '[pki]\nserver_defect = "odd"\n[target]', "server_defect: 'odd' does not"),
        ("environment.toml", "pids = 8", "pids = 8\nexposes = [0]", "exposes: 0 is not a port, 1 to 65535"),
        ("environment.toml", "pids = 8", "pids = -1", "pids: -1 is negative"),
        ("environment.toml", "pids = 8", 'pids = 8\nseccomp = "none"', "seccomp: 'none' does not match"),
        ("environment.toml", "pids = 8", 'pids = 8\ncap_drop = ["SYS_ADMIN"]', "cap_drop: 'SYS_ADMIN' is not one of"),
        (
            "weak/open.toml",
            "fix =",
            "fixes =",
            "open.toml: unknown key 'fixes'; accepted: fix, formerly, merge, refutes",
        ),
        ("weak/open.toml", "open = no", "open = maybe", "config/a.conf: 'open = maybe' must stand there exactly once"),
        ("weak/open.toml", "config/a.conf", "config/b.conf", "replaces in 'config/b.conf', which no service is given"),
        ("weak/open.toml", "pids = 9", "pidz = 9", "weak/open.toml.*unknown key 'pidz'"),
        ("config/a.conf", "open = no", "open = no\nopen = no", "but stands 2 times"),
        ("config/a.conf", "${CN_ALL}", "${CN_AL}", r"a.conf: unknown placeholder \${CN_AL}; known: AET_ALL, CALLED"),
    ],
)
def test_a_mistake_is_named_before_anything_starts(folder: Path, file: str, old: str, new: str, words: str) -> None:
    _edit(folder / "one" / file, old, new)
    with pytest.raises(BadInput, match=words):
        Environment.load("one", folder).start("open")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("pids = 8", "pids = 0", "services.archive: pids"),
        ('memory = "64m"', 'memory = ""', "services.archive: memory"),
        ("pids = 8", "pids = 8\nprivileged = true", "services.archive: privileged"),
        ("pids = 8", "pids = 8\nread_only = false", "services.archive: read_only"),
        ("pids = 8", "pids = 8\ncap_drop = []", "services.archive: cap_drop"),
        ("pids = 8", "pids = 8\nnew_privileges = true", "services.archive: new_privileges"),
        ("pids = 8", 'pids = 8\nseccomp = "unconfined"', "services.archive: seccomp"),
        ("pids = 8", "pids = 8\nmounts_socket = true", "services.archive: mounts_socket"),
        ("tls = false", "tls = false, endpoint = false", "services.archive: publish.endpoint"),
        ("internal = false", "internal = false\nmasquerade = true", "networks.edge: masquerade"),
    ],
)
def test_only_a_weakness_is_less_than_hardened(folder: Path, old: str, new: str, named: str) -> None:
    _edit(folder / "one" / "environment.toml", old, new)
    with pytest.raises(BadInput, match=f"{named}: less than hardened; only a file in weak/ may say so"):
        Environment.load("one", folder).start()


def test_a_setting_of_an_embedded_archive_is_checked_before_it_starts(folder: Path) -> None:
    (folder / "one" / "environment.toml").write_text(
        'title = "t"\nkind = "embedded"\n[settings]\nodd = 1\n[nodes.all]\n[target]\ncalled_aet = "A"\n'
    )
    (folder / "one" / "weak" / "open.toml").unlink()
    with pytest.raises(BadInput, match="unknown setting 'odd'"):
        Environment.load("one", folder).start()


def test_an_unknown_environment_or_weakness_is_named(folder: Path) -> None:
    with pytest.raises(BadInput, match="unknown environment 'two'; known: one"):
        Environment.load("two", folder)
    with pytest.raises(BadInput, match="unknown weakness 'shut'; known: open"):
        Environment.load("one", folder).start("shut")


def test_a_user_may_put_an_image_and_a_configuration_in_place(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "a.conf"
    mine.parent.mkdir()
    mine.write_text("open = no\n")
    for config in (mine, mine.parent):
        prepared = _prepare(folder, None, Overrides({"archive": "example/mine:1"}, config))
        assert prepared.plan.services["archive"].image == "example/mine:1"
        assert prepared.sources == {"config/a.conf": "open = no\n"}


def test_what_a_user_puts_in_place_of_nothing_is_named(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.conf"
    other.write_text("")
    with pytest.raises(BadInput, match=r"'other.conf' stands in for no configuration file; known: config/a.conf"):
        _prepare(folder, None, Overrides(config=other))
    with pytest.raises(BadInput, match="no such file or folder"):
        _prepare(folder, None, Overrides(config=tmp_path / "missing"))
    with pytest.raises(BadInput, match="unknown service 'guard'; known: archive"):
        _prepare(folder, None, Overrides({"guard": "example/mine:1"}))


def test_importing_it_needs_no_container_engine() -> None:
    code = "import sys, pacs_hardening.launch.environment; sys.exit('docker' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


RESEARCH = """
[target.research]
called_aet = "RESEARCH"
sender = "all"
reader = "all"
user = "clinician"
storage = { host = "archive", path = "/var/lib/research" }
[target.research.lists]
"/studies" = ["", "/archive"]
"""


def test_a_research_side_is_read_and_its_mistakes_are_named(folder: Path) -> None:
    file = folder / "one" / "environment.toml"
    file.write_text(TOML + RESEARCH)
    research = _prepare(folder).plan.target.research
    assert research is not None
    assert (research.called_aet, research.storage and research.storage.path) == ("RESEARCH", "/var/lib/research")
    assert research.lists == {"/studies": ("", "/archive")}
    for old, new, words in (
        ('reader = "all"', 'reader = "nobody"', "reader: 'nobody' is not one of all"),
        ('user = "clinician"', 'user = "jane"', "user: 'jane' is not one of clinician"),
        ('path = "/var/lib/research"', 'path = "/var/lib/it\'s"', "path"),
        ('sender = "all"', "", "sender: is missing"),
    ):
        file.write_text((TOML + RESEARCH).replace(old, new))
        with pytest.raises(BadInput, match=re.escape(words)):
            _prepare(folder)


def test_a_package_is_laid_as_an_archive_to_import_from(tmp_path: Path) -> None:
    (tmp_path / "package.zip").write_bytes(volumes.zipped("dicomanonymizer"))
    program = "import sys; sys.path.insert(0, sys.argv[1]); import dicomanonymizer as d; print(d.__file__)"
    found = subprocess.check_output([sys.executable, "-c", program, str(tmp_path / "package.zip")], text=True)
    assert "package.zip" in found
    with pytest.raises(BadInput, match="'no_such_package' is not installed"):
        volumes.zipped("no_such_package")


def test_services_share_secrets_that_no_log_shows(folder: Path) -> None:
    toml = folder / "one" / "environment.toml"
    _edit(toml, 'kind = "containers"', 'kind = "containers"\nsecrets = ["database"]')
    _edit(folder / "one" / "config" / "a.conf", "open = no", "open = no\npassword = ${SECRET_DATABASE} ${KEYSTORE_PIN}")
    prepared = _prepare(folder)
    values = render.placeholders(prepared.plan, prepared.people, {})
    filled = render.fill(prepared.sources["config/a.conf"], values, "a.conf")
    assert prepared.people.between["database"] in filled
    assert prepared.people.mask(filled).splitlines()[1] == "password = *** ***"
    assert render.cast(prepared.plan).between != prepared.people.between


def test_only_services_that_ask_get_keys_and_each_says_how_long_it_takes(folder: Path) -> None:
    plain = _prepare(folder).plan
    assert with_keys(plain) == ()
    assert plain.services["archive"].ready_within == 60
    toml = folder / "one" / "environment.toml"
    _edit(toml, "files = [", 'ready_within = 240\nfiles = [{ secret = "service.p12", path = "/etc/archive/a.p12" }, ')
    asking = _prepare(folder).plan
    assert with_keys(asking, plain) == ("archive",)
    assert asking.services["archive"].ready_within == 240


def test_what_is_pulled_is_named(folder: Path) -> None:
    assert Environment.load("one", folder).pulled == ()
    _edit(folder / "one" / "environment.toml", 'kind = "containers"', 'kind = "containers"\npulled = ["a/b:1"]')
    assert Environment.load("one", folder).pulled == ("a/b:1",)

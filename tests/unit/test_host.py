"""Hosts: what an engine prints and what /proc shows are read rightly, and no secret's value leaves the probe."""

from __future__ import annotations

import base64
import copy
import importlib.util
import io
import itertools
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pytest

from pacs_hardening.config import targetfile
from pacs_hardening.model import (
    Endpoint,
    Inapplicable,
    Missing,
    Target,
    Unmeasurable,
    Violation,
)
from pacs_hardening.probes import host as probe
from pacs_hardening.probes.host import (
    Binding,
    Container,
    Entry,
    Host,
    Network,
    Process,
    Stored,
    engine,
    inside,
    secrets,
    shell,
)
from pacs_hardening.profiles import names
from pacs_hardening.profiles.vulnerabilities import older, vulnerabilities

INSPECT: dict[str, Any] = {
    "Config": {
        "User": "10001:10001",
        "Env": ["PATH=/bin"],
        "ExposedPorts": {"4242/tcp": {}, "8042/tcp": {}},
        "Healthcheck": {"Test": ["CMD", "echoscu", "127.0.0.1", "104"]},
    },
    "State": {"Health": {"Status": "healthy"}},
    "HostConfig": {
        "Privileged": False,
        "PidMode": "",
        "IpcMode": "private",
        "NetworkMode": "inside",
        "UTSMode": "",
        "UsernsMode": "",
        "ReadonlyRootfs": True,
        "CapAdd": None,
        "SecurityOpt": ["no-new-privileges"],
        "Binds": None,
        "Memory": 1 << 29,
        "PidsLimit": 64,
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "16m"}},
    },
    "NetworkSettings": {"Ports": {"4242/tcp": None, "8042/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32001"}]}},
    "Mounts": [{"Type": "volume", "Source": "/engine/volumes/x", "Destination": "/etc/archive"}],
}
HARDENED = Container(
    user="10001:10001",
    privileged=False,
    shared=(),
    read_only=True,
    added=(),
    unconfined=False,
    memory=1 << 29,
    pids=64,
    exposed=frozenset({4242, 8042}),
    published=(Binding("8042/tcp", "127.0.0.1", 32001),),
    networks=(Network("inside", True, False),),
    mounted=(),
    log="json-file",
    log_bounded=True,
    health=("CMD", "echoscu", "127.0.0.1", "104"),
    condition="healthy",
)


def inspected(**changes: Any) -> Container:
    """INSPECT with ``HostConfig__Privileged=True`` and the like."""
    details = copy.deepcopy(INSPECT)
    for path, value in changes.items():
        *folders, last = path.split("__")
        at = details
        for folder in folders:
            at = at[folder]
        at[last] = value
    return engine.described(details, HARDENED.networks)


def test_what_the_engine_says_of_a_hardened_container() -> None:
    assert inspected() == HARDENED


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"Config__User": ""}, "user", ""),
        ({"HostConfig__Privileged": True}, "privileged", True),
        ({"HostConfig__PidMode": "host", "HostConfig__NetworkMode": "host"}, "shared", ("pid", "network")),
        ({"HostConfig__ReadonlyRootfs": False}, "read_only", False),
        ({"HostConfig__CapAdd": ["NET_ADMIN"]}, "added", ("NET_ADMIN",)),
        ({"HostConfig__SecurityOpt": ["seccomp=unconfined"]}, "unconfined", True),
        ({"HostConfig__SecurityOpt": ["seccomp:unconfined"]}, "unconfined", True),
        ({"HostConfig__SecurityOpt": None}, "unconfined", False),
        ({"HostConfig__Memory": 0}, "memory", 0),
        ({"HostConfig__PidsLimit": None}, "pids", 0),
        ({"HostConfig__PidsLimit": -1}, "pids", 0),
        ({"Config__ExposedPorts": None}, "exposed", frozenset()),
        ({"HostConfig__Binds": ["/run/docker.sock:/s:ro"]}, "mounted", ("/run/docker.sock",)),
        ({"Mounts": [{"Type": "bind", "Source": "/"}]}, "mounted", ("/",)),
        ({"HostConfig__LogConfig": {"Type": "json-file", "Config": {}}}, "log_bounded", False),
        ({"HostConfig__LogConfig": {"Type": "json-file", "Config": None}}, "log_bounded", False),
        ({"HostConfig__LogConfig": {"Type": "journald", "Config": {}}}, "log_bounded", True),
        ({"HostConfig__LogConfig": {"Type": "none", "Config": {}}}, "log", "none"),
        ({"Config__Healthcheck": None}, "health", ()),
        ({"Config__Healthcheck": {"Test": ["NONE"]}}, "health", ()),
        ({"State__Health": None}, "condition", ""),
        ({"State__Health": {"Status": "unhealthy"}}, "condition", "unhealthy"),
        (
            {"NetworkSettings__Ports": {"104/tcp": [{"HostIp": "", "HostPort": "104"}]}},
            "published",
            (Binding("104/tcp", "0.0.0.0", 104),),  # noqa: S104
        ),
    ],
)
def test_what_the_engine_says_of_a_weakened_container(changes: dict[str, Any], field: str, value: object) -> None:
    assert getattr(inspected(**changes), field) == value


@pytest.mark.parametrize(
    ("driver", "internal", "options", "masquerading"),
    [
        ("bridge", False, {"com.docker.network.bridge.enable_ip_masquerade": "false"}, False),
        ("bridge", False, {"com.docker.network.bridge.enable_ip_masquerade": "true"}, True),
        ("bridge", True, None, True),
        ("host", False, {}, True),
        ("null", False, {}, False),
    ],
)
def test_a_network_masquerades_unless_it_is_told_not_to(
    driver: str, internal: bool, options: dict[str, str] | None, masquerading: bool
) -> None:
    details = {"Name": "n", "Driver": driver, "Internal": internal, "Options": options}
    assert engine.network(details) == Network("n", internal, masquerading)


def _process(pid: int, parent: int, *, command: str = "server", environ: str = "", uid: int = 10001) -> str:
    status = (
        f"Name:\t{command.split(chr(0))[0]}\nPid:\t{pid}\nPPid:\t{parent}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"
        "CapBnd:\t0000000000000400\nNoNewPrivs:\t1\nSeccomp:\t2\n"
    )
    return "|".join(base64.b64encode(each.encode()).decode() for each in (status, command, environ))


def test_processes_are_those_of_the_service_and_not_our_own() -> None:
    text = "\n".join([_process(1, 0), _process(9, 1, command="worker"), _process(40, 0), _process(41, 40)])
    seen, said = inside.processes(text, {})
    assert [each.pid for each in seen] == [1, 9]
    assert seen[1] == Process(9, 10001, "worker", 0x400, no_new_privileges=True, seccomp=True)
    assert said == ()
    on_a_machine = "\n".join([_process(1, 0), _process(9, 1, command="worker"), _process(50, 9), _process(51, 50)])
    assert [each.pid for each in inside.processes(on_a_machine, {}, ours=50)[0]] == [1, 9]


def test_a_machine_is_not_read_to_the_bottom() -> None:
    assert "-maxdepth" in inside.files(container=False)
    assert "-maxdepth" not in inside.files(container=True)


def test_where_no_process_can_be_seen_nothing_is_known() -> None:
    with pytest.raises(Unmeasurable):
        inside.processes("", {})


def test_secrets_in_processes_are_named_by_place() -> None:
    text = _process(1, 0, command="server\0--db-password=hunter22\0--token\0t0k3n", environ="A=x\0B=y hunter22\0")
    said = inside.processes(text, {"the password of user clinician": "hunter22"})[1]
    assert "a secret in the environment variable B" in said
    assert "a secret after the option --db-password of server" in said
    assert "a secret after the option --token of server" in said
    assert "the password of user clinician on the command line of server" in said
    assert "hunter22" not in str(said)
    assert "t0k3n" not in str(said)


@pytest.mark.parametrize(
    ("variable", "is_one"),
    [
        ("POSTGRES_PASSWORD=pacs", True),
        ("ORTHANC__DICOM_WEB__API_KEY=abc", True),
        ("LDAP_ROOTPASS=secret", True),
        ("COMPASS=north", False),
        ("POSTGRES_PASSWORD_FILE=/run/secrets/p", False),
        ("KEYSTORE_PASSWORD=/run/secrets/p", False),
        ("PASSWORD=", False),
        ("AUTH_TOKEN=$TOKEN", False),
        ("USE_SECRETS=true", False),
        ("PATH=/bin", False),
        ("PWD=/home", False),
        ("GPG_KEY=0123456789", False),
    ],
)
def test_secrets_are_known_by_name(variable: str, is_one: bool) -> None:
    assert bool(secrets.mentioned({}, environment=[variable])) is is_one
    assert bool(secrets.mentioned({}, history=[f"RUN |1 {variable} /bin/sh -c make"])) is is_one


def test_listeners_of_both_families() -> None:
    head = b"  sl  local_address rem_address   st\n"
    four = b"   0: 0B00007F:A173 0:0 0A 0\n   1: 00000000:1092 0:0 0A 0\n   2: 0100007F:0001 0:0 01 0\n"
    six = (
        b"   0: 00000000000000000000000000000000:1F6A 0:0 0A 0\n   1: 00000000000000000000000001000000:1F6B 0:0 0A 0\n"
        b"   2: 0000000000000000FFFF00000100007F:1F6C 0:0 0A 0\n"
    )
    found = [(str(each), each.is_local) for each in (*inside.listeners(head + four), *inside.listeners(head + six))]
    assert found == [
        ("127.0.0.11:41331", True),
        ("0.0.0.0:4242", False),
        ("[::]:8042", False),
        ("[::1]:8043", True),
        ("127.0.0.1:8044", True),
    ]
    assert inside.listeners(b"") == []


def _tar(**files: tuple[int, str]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, (mode, content) in files.items():
            entry = tarfile.TarInfo(f"/etc/{name}")
            entry.mode, entry.uid, entry.size = mode, 7, len(content)
            tar.addfile(entry, io.BytesIO(content.encode()))
    return archive.getvalue()


def test_files_with_secrets() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nabc"
    archive = _tar(passwd=(0o644, "root:x:0:0"), users=(0o440, '{"a": "hunter22"}'), key=(0o644, pem))
    found = secrets.kept(archive, {"the password of user a": "hunter22"}, {"/": ["ro"], "/etc/users": ["ro"]})
    assert [(each.path, each.what, each.mode, each.layered) for each in found] == [
        ("/etc/users", "the password of user a", 0o440, False),
        ("/etc/key", "a private key", 0o644, True),
    ]
    with pytest.raises(Unmeasurable):
        secrets.kept(_tar(), {}, {})


@pytest.mark.parametrize(
    ("content", "there"),
    [("dir = ./demoCA", False), ("see demo below", False), ("user:x:demo-2", False)]
    + [(each, True) for each in ("demo", '{"a": "demo"}', "{'a':'demo'}", "PASSWORD=demo\n", "password: demo")],
)
def test_a_short_secret_is_seen_where_it_is_a_value_and_not_within_other_words(content: str, there: bool) -> None:
    found = secrets.kept(_tar(file=(0o644, content)), {"the password of user a": "demo"}, {})
    assert bool(found) is there


def test_no_hosts_are_no_facts() -> None:
    assert probe.look({}, Target("t", "A", ())) == {}


def test_a_container_that_is_not_there_is_unmeasurable() -> None:
    if shutil.which("docker") is None:
        pytest.skip("NOT RUN: no docker command")
    with pytest.raises(Unmeasurable, match="cannot look into"):
        probe.look({"archive": "docker://no-such-container"}, Target("t", "A", ()))


def test_a_command_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "DEADLINE_S", 0.2)
    with pytest.raises(Unmeasurable, match="no answer within"):
        shell.run(shell.connect("local://"), "sleep 300.25")
    alive = subprocess.run(["pgrep", "-f", "sleep 300[.]25"], capture_output=True, check=False)
    assert alive.stdout == b""


def test_a_host_is_looked_into_over_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ssh here hands its command to a shell of this machine; which options it was given is in a file."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert shell.run(shell.connect("ssh://gate@pacs.example:2222"), "echo $((6*7)); exit 1", accepted=(1,)) == b"42\n"
    asked = (tmp_path / "asked").read_text()
    assert "-o BatchMode=yes -o User=gate -o Port=2222" in asked
    assert "ControlMaster" not in asked, "a connection would stay behind"


def test_logs_that_services_write() -> None:
    text = "644 0 /var/log/dpkg.log\n644 0 /var/log/apt/history.log\n644 7 /var/log/archive/a b.log\n664 7 /tmp/x.log\n"
    assert inside.logs(text) == (Entry("/var/log/archive/a b.log", 0o644, 7), Entry("/tmp/x.log", 0o664, 7))  # noqa: S108


def test_a_health_check_as_a_line_for_a_shell() -> None:
    assert engine.health_command(("CMD", "bash", "-c", "a && b")) == "bash -c 'a && b'"
    assert engine.health_command(("CMD-SHELL", "curl -f http://x || exit 1")) == "curl -f http://x || exit 1"


# ---- The controls, on facts that no environment has


def test_logs_are_closed_and_bounded(controls: ModuleType) -> None:
    controls.test_protects_logs({"archive": _host()})
    controls.test_protects_logs({"archive": _host(None)})
    for log, bounded, words in (("none", True, "thrown away"), ("json-file", False, "without a limit")):
        container = replace(HARDENED, log=log, log_bounded=bounded)
        with pytest.raises(Violation, match=words):
            controls.test_protects_logs({"archive": _host(container)})
    with pytest.raises(Violation, match=r"/var/log/a\.log has mode 0644"):
        controls.test_protects_logs({"archive": _host(None, logs=(Entry("/var/log/a.log", 0o644, 7),))})


@pytest.mark.parametrize(
    ("changes", "healthy", "words"),
    [
        ({"health": ()}, True, "has no health check"),
        ({"health": ("CMD-SHELL", "curl -f http://localhost || true")}, True, "cannot fail"),
        ({"health": ("CMD", "true")}, True, "cannot fail"),
        ({}, False, "fails, while the archive serves"),
        ({"condition": "unhealthy"}, True, "takes it for unhealthy"),
    ],
)
def test_a_health_check_tells_the_truth(
    controls: ModuleType, changes: dict[str, Any], healthy: bool, words: str
) -> None:
    controls.test_has_a_health_check({"archive": _host()})
    with pytest.raises(Violation, match=words):
        controls.test_has_a_health_check({"archive": _host(replace(HARDENED, **changes), healthy=healthy)})


@pytest.fixture(scope="module")
def controls() -> ModuleType:
    path = Path(__file__).parents[1] / "controls" / "test_host.py"
    spec = importlib.util.spec_from_file_location("host_controls", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _host(container: Container | None = HARDENED, **more: Any) -> Host:
    facts: dict[str, Any] = {
        "processes": (Process(1, 10001, "server", 0, no_new_privileges=True, seccomp=True),),
        "listeners": (),
        "root_read_only": True,
        "mentions": (),
        "kept": (),
        "logs": (),
        "healthy": True,
        "packages": {"orthanc": "1.13.0+dfsg-1"},
        "release": "forky",
    }
    return Host("archive", "docker://x", container, **{**facts, **more})


@pytest.mark.parametrize(("address", "port", "holds"), [("127.0.0.1", 2762, True), ("0.0.0.0", 2762, False)])  # noqa: S104
def test_a_endpoint_published_at_every_address_is_not_the_endpoint_that_is_known(
    controls: ModuleType, address: str, port: int, holds: bool
) -> None:
    published = inspected(NetworkSettings__Ports={"2762/tcp": [{"HostIp": address, "HostPort": str(port)}]})
    target = Target("t", "A", (Endpoint("dicom", "127.0.0.1", 2762, tls=True),))
    call: Callable[[], None] = lambda: controls.test_publishes_only_declared_ports(  # noqa: E731
        {"archive": _host(published)}, target
    )
    if holds:
        call()
    else:
        with pytest.raises(Violation, match=r"2762/tcp is published at 0\.0\.0\.0:2762"):
            call()


def test_a_database_on_a_private_network_is_no_open_management_port(controls: ModuleType) -> None:
    listening = (probe.Listener("0.0.0.0", 5432),)  # noqa: S104
    controls.test_keeps_no_debug_or_management_port({"db": _host(listeners=listening)})
    with pytest.raises(Violation, match="5432"):
        controls.test_keeps_no_debug_or_management_port({"db": _host(None, listeners=listening)})


def test_hosts_that_nobody_named_and_hosts_of_another_kind(controls: ModuleType) -> None:
    with pytest.raises(Missing):
        controls.test_runs_as_non_root({})
    with pytest.raises(Missing):
        controls.test_protects_secrets({})
    with pytest.raises(Inapplicable):
        controls.test_runs_as_non_root({"archive": _host(None)})
    controls.test_protects_secrets({"archive": _host(None)})


def test_a_version_that_cannot_be_read_is_no_pass(controls: ModuleType) -> None:
    controls.test_runs_no_known_vulnerable_version({"archive": _host()})
    with pytest.raises(Unmeasurable):
        controls.test_runs_no_known_vulnerable_version({"archive": _host(packages={})})


@pytest.mark.parametrize(
    ("folders", "uid", "holds"),
    [
        ([(0o755, 0), (0o700, 10001)], 10001, True),
        ([(0o755, 0), (0o750, 10001), (0o755, 10001)], 10001, True),
        ([(0o755, 0), (0o755, 10001)], 10001, False),
        ([(0o755, 0), (0o770, 10001)], 10001, False),
        ([(0o755, 0), (0o700, 0)], 10001, False),
        ([(0o755, 0), (0o700, 10001)], 5, False),
    ],
)
def test_who_can_reach_a_stored_object(
    controls: ModuleType, folders: list[tuple[int, int]], uid: int, holds: bool
) -> None:
    way = [Entry("/" * (n + 1), mode, owner) for n, (mode, owner) in enumerate(folders)]
    stored = Stored(_host(), (*way, Entry("/object", 0o644, uid)))
    assert (controls._open(stored) == "") is holds


# ---- Versions


def test_versions_compare_as_the_package_manager_compares_them() -> None:
    versions = ["1.0", "1.0-1", "1.0~rc1", "1.0~rc1-1", "1.0+dfsg-1", "1.12.11", "1.12.11+dfsg-1", "1.12.7+dfsg-4"]
    versions += ["3.7.0+really3.7.0-7", "3.7.0+really3.7.0-10", "3.6.9-5+deb13u3", "3.6.9-5", "3.6.7-9~deb12u4"]
    versions += ["3.6.7-9", "1:0.5", "0", "1.a", "1.0a", "1.0-1+b1", "1.0.0"]
    if shutil.which("dpkg") is None:
        pytest.skip("NOT RUN: no dpkg to compare with")
    for one, other in itertools.product(versions, versions):
        lower = subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False).returncode == 0
        assert older(one, other) is lower, (one, other)


@pytest.mark.parametrize(
    ("package", "version", "release", "known"),
    [
        ("orthanc", "1.13.0+dfsg-1", "forky", ()),
        ("orthanc", "1.12.11+dfsg-1", "forky", ("CVE-2026-10528",)),
        ("orthanc", "1.10.1+dfsg-2+deb12u1", "bookworm", ("CVE-2026-5437", "CVE-2026-10528")),
        ("orthanc", "1.12.10+dfsg-4", "sid", ("CVE-2026-10528",)),
        ("orthanc", "1.12.10+dfsg-3", "sid", ("CVE-2026-5437", "CVE-2026-10528")),
        (
            "dcmtk",
            "3.6.7-9~deb12u3",
            "bookworm",
            ("CVE-2025-14841", "CVE-2026-5663", "CVE-2026-10194", "CVE-2026-50003"),
        ),
        ("orthanc", "1.10.1+dfsg-2", "bookworm", ("CVE-2023-33466", "CVE-2026-5437", "CVE-2026-10528")),
        ("dcmtk", "3.7.0+really3.7.0-7", "forky", ()),
        ("dcmtk", "3.6.9-5+deb13u3", "trixie", ()),
        ("dcmtk", "3.6.9-5+deb13u3", "forky", ()),  # whatever the system is, the package is of Debian 13
        ("dcmtk", "3.6.9-5+deb13u2", "trixie", ("CVE-2026-50003",)),
        ("dcmtk", "3.6.7-9~deb12u4", "bookworm", ("CVE-2026-50003",)),
        ("civetweb", "1.16+dfsg-2+deb13u1", "trixie", ()),
        ("dcm4chee-arc", "5.35.1", "", ("CVE-2026-105279",)),
    ],
)
def test_what_a_distribution_mended_counts_as_mended(
    package: str, version: str, release: str, known: tuple[str, ...]
) -> None:
    found = [each.ids[0] for each in vulnerabilities() if each.package == package and each.mended(version, release)]
    assert tuple(found) == known


def test_tables_of_facts_are_no_profiles() -> None:
    assert names() == ("baseline", "research", "strict")


def test_a_target_file_that_is_written_promises_no_hosts(tmp_path: Path) -> None:
    endpoint = Endpoint("dicom", "127.0.0.1", 104, tls=False)
    target = Target("t", "A", (endpoint,), nodes=MappingProxyType({}), capabilities=frozenset({"host", "dicomweb"}))
    assert 'capabilities = ["dicomweb"]' in targetfile.write(target, tmp_path).read_text()

"""Containers: locked down while they run, and gone without a trace however the run ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.launch import owner
from pacs_hardening.launch.definition import service
from pacs_hardening.launch.definition.prepared import Overrides
from pacs_hardening.launch.docker import (
    containers,
    create,
    images,
    sweep,
    volumes,
)
from pacs_hardening.launch.docker.engine import connect
from pacs_hardening.launch.environment import Environment
from pacs_hardening.model import Unmeasurable
from pacs_hardening.model.running import Running
from pacs_hardening.probes.host import look

TOML = """
title = "Two tiny services"
kind = "containers"
[networks.inside]
internal = true
[networks.edge]
internal = false
[services.inner]
dockerfile = "node/Dockerfile"
networks = ["inside"]
user = "10001:10002"
memory = "64m"
pids = 16
tmpfs = { "/tmp" = "size=1m,mode=1777" }
ready = "inner is up"
environment = { NAME = "inner" }
files = [
  { source = "config/a.conf", path = "/etc/node/a.conf", mode = "0400" },
  { source = "config/b.conf", path = "/etc/node/deep/b.conf" },
  { secret = "server.pem", path = "/srv/tls/server.pem" },
]
[services.endpoint]
dockerfile = "node/Dockerfile"
networks = ["edge", "inside"]
user = "10003:10003"
memory = "64m"
pids = 16
ready = "endpoint is up"
environment = { NAME = "endpoint", NEXT = "inner" }
publish = [{ port = 4000, service = "dicom", tls = false }]
[nodes.all]
permits = ["echo"]
[users.clinician]
[target]
called_aet = "ARCHIVE"
arrivals = { service = "inner", line = "arrived" }
"""
NODE = r"""
use strict; use IO::Socket::INET; $| = 1;
my ($name, $next) = @ENV{"NAME", "NEXT"};
sub try { my ($path) = @_; print "write $path: ", (open(my $f, ">", $path) ? "done" : $!), "\n"; }
exit 3 if $ENV{FAULT} eq "exit";
sleep 1000 if $ENV{FAULT} eq "silent";
die "no $next" if $next && !gethostbyname($next);
print "user $< ", $( + 0, "\n";
try($_) for "/x", "/tmp/x", "/etc/node/a.conf", "/etc/node/x";
for (glob "/etc/node/*.conf /etc/node/deep/* /srv/tls/*") {
    my @s = stat; printf "file $_ %o %d %d\n", $s[2] & 07777, $s[4], $s[5];
    open(my $f, "<", $_) or die; print grep { !/^[A-Za-z0-9+\/=]+$/ } <$f>;
}
open(my $f, "<", "/proc/self/status"); print grep { /^(CapBnd|CapEff|NoNewPrivs)/ } <$f>;
my $listen = IO::Socket::INET->new(Listen => 5, LocalPort => 4000, ReuseAddr => 1) or die $!;
print "$name is up\n";
while (my $peer = $listen->accept) {
    if ($next) { my $to = IO::Socket::INET->new(PeerAddr => "$next:4000") or die $!; print {$peer} <$to>; }
    else { print "arrived\n"; print {$peer} "hello from $name\n"; }
}
"""
WEAK = 'title = "t"\nrefutes = ["a.b"]\nfix = "f"\n'
FILES = {
    "environment.toml": TOML,
    "config/a.conf": "aet=${AET_ALL} cn=${CN_ALL} password=${PASSWORD_CLINICIAN}\n",
    "config/b.conf": "open=no called=${CALLED_AET}\n",
    "node/Dockerfile": 'FROM debian:forky-slim\nCOPY node.pl /node.pl\nENTRYPOINT ["perl", "/node.pl"]\n',
    "node/node.pl": NODE,
    "weak/exit.toml": WEAK + '[merge.services.endpoint.environment]\nFAULT = "exit"\n',
    "weak/silent.toml": WEAK + '[merge.services.inner.environment]\nFAULT = "silent"\n',
    "weak/bypass.toml": WEAK
    + '[[replace]]\nfile = "config/b.conf"\nfind = "open=no"\nwith = "open=yes"\n[merge.services.inner]\n'
    'networks = ["inside", "edge"]\npublish = [{ port = 4000, service = "dicom", tls = false }]\n',
    "weak/loose.toml": WEAK
    + "[merge.networks.edge]\nmasquerade = true\n[merge.services.inner]\nprivileged = true\nread_only = false\n"
    'cap_drop = ["CHOWN"]\nnew_privileges = true\nseccomp = "unconfined"\nmemory = ""\npids = 0\n'
    'mounts_socket = true\nnetworks = ["edge"]\n'
    'publish = [{ port = 4000, service = "dicom", tls = false, endpoint = false }]\n',
    "unbuildable/Dockerfile": "FROM debian:forky-slim\nRUN echo some words >&2 && exit 7\n",
    "weak/unbuildable.toml": WEAK + '[merge.services.inner]\ndockerfile = "unbuildable/Dockerfile"\n',
}
START_AND_WAIT = """
import pathlib, signal, sys
from pacs_hardening.launch.environment import Environment
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with Environment.load("tiny", pathlib.Path(sys.argv[1])).start() as running:
    print("up", flush=True)
    sys.stdin.readline()
    print(running.fingerprint(), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def api() -> Iterator[Any]:
    try:
        with connect() as found:
            yield found
    except Unmeasurable as error:
        if os.environ.get("PACS_REQUIRE_ENGINE") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of environments that holds ``tiny``."""
    root = tmp_path_factory.mktemp("environments")
    for name, text in FILES.items():
        path = root / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(scope="module")
def running(folder: Path, api: Any) -> Iterator[Running]:
    with Environment.load("tiny", folder).start() as found:
        yield found


def _left(api: Any, pid: int | None = None) -> list[str]:
    """What process ``pid`` (by default this one) has in the engine and in the temporary folder."""
    pid = pid or os.getpid()
    mine = {"label": sweep.OWNER}
    listed = [*api.containers(all=True, filters=mine), *api.networks(filters=mine)]
    listed += api.volumes(filters=mine)["Volumes"] or []
    owners = [(str(each.get("Names") or each.get("Name")), each["Labels"][sweep.OWNER]) for each in listed]
    folders = Path(tempfile.gettempdir()).glob("pacs-hardening.*")
    owners += [(str(path), path.name.split(".")[1].replace("~", "/")) for path in folders]
    return sorted(name for name, who in owners if (parsed := owner.parse(who)) and parsed.pid == pid)


def _ask(running: Running, number: int = 0) -> str:
    endpoint = running.target.endpoints[number]
    with socket.create_connection((endpoint.host, endpoint.port), 5) as connection:
        return connection.makefile().readline().strip()


def _inspect(api: Any, running: Running) -> list[dict[str, Any]]:
    return [api.inspect_container(line.split()[1]) for line in running.fingerprint().splitlines()]


def test_a_endpoint_leads_to_a_service_that_knows_its_neighbour_by_name(running: Running) -> None:
    before = running.arrivals() if running.arrivals else -1
    assert _ask(running) == "hello from inner"
    assert running.arrivals
    assert running.arrivals() == before + 1


def test_files_are_filled_in_owned_by_the_service_and_read_only(running: Running) -> None:
    logs, node = running.logs(), running.target.nodes["all"]
    assert "file /etc/node/a.conf 400 10001 10002" in logs
    assert "file /etc/node/deep/b.conf 440 10001 10002" in logs
    assert "file /srv/tls/server.pem 440 10001 10002" in logs
    assert f"aet={node.aet}" in logs
    assert "called=ARCHIVE" in logs
    assert "write /etc/node/a.conf: Read-only file system" in logs
    assert "write /etc/node/x: Read-only file system" in logs


def test_no_password_shows_in_the_logs(running: Running) -> None:
    assert "password=***" in running.logs()
    assert running.target.users["clinician"].password.reveal() not in running.logs()


def test_every_container_is_locked_down(running: Running, api: Any) -> None:
    logs = running.logs()
    for words in ("write /x: Read-only file system", "write /tmp/x: done", "user 10001 10002", "user 10003 10003"):
        assert words in logs
    assert logs.count("CapBnd:\t0000000000000000") == 2
    assert logs.count("NoNewPrivs:\t1") == 2
    for details in _inspect(api, running):
        host = details["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["Memory"] == host["MemorySwap"] == 64 << 20
        assert host["PidsLimit"] == 16
        assert host["RestartPolicy"]["Name"] == "no"
        assert host["LogConfig"]["Config"]["max-size"]
        assert not host["Init"]
        for bound in host["PortBindings"].values():
            assert bound[0]["HostIp"] == "127.0.0.1"


def test_each_container_can_be_looked_into(running: Running, api: Any) -> None:
    assert "host" in running.target.capabilities
    assert list(running.hosts) == ["inner", "endpoint"]
    facts = look(running.hosts, running.target)
    inner, endpoint = facts["inner"], facts["endpoint"]
    assert {each.uid for each in inner.processes} == {10001}
    assert [each.port for each in inner.listeners if not each.is_local] == [4000]
    assert inner.root_read_only
    assert {(each.path, each.mode) for each in inner.kept} >= {("/srv/tls/server.pem", 0o440)}
    assert not any(each.layered for each in inner.kept)
    assert inner.mentions == ()
    assert inner.packages["perl"]
    assert endpoint.container
    assert [(each.address, each.port) for each in endpoint.container.published] == [
        (each.host, each.port) for each in running.target.endpoints
    ]
    assert not any(each.masquerading for each in endpoint.container.networks)


@pytest.mark.usefixtures("api")
def test_a_weakness_loosens_what_it_names(folder: Path, api: Any) -> None:
    with Environment.load("tiny", folder).start("loose") as weak:
        inner, endpoint = _inspect(api, weak)
        facts = look(weak.hosts, weak.target)["inner"]
    host = inner["HostConfig"]
    assert (host["Privileged"], host["ReadonlyRootfs"], host["CapDrop"]) == (True, False, ["CHOWN"])
    assert "seccomp=unconfined" in host["SecurityOpt"]
    assert "no-new-privileges" not in host["SecurityOpt"]
    assert (host["Memory"], host["PidsLimit"]) in {(0, None), (0, 0), (0, -1)}
    assert host["Binds"][0].endswith(":/var/run/docker.sock:ro")
    assert endpoint["HostConfig"]["CapDrop"] == ["ALL"]
    assert len(weak.target.endpoints) == 1, "what is published without being an endpoint is not told"
    assert facts.container
    assert [each.inside for each in facts.container.published] == ["4000/tcp"]
    assert [each.masquerading for each in facts.container.networks] == [True]
    assert not facts.root_read_only
    assert not any(each.no_new_privileges or each.seccomp for each in facts.processes)


def test_no_network_has_a_route_out(running: Running, api: Any) -> None:
    mine = api.networks(filters={"label": f"{sweep.RUN}={_inspect(api, running)[0]['Config']['Labels'][sweep.RUN]}"})
    assert sorted(each["Internal"] for each in mine) == [False, True]
    for each in mine:
        assert each["Options"]["com.docker.network.bridge.enable_ip_masquerade"] == "false"


def test_the_fingerprint_tells_when_a_service_died(folder: Path, api: Any) -> None:
    with Environment.load("tiny", folder).start() as mine:
        before = mine.fingerprint()
        assert before == mine.fingerprint()
        inner = before.splitlines()[0].split()[1]
        api.kill(inner)
        api.wait(inner)
        assert mine.fingerprint() != before


@pytest.mark.usefixtures("api")
def test_a_endpoint_that_only_the_weakness_opens_comes_last(folder: Path) -> None:
    with Environment.load("tiny", folder).start("bypass") as weak:
        assert weak.target.name == "tiny+bypass"
        assert "open=yes" in weak.logs()
        assert len(weak.target.endpoints) == 2
        logs = weak.logs().partition("=== endpoint")[0]
        assert _ask(weak, 1) == "hello from inner"
        assert "arrived" not in logs


@pytest.mark.parametrize(
    ("weakness", "words"),
    [
        ("exit", r"service endpoint exited with status 3"),
        ("silent", r"not ready after 1 s: inner"),
        ("unbuildable", r"(?s)pacs-hardening/\w+:\w+ failed\n.*some words.*returned a non-zero code: 7"),
    ],
)
def test_what_does_not_come_up_is_unmeasurable_and_leaves_nothing(
    folder: Path, api: Any, monkeypatch: pytest.MonkeyPatch, weakness: str, words: str
) -> None:
    monkeypatch.setattr(service, "READY_WITHIN_S", 1)
    before = _left(api)
    with pytest.raises(Unmeasurable, match=words), Environment.load("tiny", folder).start(weakness):
        pytest.fail("must not come up")
    assert _left(api) == before


@pytest.mark.parametrize(
    ("module", "function"),
    [
        (volumes, "fill"),
        (create, "_container"),
        (containers, "_start"),
        (containers, "_await"),
        (containers, "_endpoints"),
    ],
)
def test_an_interrupt_half_way_leaves_nothing(
    folder: Path, api: Any, monkeypatch: pytest.MonkeyPatch, module: Any, function: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = _left(api)
    monkeypatch.setattr(module, function, interrupt)
    with pytest.raises(KeyboardInterrupt), Environment.load("tiny", folder).start():
        pytest.fail("must not come up")
    assert _left(api) == before


def test_an_engine_that_does_not_answer_is_unmeasurable(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with (
        pytest.raises(Unmeasurable, match=r"no container engine answers at unix:///.*/none.sock"),
        Environment.load("tiny", folder).start(),
    ):
        pytest.fail("must not come up")


def test_an_image_is_built_once_and_anew_when_what_it_is_built_from_changes(folder: Path, api: Any) -> None:
    said: list[str] = []
    dockerfile = folder / "tiny" / "node" / "Dockerfile"
    dockerfile.write_text(f"{dockerfile.read_text()}LABEL now={os.urandom(8).hex()}\n")
    try:
        for _ in range(2):
            with Environment.load("tiny", folder).start(say=said.append) as started:
                (built,) = {details["Config"]["Image"] for details in _inspect(api, started)}
        assert said == [f"building image {built} (about a minute, once)"]  # for both services
        with Environment.load("tiny", folder).start(overrides=Overrides({"inner": built})) as started:
            assert _inspect(api, started)[0]["Config"]["Image"] == built
    finally:
        dockerfile.write_text(FILES["node/Dockerfile"])
        api.remove_image(built)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "node" / "node.pl").write_text("other"),
        lambda folder: (folder / "node" / "node.pl").chmod(0o755),
        lambda folder: (folder / "node" / "node.pl").rename(folder / "node" / "other.pl"),
        lambda folder: (folder / "node" / "more").symlink_to("node.pl"),
    ],
)
def test_the_digest_of_an_image_covers_everything_beside_its_dockerfile(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    for name in ("node/Dockerfile", "node/node.pl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(FILES[name])
    before = images.digest(tmp_path / "node" / "Dockerfile")
    assert images.digest(tmp_path / "node" / "Dockerfile") == before
    change(tmp_path)
    assert images.digest(tmp_path / "node" / "Dockerfile") != before


def _elsewhere(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    return process


def test_what_a_killed_run_left_is_gone_after_the_next_start_and_the_living_are_left_alone(
    folder: Path, api: Any
) -> None:
    killed, living = _elsewhere(folder), _elsewhere(folder)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=10)
    assert len(_left(api, killed.pid)) == 7  # 2 containers, 2 networks, 2 volumes, 1 folder
    theirs = _left(api, living.pid)
    with Environment.load("tiny", folder).start() as mine:
        assert _left(api, killed.pid) == []
        assert _left(api, living.pid) == theirs
        assert _ask(mine) == "hello from inner"
    assert _left(api, living.pid) == theirs
    assert living.stdin
    living.stdin.write("\n")
    living.stdin.flush()
    assert living.stdout
    assert " running pid=" in living.stdout.readline()
    living.send_signal(signal.SIGTERM)
    living.communicate(timeout=20)
    assert _left(api, living.pid) == []

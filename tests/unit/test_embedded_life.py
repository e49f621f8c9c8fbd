"""How the embedded archive starts, stops and breaks; what its TLS endpoints speak."""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fixtures.small import FOLDER, environment
from pacs_hardening.embedded import start
from pacs_hardening.embedded.settings import Settings, parse
from pacs_hardening.model import BadInput, Impact
from pacs_hardening.model.running import Running

WEAKNESSES = sorted(path.stem for path in (FOLDER / "weak").glob("*.toml"))


def shake_hands(
    it: Running, service: str, change: Callable[[ssl.SSLContext], object] = lambda context: None
) -> tuple[str, str]:
    """Version and suite that the first endpoint of ``service`` agrees on with a client that ``change`` has prepared."""
    endpoint, keys = it.target.endpoints_of(service)[0], it.target.nodes["all"].keys
    assert keys
    context = ssl.create_default_context(cafile=str(it.target.ca))
    context.load_cert_chain(keys.certificate, keys.key)
    change(context)
    with (
        socket.create_connection((endpoint.host, endpoint.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as sock,
    ):
        return sock.version() or "", (sock.cipher() or ("",))[0]


def only_tls12(suites: str) -> Callable[[ssl.SSLContext], object]:
    def change(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(suites)

    return change


def only_tls10(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= ssl.OP_NO_TLSv1_3 | ssl.OP_NO_TLSv1_2 | ssl.OP_NO_TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def test_nothing_is_left_even_after_an_exception(tmp_path: Path) -> None:
    def count() -> tuple[int, int]:
        return threading.active_count(), len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0

    def fail_with_open_connections(peers: ExitStack) -> None:
        with start(environment(), tmp_path) as it:
            for endpoint in it.target.endpoints:
                peers.enter_context(socket.create_connection((endpoint.host, endpoint.port)))
            shake_hands(it, "dicom")
            raise RuntimeError

    before = count()
    with ExitStack() as peers, pytest.raises(RuntimeError):
        fail_with_open_connections(peers)
    assert count() == before


def test_target_is_complete_and_made_afresh(tmp_path: Path) -> None:
    seen = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir(mode=0o700)
        with start(environment(), tmp_path / name) as it:
            target = it.target
            assert [str(endpoint).partition(":")[0] for endpoint in target.endpoints] == ["dicoms", "https"]
            assert set(target.nodes) == {"all", "query", "store", "reader", "unknown"}
            assert all(len(node.aet) <= 16 and node.keys and node.identity for node in target.nodes.values())
            assert target.ceiling is Impact.DISRUPTIVE
            assert target.ca is not None
            assert target.ca.is_file()
            seen.append((target.called_aet, target.move_destination, target.nodes["all"], it.fingerprint()))
    assert not set(seen[0]) & set(seen[1])


@pytest.mark.parametrize("weakness", WEAKNESSES)
def test_every_weakness_starts_and_says_what_it_is(tmp_path: Path, weakness: str) -> None:
    found = tomllib.loads((FOLDER / "weak" / f"{weakness}.toml").read_text())
    assert set(found) - {"refutes_also", "refutes_not"} == {"fix", "merge"}
    with start(environment(weakness), tmp_path) as it:
        assert it.target.endpoints


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"no_such": 1}, "no_such"),
        ({"banner": "yes"}, "banner"),
        ({"dies_after": True}, "dies_after"),
        ({"anonymous": "find"}, "anonymous"),
        ({"anonymous": ["fly"]}, "fly"),
        ({"minimum_tls_web": "0.9"}, "0.9"),
    ],
)
def test_setting_that_cannot_be_used_is_named(table: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        parse(table)


def test_settings_of_the_right_kind() -> None:
    assert parse({"idle_seconds": 3, "anonymous": ["find"]}) == Settings(idle_seconds=3.0, anonymous=("find",))


@pytest.mark.parametrize("missing", ["target", "nodes"])
def test_environment_without_a_table(tmp_path: Path, missing: str) -> None:
    rest = {name: table for name, table in environment().items() if name != missing}
    with pytest.raises(BadInput, match=missing), start(rest, tmp_path):
        pass


@pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning")
@pytest.mark.parametrize("service", ["dicom", "web"])
def test_tls_of_the_endpoints(tmp_path: Path, service: str) -> None:
    cbc = only_tls12("ECDHE-ECDSA-AES128-SHA")
    with start(environment(), tmp_path) as it:
        assert shake_hands(it, service)[0] == "TLSv1.3"
        assert shake_hands(it, service, only_tls12("ECDHE+AESGCM"))[0] == "TLSv1.2"
        for weak in (cbc, only_tls10):
            with pytest.raises(ssl.SSLError):
                shake_hands(it, service, weak)


@pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning")
@pytest.mark.parametrize("service", ["dicom", "web"])
@pytest.mark.parametrize(
    ("weakness", "change", "version"),
    [
        ("obsolete-tls", only_tls10, "TLSv1"),
        ("cbc-suites", only_tls12("ECDHE-ECDSA-AES128-SHA"), "TLSv1.2"),
        ("no-tls13", lambda context: None, "TLSv1.2"),
    ],
)
def test_tls_weakness(tmp_path: Path, service: str, weakness: str, change: Any, version: str) -> None:
    endpoint = {"dicom": "dimse", "web": "http"}[service]
    name = weakness if weakness == "no-tls13" else f"{weakness}-{endpoint}"
    with start(environment(name), tmp_path) as it:
        assert shake_hands(it, service, change)[0] == version


@pytest.mark.parametrize("defect", ["expired", "wrong-name", "self-signed", "rsa1024"])
def test_server_certificate_weakness(tmp_path: Path, defect: str) -> None:
    with start(environment(f"certificate-{defect}"), tmp_path) as it, pytest.raises(ssl.SSLError):
        shake_hands(it, "web")


def test_fault_hangs_after_accept(tmp_path: Path) -> None:
    with start(environment(hangs_after_accept=True), tmp_path) as it:
        endpoint = it.target.endpoints[0]
        with socket.create_connection((endpoint.host, endpoint.port), 0.3) as sock, pytest.raises(TimeoutError):
            ssl.create_default_context().wrap_socket(sock, server_hostname="localhost")


def test_fault_silent_after_tls(tmp_path: Path) -> None:
    with start(environment(silent_after_tls=True), tmp_path) as it:
        endpoint = it.target.endpoints_of("web")[0]
        context = ssl.create_default_context(cafile=str(it.target.ca))
        with (
            socket.create_connection((endpoint.host, endpoint.port), 0.3) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as sock,
        ):
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with pytest.raises(TimeoutError):
                sock.recv(1)


def test_fault_dies_after(tmp_path: Path) -> None:
    with start(environment(dies_after=2, plaintext_dicom=True), tmp_path) as it:
        before, endpoint = it.fingerprint(), it.target.endpoints_of("dicom")[1]
        for _ in range(2):
            assert "down" not in it.fingerprint()
            with socket.create_connection((endpoint.host, endpoint.port), 5) as sock:
                sock.sendall(b"\x63\0\0\0\0\x04")
                while sock.recv(4096):
                    pass
        for each in it.target.endpoints:
            with pytest.raises(OSError, match=r"refused|reset"):
                socket.create_connection((each.host, each.port), 5).close()
        assert it.fingerprint() != before

"""A target's audit records, seen where its file says: received, followed in a file, or printed by a command."""

from __future__ import annotations

import json
import socket
import ssl
import sys
from pathlib import Path

import pytest

from pacs_hardening.config.targetfile import read
from pacs_hardening.launch.lines import Lines
from pacs_hardening.launch.logs import followed
from pacs_hardening.model import BadInput, Unmeasurable
from pacs_hardening.model.logs import AuditLog
from pacs_hardening.pki.authority import make

ONE, TWO = "<85>1 one", "<85>1 two"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_file_is_followed_from_its_end_and_when_it_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    file.write_text("<85>1 from before\n")
    with followed(AuditLog(file=str(file))) as trail:
        with file.open("a") as log:
            log.write(f"Nov 29 10:00:00 pacs {ONE}\n")
        assert [record.text for record in trail.after(0, 10)] == [ONE]
        file.rename(tmp_path / "audit.log.1")
        file.write_text(f"{TWO}\n")
        assert [(record.text, record.encrypted) for record in trail.after(1, 10)] == [(TWO, None)]


def test_a_command_is_read_until_it_ends() -> None:
    with followed(AuditLog(command=(sys.executable, "-c", f"print({ONE!r})"))) as trail:
        assert [record.text for record in trail.after(0, 10)] == [ONE]
        with pytest.raises(Unmeasurable):
            trail.after(1, 10)


MESSAGE = "<AuditMessage><EventIdentification/></AuditMessage>"


@pytest.mark.parametrize(
    ("log", "records"),
    [
        (f"2026-11-29T10:00:00Z pacs {ONE}\n", [ONE]),
        (f'proxy: GET /x "{ONE}"\n', [f'proxy: GET /x "{ONE}"']),
        (f"proxy: user x\\r\\n{ONE}\n", [f"proxy: user x\\r\\n{ONE}"]),
        (json.dumps({"log": f"{ONE}\n", "stream": "stdout"}) + "\n", [ONE]),
        (json.dumps({"SYSLOG_IDENTIFIER": "dcm", "MESSAGE": MESSAGE}) + "\n", [MESSAGE]),
        ('{"log": 1}\n{not JSON\n', ['{"log": 1}', "{not JSON"]),
        (MESSAGE.replace("><", ">\n<") + f"\n{ONE}\n", [MESSAGE.replace("><", ">\n<"), ONE]),
        (f"<AuditMessage> and no end\n{MESSAGE}\n", ["<AuditMessage> and no end", MESSAGE]),
    ],
)
def test_lines_of_a_log_are_the_messages_in_them(log: str, records: list[str]) -> None:
    lines = Lines()
    whole = [record.text.strip() for byte in log.encode() for record in lines.records(bytes([byte]))]
    assert whole == records


def test_datagrams_are_received() -> None:
    port = free_port(socket.SOCK_DGRAM)
    with followed(AuditLog(listen=f"udp://127.0.0.1:{port}")) as trail, socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(ONE.encode(), ("127.0.0.1", port))
        assert [(record.text, record.encrypted) for record in trail.after(0, 10)] == [(ONE, False)]


@pytest.mark.parametrize("framed", [f"{len(ONE)} {ONE}{len(TWO)} {TWO}", f"{ONE}\n{TWO}\n"])
def test_streams_are_received_in_both_framings(framed: str) -> None:
    port = free_port()
    with followed(AuditLog(listen=f"tcp://127.0.0.1:{port}")) as trail:
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(framed.encode())
        assert trail.after(1, 10)
        assert [record.text.strip() for record in trail.after(0, 10)] == [ONE, TWO]


def test_tls_is_received_and_seen_to_be(tmp_path: Path) -> None:
    made, port = make(tmp_path / "pki", {"all": "all"}, ["localhost"]), free_port()
    with followed(AuditLog(listen=f"tls://127.0.0.1:{port}", keys=made.server)) as trail:
        context = ssl.create_default_context(cafile=str(made.ca))
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.settimeout(10)
            with context.wrap_socket(plain, server_hostname="localhost") as sender:
                sender.sendall(f"{len(ONE)} {ONE}".encode())
                assert [(record.text, record.encrypted) for record in trail.after(0, 10)] == [(ONE, True)]


@pytest.mark.parametrize(
    "log",
    [AuditLog(file="/nonexistent/audit.log"), AuditLog(command=("/nonexistent/command",))],
    ids=["file", "command"],
)
def test_what_cannot_be_read_is_unmeasurable(log: AuditLog) -> None:
    with pytest.raises(Unmeasurable, match="audit: "), followed(log):
        pass


@pytest.mark.parametrize("text", ['listen = "udp://127.0.0.1:514"\nfile = "x"', "", 'listen = "http://x:1"'])
def test_one_way_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "t.toml"
    file.write_text(f'called_aet = "PACS"\nendpoints = ["dicom://127.0.0.1:104"]\n[audit]\n{text}\n')
    with pytest.raises(BadInput, match="audit"):
        read(str(file))

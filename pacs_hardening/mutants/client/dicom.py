"""A small requestor of its own, on a bare socket: it does exactly what a play says, and tells what came back.

A play maps names of facts (embedded/facts.py) to the values that the peer shows; what it leaves out is as any requestor
has it. It shares nothing with the suite's own requestor: what proves a mutant open must not be what looks for it.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from ...model import Endpoint
from .associate import MODELS, Caller, accepted, contexts_of, request
from .dimse import COMMANDS, command, encoded, parse_command

SECONDS = 8.0


@dataclass
class Told:
    """What came back. ``status`` is the last of the last message, -1 where none came; ``datasets`` are identifiers, or
    objects of C-GET; ``completed`` counts the sub-operations that a C-MOVE reported."""

    accepted: bool = False
    how: str = ""
    status: int = -1
    completed: int = 0
    datasets: list[bytes] = field(default_factory=list)

    @property
    def served(self) -> bool:
        """Success, or what only somebody who is served gets to see: answers, objects, too many matches."""
        return self.status == 0 or bool(self.datasets) or self.completed > 0 or self.status == 0xA700


def ask(
    endpoint: Endpoint,
    called: str,
    caller: Caller,
    service: str,
    content: Dataset | None = None,
    play: Mapping[str, str] | None = None,
) -> Told:
    """One association with one message, or with as many as the play's ``message`` says, of which the last counts."""
    play, told = dict(play or {}), Told()
    sop_class = play.get("sop-class", MODELS[service])
    try:
        with _connected(endpoint, caller, play) as sock:
            contexts = contexts_of(service, sop_class, play)
            sock.sendall(request(called, caller, contexts, play))
            kind, body = _pdu(sock)
            told.how = {2: "accepted", 3: f"A-ASSOCIATE-RJ {body[1:4].hex()}", 7: "A-ABORT"}.get(kind, f"PDU {kind}")
            told.accepted = kind == 2
            if told.accepted:
                _converse(sock, accepted(body), contexts, service, sop_class, content, play, told)
    except (OSError, struct.error) as error:
        told.how = told.how or f"closed: {type(error).__name__}"
    return told


def _connected(endpoint: Endpoint, caller: Caller, play: Mapping[str, str]) -> socket.socket:
    plain = socket.create_connection((endpoint.host, endpoint.port), timeout=SECONDS)
    if not endpoint.tls:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if caller.keys is not None:
        context.load_cert_chain(caller.keys.certificate, caller.keys.key)
    if "tls" in play:
        version = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}[play["tls"]]
        context.minimum_version = context.maximum_version = version
    if "cipher" in play:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(play["cipher"])
    if "alpn" in play:
        context.set_alpn_protocols([play["alpn"]])
    return context.wrap_socket(plain, server_hostname=play.get("sni") or None)


def _converse(
    sock: socket.socket,
    syntaxes: Mapping[int, str],
    contexts: list[tuple[int, str, list[str]]],
    service: str,
    sop_class: str,
    content: Dataset | None,
    play: Mapping[str, str],
    told: Told,
) -> None:
    own = next(number for number, uid, _ in contexts if uid == sop_class)
    if own not in syntaxes:
        told.how = "context refused"
        return
    count, echo_context = int(play.get("message", "1")), 0
    if "echo-first" in play:
        echo_context = next((number for number, uid, _ in contexts if uid == MODELS["echo"] and number in syntaxes), 0)
    for number in range(1, count + 1):
        told.status, told.completed, told.datasets = -1, 0, []
        if echo_context and number < count:
            _send(sock, echo_context, command("echo", MODELS["echo"], number, {}), None, "")
        else:
            about = {**play, "instance": str(content.get("SOPInstanceUID", "")) if content is not None else ""}
            message_id = int(play.get("message-id", str(number)))
            _send(sock, own, command(service, sop_class, message_id, about), content, syntaxes[own])
        _responses(sock, told)
    sock.sendall(bytes.fromhex("05000000000400000000"))


def _send(sock: socket.socket, context: int, head: bytes, content: Dataset | None, syntax: str) -> None:
    sock.sendall(_data(context, 3, head))
    if content is not None:
        body = encoded(content, syntax)
        for at in range(0, len(body), 8192):
            sock.sendall(_data(context, 2 if at + 8192 >= len(body) else 0, body[at : at + 8192]))


def _data(context: int, control: int, value: bytes) -> bytes:
    return struct.pack(">BxLLBB", 4, len(value) + 6, len(value) + 2, context, control) + value


def _responses(sock: socket.socket, told: Told) -> None:
    """Read until the request is answered for good; an object that a C-GET sends is answered with Success."""
    head, body, answer = b"", b"", {}
    while True:
        kind, pdu = _pdu(sock)
        if kind != 4:
            told.how = {7: "A-ABORT", 6: "released"}.get(kind, f"PDU {kind}")
            return
        at = 0
        while at + 6 <= len(pdu):
            length, context, control = struct.unpack_from(">LBB", pdu, at)
            value = pdu[at + 6 : at + 4 + length]
            at += 4 + length
            if control & 1:
                head += value
                if control & 2:
                    answer, head, body = parse_command(head), b"", b""
                    told.completed = max(told.completed, answer.get("completed", 0))
            else:
                body += value
                if control & 2:
                    told.datasets.append(body)
            whole = control & 2 and (not control & 1 or answer.get("no-data", True))
            if whole and answer["field"] == COMMANDS["store"] and answer.get("status") is None:
                reply = command(
                    "store-answer", str(answer["class"]), int(answer["id"]), {"instance": str(answer["instance"])}
                )
                _send(sock, context, reply, None, "")
            elif whole and answer["status"] not in (0xFF00, 0xFF01):
                told.status = answer["status"]
                told.how = f"status {told.status:04X}H"
                return


def _pdu(sock: socket.socket) -> tuple[int, bytes]:
    kind, length = struct.unpack(">BxL", _exactly(sock, 6))
    return kind, _exactly(sock, length)


def _exactly(sock: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        more = sock.recv(count - len(got))
        if not more:
            raise ConnectionAbortedError("the archive closed")
        got += more
    return got

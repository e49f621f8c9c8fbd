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

from ...model import Endpoint, KeyPair
from .dimse import COMMANDS, IMPLICIT, command, encoded, parse_command

SECONDS = 8.0
STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2."
_QUERY_RETRIEVE = "1.2.840.10008.5.1.4.1.2."
MODELS = {
    "echo": "1.2.840.10008.1.1",
    "find": f"{STUDY_ROOT}1",
    "move": f"{STUDY_ROOT}2",
    "get": f"{STUDY_ROOT}3",
    "store": "1.2.840.10008.5.1.4.1.1.7",
}
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLEMENTATION = "1.2.276.0.7230010.3.0.3.6.4"


@dataclass(frozen=True)
class Caller:
    """Who asks: the certificate of ``keys`` (None: none), an AE title, a user name and its passcode where given."""

    keys: KeyPair | None
    title: str
    identity: tuple[str, str] | None = None


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
            contexts = _contexts(service, sop_class, play)
            sock.sendall(_request(called, caller, contexts, play))
            kind, body = _pdu(sock)
            told.how = {2: "accepted", 3: f"A-ASSOCIATE-RJ {body[1:4].hex()}", 7: "A-ABORT"}.get(kind, f"PDU {kind}")
            told.accepted = kind == 2
            if told.accepted:
                _converse(sock, _accepted(body), contexts, service, sop_class, content, play, told)
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


def _contexts(service: str, sop_class: str, play: Mapping[str, str]) -> list[tuple[int, str, list[str]]]:
    """(id, abstract syntax, transfer syntaxes) of each presentation context; the message's own is the first."""
    abstract = [sop_class]
    if service == "get":
        abstract += [MODELS["store"], CT, MR]
    if int(play.get("message", "1")) > 1 and "echo-first" in play:
        abstract.append(MODELS["echo"])
    abstract += [uid for uid in play.get("abstract-syntaxes", "").split() if uid not in abstract]
    wanted = int(play.get("contexts", "0"))
    abstract += [MODELS["echo"]] * (wanted - len(abstract))
    syntaxes = play.get("message-syntax", IMPLICIT).split() + play.get("transfer-syntaxes", "").split()
    first = int(play.get("first-context", "1"))
    ids = [(first + 2 * number - 1) % 256 + 1 for number in range(len(abstract))]
    ids = [number if number % 2 else number - 1 for number in ids]
    if "last-context" in play and len(ids) > 1:
        ids[-1] = int(play["last-context"])
    elif "last-context" in play:
        ids[0] = int(play["last-context"])
    listed = [(number, uid, list(dict.fromkeys(syntaxes))) for number, uid in zip(ids, abstract, strict=True)]
    return listed[::-1] if play.get("order") == "falling" else listed


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def _request(called: str, caller: Caller, contexts: list[tuple[int, str, list[str]]], play: Mapping[str, str]) -> bytes:
    """PS3.8 9.3.2."""
    title = play.get("calling-as-sent", play.get("calling", caller.title))
    body = struct.pack(">HH", int(play.get("protocol-version", "1")), 0)
    body += play.get("called", called).ljust(16).encode("latin-1")[:16] + title.ljust(16).encode("latin-1")[:16]
    body += bytes.fromhex(play.get("reserved", "00" * 32))
    body += _item(0x10, play.get("application-context", "1.2.840.10008.3.1.1.1").encode())
    for number, uid, syntaxes in contexts:
        subs = _item(0x30, uid.encode()) + b"".join(_item(0x40, each.encode()) for each in syntaxes)
        body += _item(0x20, struct.pack("BBBB", number, 0, 0, 0) + subs)
    body += _item(0x50, _user_information(caller, contexts, play))
    return struct.pack(">BxL", 1, len(body)) + body


def _user_information(caller: Caller, contexts: list[tuple[int, str, list[str]]], play: Mapping[str, str]) -> bytes:
    """PS3.7 annex D.3.3."""
    items = _item(0x51, struct.pack(">L", int(play.get("maximum-length", "32768"))))
    items += _item(0x52, play.get("implementation-class", IMPLEMENTATION).encode())
    if "asynchronous" in play:
        items += _item(0x53, struct.pack(">HH", *map(int, play["asynchronous"].split(","))))
    storing = [uid for _, uid, _ in contexts if uid in (MODELS["store"], CT, MR)]
    retrieving = any(uid.startswith(_QUERY_RETRIEVE) and uid.endswith(".3") for _, uid, _ in contexts)
    roles = dict.fromkeys(storing, (0, 1)) if retrieving else {}
    if "roles" in play:
        uid, role = play["roles"].split()
        roles[uid] = (int("scu" in role), int("scp" in role))
    for uid, pair in roles.items():
        items += _item(0x54, struct.pack(">H", len(uid)) + uid.encode() + bytes(pair))
    if play.get("version-name", "x"):
        items += _item(0x55, play.get("version-name", "OFFIS_DCMTK_364").encode("latin-1"))
    for name, kind in (("extended", 0x56), ("common-extended", 0x57)):
        if name in play:
            named = play[name].encode()
            tail = b"\1" if kind == 0x56 else struct.pack(">H", 0) + struct.pack(">H", 0)
            items += _item(kind, struct.pack(">H", len(named)) + named + tail)
    if "further-item" in play:
        items += _item(int(play["further-item"]), b"x")
    who = caller.identity
    if who is None and any(
        name in play for name in ("identity", "identity-type", "passcode", "identity-asks-response")
    ):
        who = ("", "")
    if who is not None:
        first = play.get("identity", who[0]).encode("latin-1")
        second = play.get("passcode", who[1]).encode("latin-1")
        kind, asks = int(play.get("identity-type", "2")), int(play.get("identity-asks-response", "0"))
        second = second if kind == 2 else b""
        items += _item(
            0x58, struct.pack(">BBH", kind, asks, len(first)) + first + struct.pack(">H", len(second)) + second
        )
    return items


def _accepted(body: bytes) -> dict[int, str]:
    """Context id -> transfer syntax, of an A-ASSOCIATE-AC."""
    found, at = {}, 68
    while at + 4 <= len(body):
        kind, length = struct.unpack_from(">BxH", body, at)
        if kind == 0x21 and body[at + 6] == 0:
            size = struct.unpack_from(">H", body, at + 10)[0]
            found[body[at + 4]] = body[at + 12 : at + 12 + size].decode().rstrip("\0")
        at += 4 + length
    return found


def _converse(
    sock: socket.socket,
    accepted: Mapping[int, str],
    contexts: list[tuple[int, str, list[str]]],
    service: str,
    sop_class: str,
    content: Dataset | None,
    play: Mapping[str, str],
    told: Told,
) -> None:
    own = next(number for number, uid, _ in contexts if uid == sop_class)
    if own not in accepted:
        told.how = "context refused"
        return
    count, echo_context = int(play.get("message", "1")), 0
    if "echo-first" in play:
        echo_context = next((number for number, uid, _ in contexts if uid == MODELS["echo"] and number in accepted), 0)
    for number in range(1, count + 1):
        told.status, told.completed, told.datasets = -1, 0, []
        if echo_context and number < count:
            _send(sock, echo_context, command("echo", MODELS["echo"], number, {}), None, "")
        else:
            about = {**play, "instance": str(content.get("SOPInstanceUID", "")) if content is not None else ""}
            message_id = int(play.get("message-id", str(number)))
            _send(sock, own, command(service, sop_class, message_id, about), content, accepted[own])
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

"""The dimensions of how a peer opens a conversation: TLS, and what an A-ASSOCIATE-RQ says beside who and what."""

from __future__ import annotations

import ssl
import struct
from collections.abc import Callable
from dataclasses import replace

from ..model import Target
from ..wire import pdu
from . import services
from .bid import Bid
from .dimension import Dimension, Layer, Value

_LABELS = (
    "localhost", "pacs", "archive", "dicom", "gateway", "admin", "internal", "monitor", "backup", "vpn", "127-0-0-1",
    "health", "test",
)  # fmt: skip
_DOMAINS = ("", ".localdomain", ".local", ".internal", ".example", ".lan", ".svc.cluster.local")
# TLS 1.2 suites of one kind each, so that what is agreed on is of that kind (OpenSSL's names).
SUITES = {
    "1.2-chacha20": "ECDHE+CHACHA20", "1.2-aes128-gcm": "ECDHE+AESGCM+AES128", "1.2-aes256-gcm": "ECDHE+AESGCM+AES256",
}  # fmt: skip
RARELY = 0.3  # in so many ways of many dimensions, since an archive might mind


def handshake(target: Target) -> list[Dimension[Bid]]:
    """Server name, application protocol and suite that the ClientHello asks for (RFC 6066 3, RFC 7301)."""
    names = {"none": "192.0.2.1", "called": target.called_aet.lower(), "other": "other.invalid"}
    domain = target.server_name.partition(".")[2]
    domains = (*_DOMAINS, *([f".{domain}"] if domain else ()))
    hosts = [label + domain for domain in domains for label in _LABELS]
    names |= {host: host for host in hosts if host != target.server_name}

    def asking_for(name: str) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, sni=name)

    def speaking(protocol: str) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, alpn=(protocol,))

    def by(suites: str) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, tls=ssl.TLSVersion.TLSv1_2, suites=suites)

    protocols = ("dicom", "acr-nema", "h2", "http/1.1")
    old: Value[Bid] = Value("1.2", lambda bid: replace(bid, tls=ssl.TLSVersion.TLSv1_2))
    some = (Value(name, by(suites)) for name, suites in SUITES.items())
    weights = [3.0 if "." not in name else 1.0 for name in names]
    return [
        Dimension(
            "sni",
            tuple(Value(n, asking_for(sent), w) for (n, sent), w in zip(names.items(), weights, strict=True)),
            Layer.TLS,
            0.5,
        ),
        Dimension(
            "tls-session", (Value("resumed", lambda bid: replace(bid, resumed=True), weight=5),), Layer.TLS, often=0.1
        ),
        Dimension("alpn", tuple(Value(name, speaking(name)) for name in protocols), Layer.TLS, RARELY),
        Dimension("tls-version", (old, *some), Layer.TLS, RARELY),
    ]


def user_information() -> list[Dimension[Bid]]:
    """Sub-items of PS3.7 D.3.3 that are neither names nor users: windows, extended and role negotiation."""

    def with_items(*items: bytes) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, negotiation=(*bid.negotiation, *items))

    def window(invoked: int, performed: int) -> bytes:
        return pdu.item(0x53, struct.pack(">HH", invoked, performed))

    def uid_item(kind: int, uid: str, rest: bytes) -> bytes:
        raw = uid.encode()
        return pdu.item(kind, struct.pack(">H", len(raw)) + raw + rest)

    find, get = services.TABLE[services.FIND].sop_class, services.TABLE[services.GET].sop_class
    asked = [each for each in services.TABLE.values() if each.service in ("C-FIND", "C-GET", "C-MOVE")]
    windows = {f"{n}-{m}": (n, m) for n, m in ((1, 1), (2, 2), (3, 3), (5, 5), (8, 8), (16, 1), (1, 16))}
    windows |= {"unlimited": (0, 0), "65535": (65535, 65535)}
    every = [uid_item(0x56, uid, b"\1\1\1") for uid in dict.fromkeys(each.sop_class for each in asked)]
    extended = {
        "relational-find": (uid_item(0x56, find, b"\1"),),
        "all-of-find": (uid_item(0x56, find, b"\1\1\1\1\1"),),
        "relational-get": (uid_item(0x56, get, b"\1"),),
        "of-every-class": tuple(every),
        "empty": (uid_item(0x56, find, b""),),
    }
    related = [
        uid_item(0x57, uid, struct.pack(">H", 17) + b"1.2.840.10008.4.2" + b"\0\0")
        for uid in services.storage_classes()
    ]
    role = pdu.role_selection(find, scu=False, scp=True)
    unknown = {"5A": pdu.item(0x5A, b"\0\0"), "FF": pdu.item(0xFF, b"")}
    return [
        Dimension(
            "async-window", _values({n: with_items(window(*w)) for n, w in windows.items()}, 2), Layer.ASSOCIATION
        ),
        Dimension("extended", _values({n: with_items(*i) for n, i in extended.items()}, 2), Layer.ASSOCIATION),
        Dimension(
            "common-extended",
            _values({"storage": with_items(related[0]), "of-every-class": with_items(*related[:60])}, 2),
            Layer.ASSOCIATION,
        ),
        Dimension(
            "query-role",
            (
                Value("scp", with_items(role), weight=2, mixes=False),
                Value("both", with_items(pdu.role_selection(find, scu=True, scp=True)), weight=2),
            ),
            Layer.ASSOCIATION,
        ),
        Dimension(
            "other-item",
            tuple(Value(n, with_items(i), mixes=False) for n, i in unknown.items()),
            Layer.ASSOCIATION,
        ),
    ]


def fixed_fields() -> list[Dimension[Bid]]:
    """Maximum length (PS3.8 D.1), protocol version, application context, and bytes that are reserved (PS3.8 9.3.2)."""

    def at(field: str, value: object) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, **{field: value})  # type: ignore[arg-type]

    right = pdu.APPLICATION_CONTEXT
    applications = {
        "nul-padded": right + b"\0",
        "other": b"1.2.840.10008.3.1.1.2",
        "longer": right + b".1",
        "empty": b"",
    }
    lengths = (4096, 8192, 16378, 16382, 28672, 32768, 64000, 65536, 131072, 1048576, 4194304)
    versions = (0, 2, 3, 5, 255, 257, 32769, 65535)
    reserved = {
        "first-1": b"\1", "last-1": bytes(31) + b"\1", "of-A": b"A" * 32, "of-FF": b"\xff" * 32, "of-space": b" " * 32,
    }  # fmt: skip
    return [
        Dimension(
            "max-length",
            (
                *_values({str(n): at("max_pdu", n) for n in lengths}),
                *_values({"unlimited": at("max_pdu", 0), "4294967295": at("max_pdu", 0xFFFFFFFF)}),
                Value("1", at("max_pdu", 1), mixes=False),
                Value("missing", at("max_pdu", None), mixes=False),
            ),
            Layer.ASSOCIATION,
        ),
        Dimension(
            "protocol-version",  # only the lowest bit is tested (PS3.8 table 9-11)
            tuple(Value(str(n), at("protocol_version", n), 2, mixes=bool(n & 1)) for n in versions),
            Layer.ASSOCIATION,
        ),
        Dimension(
            "application-context",
            tuple(Value(n, at("application_context", v), 2, mixes=False) for n, v in applications.items()),
            Layer.ASSOCIATION,
        ),
        Dimension("reserved", _values({n: at("reserved", raw) for n, raw in reserved.items()}), Layer.ASSOCIATION, 0.4),
    ]


def _values(changes: dict[str, Callable[[Bid], Bid]], weight: float = 1.0) -> tuple[Value[Bid], ...]:
    return tuple(Value(name, change, weight) for name, change in changes.items())

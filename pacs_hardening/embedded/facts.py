"""Facts of a peer, of its messages and of its requests, by name, for the tests of an opening (policy.py).

They are read leniently, and only by an archive that has openings: what cannot be read is not there.
"""

from __future__ import annotations

import ssl
import struct
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode

from .policy import Fact
from .request import Malformed, items, parse

_FIXED = 74
_LEVEL, _CHARSET = "QueryRetrieveLevel", "SpecificCharacterSet"
_SERVICE = {"C_ECHO": "echo", "C_FIND": "find", "C_GET": "get", "C_MOVE": "move", "C_STORE": "store"}
_PRIORITY = {0: "medium", 1: "high", 2: "low"}


def channel(sock: object, number: int) -> dict[str, Fact]:
    """Of the connection: ``number`` counts those of this endpoint."""
    found: dict[str, Fact] = {"connection": number}
    if isinstance(sock, ssl.SSLSocket):
        cipher = sock.cipher()
        found |= {
            "sni": getattr(sock, "asked_name", "") or "",
            "alpn": sock.selected_alpn_protocol() or "",
            "tls": sock.version() or "",
            "cipher": cipher[0] if cipher else "",
        }
    return found


def association(pdu: bytes, common_name: str | None) -> dict[str, Fact]:
    """Of an A-ASSOCIATE-RQ (PS3.8 9.3.2, PS3.7 annex D)."""
    try:
        request = parse(pdu)
    except Malformed:
        return {}
    found: dict[str, Fact] = {
        "called": _text(request.called).rstrip(" "),
        "calling": _text(request.calling).rstrip(" "),
        "calling-as-sent": _text(request.calling),
        "certificate": common_name or "",
        "protocol-version": struct.unpack_from(">H", pdu, 6)[0],
        "reserved": pdu[42:74].hex(),
        "abstract-syntaxes": tuple(sorted(request.abstract_syntaxes)),
        "transfer-syntaxes": tuple(sorted(request.transfer_syntaxes)),
        "bytes": len(pdu),
    }
    found["same-titles"] = "yes" if found["called"] == found["calling"] else "no"
    contexts = [body for kind, body in items(pdu[_FIXED:]) if kind == 0x20]
    found |= {
        "contexts": len(contexts),
        "first-context": contexts[0][0],
        "last-context": max(body[0] for body in contexts),
        "order": "falling" if contexts[0][0] > contexts[-1][0] else "rising",
        "syntaxes-of-first": sum(kind == 0x40 for kind, _ in items(contexts[0][4:])),
    }
    for kind, body in items(next(body for kind, body in items(pdu[_FIXED:]) if kind == 0x50)):
        _user_item(kind, body, found)
    return found


def _user_item(kind: int, body: bytes, found: dict[str, Fact]) -> None:
    match kind:
        case 0x51 if len(body) == 4:
            found["maximum-length"] = struct.unpack(">L", body)[0]
        case 0x52:
            found["implementation-class"] = _text(body).rstrip("\0")
        case 0x53 if len(body) == 4:
            found["asynchronous"] = ",".join(map(str, struct.unpack(">HH", body)))
        case 0x54 if len(body) > 4:
            end = 2 + struct.unpack_from(">H", body)[0]
            roles = "".join(role for role, byte in zip(("scu", "scp"), body[end : end + 2], strict=False) if byte)
            found["roles"] = (*_texts(found, "roles"), f"{_text(body[2:end])} {roles}")
        case 0x55:
            found["version-name"] = _text(body)
        case 0x56 | 0x57 if len(body) > 2:
            name = "extended" if kind == 0x56 else "common-extended"
            uid = body[2 : 2 + struct.unpack_from(">H", body)[0]]
            found[name] = (*_texts(found, name), _text(uid))
        case 0x58 if len(body) >= 6:
            first = struct.unpack_from(">H", body, 2)[0]
            found |= {
                "identity-type": body[0],
                "identity-asks-response": body[1],
                "identity": _text(body[4 : 4 + first]),
                "passcode": _text(body[6 + first :]),
            }
        case _:
            found["further-item"] = kind


def _texts(found: Mapping[str, Fact], name: str) -> tuple[str, ...]:
    value = found.get(name, ())
    return value if isinstance(value, tuple) else ()


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def message(request: Any, context: Any, number: int) -> dict[str, Fact]:
    """Of a DIMSE request: ``number`` counts those of its association; ``context`` is the one that it came on."""
    found: dict[str, Fact] = {
        "service": _SERVICE.get(type(request).__name__, "normalized"),
        "sop-class": str(getattr(request, "AffectedSOPClassUID", "") or ""),
        "instance": str(getattr(request, "AffectedSOPInstanceUID", "") or ""),
        "message": number,
        "message-id": int(request.MessageID or 0),
        "priority": _PRIORITY.get(getattr(request, "Priority", None) or 0, "other"),
        "destination": str(getattr(request, "MoveDestination", "") or "").strip(),
        "originator": str(getattr(request, "MoveOriginatorApplicationEntityTitle", "") or "").strip(),
        "context": context.context_id,
        "message-syntax": str(context.transfer_syntax[0]),
    }
    held = getattr(request, "Identifier", None) or getattr(request, "DataSet", None)
    if held is not None:
        syntax = context.transfer_syntax[0]
        found["length"] = len(held.getvalue())
        try:
            dataset = decode(BytesIO(held.getvalue()), syntax.is_implicit_VR, syntax.is_little_endian)
            found |= _content(dataset)
        except Exception:  # noqa: BLE001 - pydicom raises whatever a malformed data set leads to
            return found
    return found


def _content(dataset: Dataset) -> dict[str, Fact]:
    found: dict[str, Fact] = {"level": str(dataset.get(_LEVEL, ""))}
    found["character-set"] = str(dataset.get(_CHARSET, ""))
    keys = {e.keyword: e.value for e in dataset if e.keyword and e.VR not in ("SQ", "OB", "OW", "UN")}
    keys = {
        name: str(value) for name, value in keys.items() if name not in (_LEVEL, _CHARSET) and value not in (None, "")
    }
    found |= {f"key:{name}": value for name, value in keys.items()}
    kinds = {_kind(value) for value in keys.values()} or {"universal"}
    found |= {"key-kinds": tuple(sorted(kinds)), "keys": len(keys), "attributes": len(dataset)}
    found["sequences"] = sum(element.VR == "SQ" for element in dataset)
    found["private"] = sum(element.tag.is_private for element in dataset)
    return found


def _kind(value: str) -> str:
    """PS3.4 C.2.2.2."""
    if value.strip("*") == "":
        return "universal"
    if "*" in value or "?" in value:
        return "wildcard"
    return (
        "list"
        if "\\" in value or value.startswith("[")
        else "range"
        if "-" in value and value[:1].isdigit()
        else "single"
    )


def web(
    request_line: str, headers: Any, endpoint: str, path: str, number: int, total: int, kind: str
) -> dict[str, Fact]:
    """Of an HTTP request: ``number`` counts those of its connection, ``total`` those of the endpoint."""
    method, _, rest = request_line.partition(" ")
    target, _, version = rest.rpartition(" ")
    raw, mark, query = target.partition("?")
    found: dict[str, Fact] = {
        "method": method,
        "path": path,
        "raw-path": raw,
        "http": version,
        "endpoint": endpoint,
        "level": kind,
        "request": number,
        "requests": total,
        "query": query if mark else "",
        "headers": len(headers),
        "header-names": tuple(name for name, _ in headers.items()),
        "first-header": next(iter(headers.keys()), ""),
        "spelling": "plain" if raw == path else "other",
    }
    for name, value in headers.items():
        found.setdefault(f"header:{name.lower()}", value)
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[f"query:{name}"] = value
    return found

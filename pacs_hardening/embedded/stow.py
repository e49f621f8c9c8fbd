"""STOW-RS: objects that arrive over HTTP (PS3.18 10.5)."""

from __future__ import annotations

import json
import re
import struct
from io import BytesIO

from pydicom import dcmread

from .store import SUCCESS, UNREADABLE, Store

_NOT_SUPPORTED = 0x0122
_LONG = (b"OB", b"OW", b"SQ", b"UN", b"UT")  # VRs with a 4-byte length that file meta information may hold


def receive(
    store: Store,
    classes: frozenset[str],
    syntaxes: frozenset[str],
    content_type: str,
    body: bytes,
    *,
    overwrite: bool = False,
) -> tuple[int, bytes]:
    """Store each part of a multipart body; gives HTTP status and JSON: 200 if all were stored, 409 with a failure
    reason (0008,1197) for each that was not, 415 for anything but multipart/related."""
    boundary = re.search(r'boundary="?([^";,\s]{1,70})', content_type)
    if not content_type.startswith("multipart/related") or not boundary:
        return 415, b""
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode("latin-1"))[1:-1]
    statuses = [_store(store, classes, syntaxes, part.partition(b"\r\n\r\n")[2], overwrite) for part in parts]
    if statuses and not any(statuses):
        return 200, b"{}"
    failed = [{"00081197": {"vr": "US", "Value": [status]}} for status in statuses if status != SUCCESS]
    return 409, json.dumps({"00081198": {"vr": "SQ", "Value": failed}}).encode()


def _store(store: Store, classes: frozenset[str], syntaxes: frozenset[str], part10: bytes, overwrite: bool) -> int:
    try:
        syntax = _transfer_syntax(part10)
        if syntax not in syntaxes:
            return _NOT_SUPPORTED
        dataset = dcmread(BytesIO(part10))
        sop_class = str(dataset.SOPClassUID)
    except Exception:  # noqa: BLE001 - pydicom raises whatever a malformed file leads to
        return UNREADABLE
    return store.add(dataset, syntax, overwrite=overwrite) if sop_class in classes else _NOT_SUPPORTED


def _transfer_syntax(part10: bytes) -> str:
    """(0002,0010), read without pydicom, which would inflate a deflated data set of any size before it can be asked.

    Raises ValueError or struct.error where the file meta information has none (PS3.10 7.1).
    """
    position = 132
    while part10[128:132] == b"DICM" and part10[position : position + 2] == b"\2\0":
        element, kind = struct.unpack_from("<H2s", part10, position + 2)
        long = kind in _LONG
        (length,) = struct.unpack_from("<L" if long else "<H", part10, position + (8 if long else 6))
        start = position + (12 if long else 8)
        if element == 0x10:
            return part10[start : start + length].rstrip(b"\0 ").decode("ascii")
        position = start + length
    raise ValueError("no transfer syntax")

"""What follows from several entries together, as settings of its own (they begin with "_"): rules ask for it.

``_door`` of a connection: ``dicom``, ``dicom-tls``, ``hl7``, ``hl7-tls``, or "" where nobody is listened to.
``_open`` of an AE or HL7 application: by which kind of door it is reached: ``plain``, ``tls`` or "". ``_limited`` of an
AE: has a query a limit? ``_web``: does a web application serve it? ``_overwrites`` of a device: does one of its AEs
follow it in that? ``_roles`` of a web application: has its AE roles, or is it not served? ``_way`` of an audit logger:
``udp``, ``plain``, ``tls`` or ``none``. ``_redacts`` of a coercion. ``_anonymous``, ``_unnamed`` and ``_everybody`` of
slapd: may one bind, ask and read without a name?
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..node import Node
from .device import REFERENCE, Device, Part

SYSLOG = {"SYSLOG_UDP": "udp", "SYSLOG_TLS": "tls"}
_EVERYBODY = re.compile(
    r"\bto\s+(\*|attrs=\S*userPassword\S*|dn\.\S+)\s.*?\bby\s+(\*|anonymous)\s+(read|write|manage|search)\b"
)


def settle(device: Device) -> None:
    """``dicomInstalled`` of a part is that of its device where it is absent (PS3.15 H.1.1.3)."""
    doors = {each.name: _door(each, device) for each in device.of("connection")}
    for part in device.of("connection"):
        _set(part, "_door", doors[part.name])
    titles = {str(_value(each, "dicomAETitle", "")) for each in device.of("web") if _installed(each, device)}
    for part in device.of("ae"):
        acceptor = _value(part, "dicomAssociationAcceptor", True) is not False
        _set(part, "_open", _open(part, device, doors, "dicom") if acceptor else "")
        _set(part, "_web", part.name in titles and _installed(part, device))
        _set(part, "_limited", bool(_limit(part) or (_limit(part) is None and _limit(device.own))))
    served = [each for each in device.of("ae") if each.attributes["_open"].value or each.attributes["_web"].value]
    _set(device.own, "_overwrites", not served or any("dcmOverwritePolicy" not in each.attributes for each in served))
    for part in device.of("hl7"):
        _set(part, "_open", _open(part, device, doors, "hl7"))
    anybody = {each.name for each in served if "dcmAcceptedUserRole" not in each.attributes}
    for part in device.of("web"):
        _set(part, "_roles", str(_value(part, "dicomAETitle", "")) not in anybody)
    for part in device.of("audit"):
        _set(part, "_way", _way(part, device))
    for part in device.of("coercion"):
        _set(part, "_redacts", str(_value(part, "dcmURI", "")).startswith("deidentify"))


def settle_slapd(part: Part) -> None:
    said = {name: [str(each.value) for each in node.value] for name, node in part.attributes.items() if _several(node)}
    if "olcAccess" in said:
        _set(part, "_everybody", any(_EVERYBODY.search(each) for each in said["olcAccess"]))
    if part.name.casefold() == "config":
        _set(part, "_anonymous", not _any("bind_anon", said.get("olcDisallows", [])))
        _set(part, "_unnamed", not _any("authc", said.get("olcRequires", [])))


def _any(word: str, texts: Iterable[str]) -> bool:
    return any(word in each.split() for each in texts)


def _several(node: Node) -> bool:
    return isinstance(node.value, list)


def _door(part: Part, device: Device) -> str:
    protocol = str(_value(part, "dcmProtocol", "DICOM"))
    kind = {"DICOM": "dicom", "HL7": "hl7", "HL7_MLLP2": "hl7"}.get(protocol, "")
    if not kind or "dicomPort" not in part.attributes or not _installed(part, device):
        return ""
    return f"{kind}-tls" if part.attributes.get("dicomTLSCipherSuite", Node([], 0)).value else kind


def _open(part: Part, device: Device, doors: dict[str, str], kind: str) -> str:
    if not _installed(part, device):
        return ""
    named = [doors.get(each, "") for each in _references(part)]
    return "plain" if kind in named else "tls" if f"{kind}-tls" in named else ""


def _way(part: Part, device: Device) -> str:
    if not _installed(part, device):
        return "none"
    named = [each for each in device.of("connection") if each.name in _references(part) and _installed(each, device)]
    ways = {SYSLOG.get(str(_value(each, "dcmProtocol", "DICOM")), "plain") for each in named}
    return next((each for each in ("udp", "plain", "tls") if each in ways), "none")


def _references(part: Part) -> list[str]:
    node = part.attributes.get(REFERENCE)
    return [str(each.value) for each in node.value] if node is not None and isinstance(node.value, list) else []


def _installed(part: Part, device: Device) -> bool:
    own = _value(device.own, "dicomInstalled", True) is not False
    return own and _value(part, "dicomInstalled", True) is not False


def _limit(part: Part) -> object:
    return _value(part, "dcmQueryMaxNumberOfResults", None)


def _value(part: Part, name: str, default: object) -> object:
    return part.attributes[name].value if name in part.attributes else default


def _set(part: Part, name: str, value: object) -> None:
    part.attributes[name] = Node(value, part.line, part.file)

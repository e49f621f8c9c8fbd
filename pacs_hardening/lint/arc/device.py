"""Devices of PS3.15 Annex H, as lint's rules ask for them, from whatever they were read.

``device.<name>`` is an archive, ``peer.<name>`` a device that another program is; below it stand its attributes, and
``connection.<cn>``, ``ae.<title>``, ``hl7.<name>``, ``web.<name>``, ``keycloak.<id>``, ``audit.<cn>``,
``storage.<id>``, ``exporter.<id>``, ``coercion.<cn>`` and ``rule.<cn>``. A reference to a connection is its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..node import Node, Placeholder
from .directory import Entry, Held

REFERENCE = "dicomNetworkConnectionReference"
BY_NAME = {
    "dicomaetitle": "ae",
    "hl7applicationname": "hl7",
    "dcmwebappname": "web",
    "dcmkeycloakclientid": "keycloak",
    "dcmstorageid": "storage",
    "dcmexporterid": "exporter",
}
BY_CLASS = {
    "dicomnetworkconnection": "connection",
    "dcmauditlogger": "audit",
    "dcmarchiveattributecoercion": "coercion",
    "dcmarchiveattributecoercion2": "coercion",
    "dcmexportrule": "rule",
}
SEVERAL = frozenset(  # attributes that are lists, however many values there are
    [
        "dcmAcceptedCallingAETitle", "dcmAcceptedMoveDestination", "dcmAcceptedUserRole", "dcmTLSProtocol",
        "dicomTLSCipherSuite", "hl7AcceptedSendingApplication", "hl7AcceptedMessageType",
        "dicomNetworkConnectionReference", "dcmProperty", "dcmWebServiceClass",
        "dcmLimitAssociationsInitiatedBy", "dcmObjectStorageID", "olcAccess", "olcDisallows", "olcRequires",
        "olcSecurity", "userPassword", "objectClass",
    ]
)  # fmt: skip


@dataclass
class Part:
    """What is below a device, or the device itself (``group`` "")."""

    group: str
    name: str
    attributes: dict[str, Node]
    file: str
    line: int


@dataclass
class Device:
    """``archive``: is it the archive, and no other program?"""

    own: Part
    archive: bool
    parts: list[Part] = field(default_factory=list)

    def of(self, group: str) -> Iterator[Part]:
        return (each for each in self.parts if each.group == group)


def group_of(entry: Entry) -> str:
    """Which group an entry below a device belongs to; "other" where no rule asks for it."""
    kind = entry.path[-1][0].casefold()
    if kind in BY_NAME:
        return BY_NAME[kind]
    for each in entry.texts("objectClass"):
        if each.casefold() in BY_CLASS:
            return BY_CLASS[each.casefold()]
    door = {
        "dicomhostname",
        "dicomport",
        "dcmtlsprotocol",
        "dicomtlsciphersuite",
        "dcmtlsneedclientauth",
        "dcmprotocol",
    }
    return "connection" if not entry.whole and door & set(entry.attributes) else "other"


def node_of(name: str, held: list[Held]) -> Node:
    nodes = [Node(_typed(name, each.value.text), each.value.line, each.file) for each in held]
    several = name in SEVERAL or len(nodes) > 1
    return Node(nodes, nodes[0].line, nodes[0].file) if several else nodes[0]


def _typed(name: str, text: str) -> object:
    """TRUE and FALSE as RFC 4517 writes them; digits are a number, but for names and passwords."""
    if isinstance(text, Placeholder) or name in SEVERAL:
        return text
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    number = text.isascii() and text.removeprefix("-").isdigit() and len(text) < 18
    return int(text) if number and not name.endswith(("Pin", "Password", "Secret", "Name", "AETitle", "PW")) else text

"""A device as the archive exports and takes it (``GET``, ``PUT devices/{name}``; dcm4che's device.schema.json)."""

from __future__ import annotations

from ..node import Node
from .device import REFERENCE, SEVERAL, Device, Part

EXTENSIONS = frozenset(
    [
        "dcmDevice", "dcmArchiveDevice", "dcmNetworkConnection", "dcmNetworkAE", "dcmArchiveNetworkAE",
        "dcmArchiveHL7Application",
    ]
)  # fmt: skip
LISTS = {
    "dicomNetworkConnection": ("connection", "cn"),
    "dicomNetworkAE": ("ae", "dicomAETitle"),
    "hl7Application": ("hl7", "hl7ApplicationName"),
    "dcmWebApp": ("web", "dcmWebAppName"),
    "dcmKeycloakClient": ("keycloak", "dcmKeycloakClientID"),
    "dcmAuditLogger": ("audit", "cn"),
    "dcmStorage": ("storage", "dcmStorageID"),
    "dcmExporter": ("exporter", "dcmExporterID"),
    "dcmArchiveAttributeCoercion": ("coercion", "cn"),
    "dcmArchiveAttributeCoercion2": ("coercion", "cn"),
    "dcmExportRule": ("rule", "cn"),
}
Notice = tuple[str, str, str, int]


def recognises(root: Node) -> bool:
    return isinstance(root.value, dict) and "dicomDeviceName" in root.value


def device(root: Node, file: str) -> tuple[Device, list[Notice]]:
    """The device, and (notice, key, file, line) for what is wrong with it."""
    own = Part("", str(root.value["dicomDeviceName"].value), {}, file, root.line)
    made, notices = Device(own, "dcmArchiveDevice" in root.value), list[Notice]()
    _read(root, own, made, file)
    connections = [each.name for each in made.of("connection")]
    for part in made.parts:
        if REFERENCE in part.attributes:
            node = part.attributes[REFERENCE]
            for each in node.value:
                if _index(each.value, connections) is None:
                    notices.append(("dangling", f"{own.name}.{part.name}.{REFERENCE}", file, each.line))
            named = [(each, _index(each.value, connections)) for each in node.value]
            named_nodes = [Node(connections[at], each.line) for each, at in named if at is not None]
            part.attributes[REFERENCE] = Node(named_nodes, node.line)
    seen = dict[tuple[str, str], Part]()
    for part in made.parts:
        key = ("cn" if "cn" in part.attributes else part.group, part.name.casefold())
        if key[0] != "other" and seen.setdefault(key, part) is not part:
            notices.append(("collision", f"{own.name}.{part.name}", file, part.line))
    return made, notices


def _read(node: Node, part: Part, made: Device, file: str) -> None:
    for name, below in node.value.items():
        if name in EXTENSIONS and isinstance(below.value, dict):
            _read(below, part, made, file)
        elif isinstance(below.value, list) and any(isinstance(each.value, dict) for each in below.value):
            group, naming = LISTS.get(name, ("other", "cn"))
            for at, each in enumerate(below.value):
                _part(each, group, naming, at, made, file)
        else:
            several = name in SEVERAL and not isinstance(below.value, list)
            part.attributes[name] = Node([below], below.line) if several else below


def _part(node: Node, group: str, naming: str, at: int, made: Device, file: str) -> None:
    if not isinstance(node.value, dict):
        return
    name = str(node.value[naming].value) if naming in node.value else str(at)
    part = Part(group, name, {}, file, node.line)
    made.parts.append(part)
    _read(node, part, made, file)


def _index(reference: object, connections: list[str]) -> int | None:
    """``/dicomNetworkConnection/2`` is the third of the device."""
    _, _, number = str(reference).rpartition("/")
    return int(number) if number.isdecimal() and int(number) < len(connections) else None

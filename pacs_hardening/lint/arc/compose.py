"""What the images of dcm4chee are told by a Compose file: ``arc.<service>``, ``ldap.<service>``, ``db.<service>`` and
``keycloak.<service>``, each with its variables.

A variable that a file holds (``NAME_FILE``) is decided elsewhere. ``_ports`` are those that are published beyond the
machine, ``_secure`` says that the image is of the build that asks for a login, ``_database`` which one it is made for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..forms import compose, yaml
from ..forms.parts import environment, mounts
from ..forms.setup import Setup, Variable
from ..gather import stacks
from ..node import Node, Placeholder, Unparsable
from ..rules import load
from ..source import text_of
from ..tree import Tree
from .reading import Reading

PRODUCT = "dcm4chee-image"
_IMAGES = {
    "arc": re.compile(r"(?:.*/)?dcm4chee-arc-(?:psql|mysql|mariadb|oracle|db2|mssql|h2|firebird)\b"),
    "ldap": re.compile(r"(?:.*/)?slapd-dcm4chee\b"),
    "db": re.compile(r"(?:.*/)?(?:postgres|mariadb|mysql)-dcm4chee\b"),
    "keycloak": re.compile(r"(?:.*/)?dcm4che/keycloak\b"),
}
_PORT = re.compile(r"(?:(?P<address>[\d.]+|\[[^]]*\]):)?(?:[\d-]*:)?(?P<port>\d+)(?:/\w+)?")
_LOOPBACK = ("127.", "[::1]")


def readings(files: Sequence[Path]) -> list[Reading]:
    """One for each Compose file with a service that is one of the images. Raises BadInput and Unparsable."""
    read: list[tuple[Path, Node]] = []
    for file in files:
        text = text_of(file)
        if "dcm4che" not in text:
            continue  # of another program, whatever is wrong with it
        try:
            read += [(file, root) for root in yaml.documents(text, file) if compose.recognises(root)]
        except Unparsable as error:
            raise Unparsable(error.what, error.line, error.column, str(file)) from error
    found = [_placed(stack) for stack in stacks(read)]
    return [each for each in found if each is not None]


def _placed(stack: list[tuple[Path, Node]]) -> Reading | None:
    try:
        return _reading(stack)
    except Unparsable as error:
        raise Unparsable(error.what, error.line, error.column, error.file or str(stack[0][0])) from error


def _reading(stack: list[tuple[Path, Node]]) -> Reading | None:
    root, known = compose.whole(stack)
    file = str(stack[0][0])
    services = root.value.get("services", root).value
    kinds: dict[str, dict[str, Node]] = {}
    over: list[tuple[str, Path | None]] = []
    for name, service in services.items():
        if isinstance(service.value, dict):
            whole = compose.extended(name, services, (), file)
            kind = kind_of(str(whole["image"].value) if "image" in whole else "")
            if kind:
                setup = Setup(name, (file, service.line))
                said = list(environment(whole, stack[0][0].parent, known, file, setup))
                over += _imported(whole, said, stack[0][0].parent)
                kinds.setdefault(kind, {})[name] = Node(
                    _settings(whole, said, service.line), service.line, service.file
                )
    if not kinds:
        return None
    files = tuple(dict.fromkeys([file, *(str(path) for path, _ in stack)]))
    members = {kind: (Node(below, 1), file) for kind, below in kinds.items()}
    gone = [place for place, path in over if path is None]
    assumed = f"a Compose file without {', '.join(gone)} of IMPORT_LDIF, which is not here" if gone else ""
    here = tuple(path for _, path in over if path is not None)
    return Reading(load(PRODUCT), files, Tree(members, (file, 1)), (), assumed, over=here)


def _imported(service: dict[str, Node], said: Sequence[Variable], folder: Path) -> Iterator[tuple[str, Path | None]]:
    """The files of IMPORT_LDIF: where each lies in the container, and on this machine."""
    named = [place for each in said if each.name == "IMPORT_LDIF" for place in str(each.value).split()]
    laid = [(folder / source, target.rstrip("/")) for source, target, _ in mounts(service) if source is not None]
    for place in named:
        paths = [source / place.removeprefix(target).strip("/") for source, target in laid if _in(place, target)]
        yield place, next((each for each in paths if each.is_file()), None)


def _in(place: str, target: str) -> bool:
    return place == target or place.startswith(f"{target}/")


def kind_of(image: str) -> str:
    """Of an image: arc, ldap, db or keycloak; "" for all others."""
    return next((kind for kind, pattern in _IMAGES.items() if pattern.match(image)), "")


def _settings(service: dict[str, Node], said: Sequence[Variable], line: int) -> dict[str, Node]:
    made = {each.name: Node(_typed(str(each.value)), each.line, each.file) for each in said}
    for each in said:
        if each.name.endswith("_FILE") and each.value:
            made.setdefault(each.name.removesuffix("_FILE"), Node(Placeholder("${…}"), each.line, each.file))
    ports = list(_published(service.get("ports", Node([], line))))
    if ports:
        made["_ports"] = Node(ports, ports[0].line)
    image = str(service["image"].value)
    if ":" in image and "${" not in image:
        made["_secure"] = Node("-secure" in image, service["image"].line)
    if "arc-psql" in image:
        made["_database"] = Node("postgres", service["image"].line)
    return made


def _published(node: Node) -> Iterator[Node]:
    for each in node.value if isinstance(node.value, list) else []:
        if isinstance(each.value, dict):
            target, address = (str(each.value[key].value) if key in each.value else "" for key in ("target", "host_ip"))
        else:
            found = _PORT.fullmatch(str(each.value))
            target, address = (found["port"], found["address"] or "") if found else ("", "")
        if target and not address.startswith(_LOOPBACK):
            yield Node(target, each.line, each.file)


def _typed(text: str) -> object:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else text

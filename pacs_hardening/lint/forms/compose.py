"""Compose files (compose-spec): each service that is an Orthanc."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..node import Node, Text, Unparsable
from ..source import text_of
from . import container, dockerfile, dotenv
from .overlay import over, replaced, stamped
from .parts import (
    configs,
    environment,
    mounts,
    secrets,
)
from .setup import Fragment, Setup

WHOLE = "hand over what `docker compose config` prints"


def recognises(root: Node) -> bool:
    value = root.value
    if not isinstance(value, dict) or "apiVersion" in value or "kind" in value:
        return False
    if isinstance(value.get("services", Node(None, 0)).value, dict) or "include" in value:
        return True
    return bool(value) and all(_without_services(each) for each in value.values())


def _without_services(node: Node) -> bool:
    """A service of the first form of the file, in which there was nothing but services."""
    value = node.value if isinstance(node.value, dict) else {}
    named = isinstance(value.get("image", Node(None, 0)).value, str) or "build" in value
    return named and not {"env", "extraEnv", "config"} & {*value}


def whole(files: list[tuple[Path, Node]]) -> tuple[Node, dict[str, str]]:
    """``files``: a Compose file, and those that are laid over it, as one; and what names are replaced by. Raises
    Unparsable for a whole that is not read."""
    known = _beside(files[0][0].parent)
    root: Node | None = None
    for path, each in files:
        made = stamped(replaced(each, known), str(path))
        root = made if root is None else over(root, made)
    assert root is not None
    if "include" in root.value:
        raise Unparsable(f"other files are included: {WHOLE}", root.value["include"].line, 1, str(files[0][0]))
    return root, known


def setups(files: list[tuple[Path, Node]]) -> list[Setup]:
    """As ``whole``: each service that is an Orthanc."""
    root, known = whole(files)
    file, folder = str(files[0][0]), files[0][0].parent
    services = root.value.get("services", root).value
    found: list[Setup] = []
    for name, service in services.items():
        if isinstance(service.value, dict):
            found += _service(name, services, root, folder, known, service.file or file)
    return found


def _beside(folder: Path) -> dict[str, str]:
    """What .env says, which Compose replaces names by, and hands to no container."""
    known = {"PWD": str(folder)}
    if (folder / ".env").is_file():
        known |= {v.name: str(v.value) for v in dotenv.read(text_of(folder / ".env"), "", known)[0]}
    return known


def _service(
    name: str, services: dict[str, Node], root: Node, folder: Path, known: Mapping[str, str], file: str
) -> Iterator[Setup]:
    setup = Setup(name, (file, services[name].line))
    try:
        service = extended(name, services, (), file)
        build = dockerfile.of_service(service.get("build"), folder)
        setup.image = str(service["image"].value or "") if "image" in service else ""
        if build.image and container.team_of(setup.image) is None:
            setup.image = build.image
        said = list(environment(service, folder, known, file, setup))
        setup.variables = [*(v for v in build.variables if v.name not in {s.name for s in said}), *said]
        laid = [*mounts(service), *configs(service, root)]
        targets = [target for _, target, _ in laid] + [target for _, target in build.copies]
        if not container.is_archive(setup.image, [v.name for v in setup.variables], targets):
            return
        container.decide(setup)
        _files(setup, service, root, folder, laid, build.copies)
    except Unparsable as error:
        setup.error = error if error.file else Unparsable(error.what, error.line, error.column, file)
        if not setup.assumed and not container.is_archive(setup.image, [], []) and "orthanc" not in name.casefold():
            return  # of another program: nobody asked
    if "environment" in services[name].value:
        setup.home = (file, services[name].value["environment"].line)
    yield setup


def _files(
    setup: Setup, service: dict[str, Node], root: Node, folder: Path, laid: list[Any], copies: list[tuple[Path, str]]
) -> None:
    command = _command(service)
    place = container.root_of(command, setup.team)
    for path, target in copies:
        container.lay(setup, path, target, place, setup.home[1])
    for source, target, line in laid:
        if isinstance(source, Node):
            setup.fragments += _document(source, target, place, setup)
        elif source is None:
            if target.rstrip("/") == place or (target.startswith(f"{place}/") and target.endswith(".json")):
                raise Unparsable(f"what lies in the volume at {target} is not here: hand over its files", line, 1)
        else:
            container.lay(setup, folder / Path(source).expanduser(), target, place, line)
    secrets(service, root, folder, setup, place)
    targets = [target for _, target, _ in laid] + [target for _, target in copies]
    container.bring_own(setup, targets, "" if place == container.ROOT else place)


def _document(source: Node, target: str, place: str, setup: Setup) -> list[Fragment]:
    if target.rpartition("/")[0] != place or not target.endswith(".json") or not isinstance(source.value, str):
        return []
    text = source.value if isinstance(source.value, Text) else Text(source.value)
    return [Fragment(text, source.file or setup.home[0], source.line, target.rpartition("/")[2])]


def _command(service: dict[str, Node]) -> str:
    value = service["command"].plain() if "command" in service else ""
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def extended(name: str, services: dict[str, Node], within: tuple[str, ...], file: str) -> dict[str, Node]:
    """A service with what it takes from another (``extends``). Raises Unparsable."""
    service = services[name].value
    if "extends" not in service:
        return dict(service)
    extends = service["extends"]
    named = extends.value.get("service") if isinstance(extends.value, dict) else extends
    base = str(named.value) if named is not None else ""
    other = isinstance(extends.value, dict) and "file" in extends.value
    if other or base not in services or base in within or not isinstance(services[base].value, dict):
        raise Unparsable(f"it extends what is not in this file: {WHOLE}", extends.line, 1, file)
    below = Node(extended(base, services, (*within, name), file), extends.line)
    return dict(over(below, Node({k: v for k, v in service.items() if k != "extends"}, extends.line)).value)

"""Configuration and keys for services: volumes, filled before anything runs, that the services see read-only."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import docker  # type: ignore[import-untyped]

from ...model import BadInput
from ..definition.service import File, Service
from .engine import Api


@dataclass(frozen=True)
class Volume:
    """``name`` in the engine, mounted at ``folder``; ``files`` with their contents, owned by ``user`` (uid, gid)."""

    name: str
    folder: PurePosixPath
    user: tuple[int, int]
    files: tuple[tuple[File, bytes], ...]


def of_service(prefix: str, service: Service, content: Callable[[File], bytes]) -> tuple[Volume, ...]:
    """One volume for each folder that the files stand in; a folder within another one's volume needs none of its own
    (the engine could not make its mount point in a read-only volume)."""
    folders = {file.path.parent for file in service.files}
    outermost = sorted(each for each in folders if not folders.intersection(each.parents))
    return tuple(
        Volume(
            name=f"{prefix}-{number}",
            folder=folder,
            user=service.user,
            files=tuple((file, content(file)) for file in service.files if file.path.is_relative_to(folder)),
        )
        for number, folder in enumerate(outermost)
    )


def mount(volume: Volume, target: str, labels: Mapping[str, str], *, read_only: bool) -> docker.types.Mount:
    """The engine makes the volume, with these labels, when it makes the first container that mounts it."""
    return docker.types.Mount(
        target, volume.name, type="volume", read_only=read_only, labels=dict(labels), no_copy=True
    )


def fill(api: Api, image: str, name: str, volumes: Sequence[Volume], labels: Mapping[str, str]) -> None:
    """Through one container ``name`` that is never started: the engine writes in no read-only mount, and nothing
    has to be shared with the engine's host."""
    if not volumes:
        return
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for number, volume in enumerate(volumes):
            _add(tar, f"fill/{number}", volume)
    mounts = [mount(volume, f"/fill/{number}", labels, read_only=False) for number, volume in enumerate(volumes)]
    container = api.create_container(
        image,
        entrypoint=["/never-started"],
        name=name,
        labels=dict(labels),
        network_disabled=True,
        host_config=api.create_host_config(mounts=mounts, network_mode="none"),
    )
    api.put_archive(container["Id"], "/", archive.getvalue())
    api.remove_container(container["Id"], force=True, v=False)


def zipped(package: str) -> bytes:
    """A pure Python package of this interpreter as an archive to import from, so that a container runs the very files
    that were installed with the suite. Raises BadInput where it is not installed."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise BadInput(f"package {package!r} is not installed")
    root, buffer = Path(found.submodule_search_locations[0]), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(root.rglob("*.py")):
            archive.writestr(str(path.relative_to(root.parent)), path.read_bytes())
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, at: str, volume: Volume) -> None:
    folders = {volume.folder}
    for file, _ in volume.files:
        folders |= {each for each in file.path.parents if each.is_relative_to(volume.folder)}
    entries: list[tuple[PurePosixPath, int, bytes | None]] = [(folder, 0o550, None) for folder in sorted(folders)]
    entries += [(file.path, file.mode, content) for file, content in volume.files]
    for path, mode, content in entries:
        entry = tarfile.TarInfo(str(PurePosixPath(at) / path.relative_to(volume.folder)))
        entry.mode, (entry.uid, entry.gid) = mode, volume.user
        if content is None:
            entry.type = tarfile.DIRTYPE
        else:
            entry.size = len(content)
        tar.addfile(entry, None if content is None else io.BytesIO(content))

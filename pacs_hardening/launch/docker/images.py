"""Images of services: built or pulled once, and tagged by a hash of everything they are built from."""

from __future__ import annotations

import fcntl
import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped]

from ...model import Unmeasurable
from ..definition.service import Service
from .engine import Api, errors_named
from .side_by_side import SideBySide

BUILD_TIMEOUT_S = 1800  # of silence in a build's output
_LAST_LINES = 15


def ensure(
    api: Api, folder: Path, services: Mapping[str, Service], say: Callable[[str], None], pulled: Iterable[str] = ()
) -> dict[str, str]:
    """Service -> reference of an image that is present. ``pulled`` is what they are built
    from and cannot be built here. Raises Unmeasurable with the last lines of a failed build or pull.

    Builds of different services run side by side; an interrupted run does not wait for them to end.
    """

    def one(name: str, service: Service) -> Callable[[], str]:
        if service.image:
            return lambda: _pulled(api, service.image, say)
        return lambda: built(api, folder / service.dockerfile, say, service.base)

    for reference in pulled:
        _pulled(api, reference, say)
    return SideBySide[str]().run({name: one(name, service) for name, service in services.items()})


def digest(dockerfile: Path) -> str:
    """Hash of a build: name of ``dockerfile``; names, contents and executable bits of the files beside it."""
    folder, found = dockerfile.parent, hashlib.sha256(dockerfile.name.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            content, kind = str(path.readlink()).encode(), "link"
        elif path.is_file():
            content, kind = path.read_bytes(), "program" if path.stat().st_mode & 0o111 else "file"
        else:
            continue
        found.update(f"\0{path.relative_to(folder)}\0{kind}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:16]


def absent(api: Api, references: Iterable[str]) -> tuple[str, ...]:
    """Those of ``references`` that the engine does not have."""
    return tuple(each for each in references if not _present(api, each))


def _present(api: Api, reference: str) -> bool:
    try:
        api.inspect_image(reference)
    except ImageNotFound:
        return False
    return True


def _pulled(api: Api, reference: str, say: Callable[[str], None]) -> str:
    if not _present(api, reference):
        say(f"pulling image {reference} (once)")
        with errors_named(f"cannot pull image {reference}"):
            _follow(api.pull(reference, stream=True, decode=True), f"cannot pull image {reference}")
    return reference


def built(api: Api, dockerfile: Path, say: Callable[[str], None], base: str = "") -> str:
    """The image of ``dockerfile``, on another ``base`` than its own if one is given. Named for the folder and a hash of
    what is in it, so that environments which share a folder, or hold copies of it, share the image."""
    generation = f"-{base.replace(':', '-').replace('/', '-')}" if base else ""
    reference = f"pacs-hardening/{dockerfile.resolve().parent.name}:{digest(dockerfile)}{generation}"
    if _present(api, reference):
        return reference
    with _alone(dockerfile):
        if not _present(api, reference):
            say(f"building image {reference} (about a minute, once)")
            output = api.build(
                path=str(dockerfile.parent),
                dockerfile=dockerfile.name,
                tag=reference,
                buildargs={"BASE": base} if base else {},
                network_mode="host",
                rm=True,
                forcerm=True,
                decode=True,
                timeout=BUILD_TIMEOUT_S,
                use_config_proxy=True,
            )
            _follow(output, f"building image {reference} failed")
    return reference


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time. The lock is on the file itself, so that nothing is left behind."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _follow(output: Iterator[Mapping[str, object]], failure: str) -> None:
    lines: deque[str] = deque(maxlen=_LAST_LINES)
    failed = False
    try:
        for event in output:  # to the end, so that the connection is given back
            lines.extend(line for line in str(event.get("stream", "")).splitlines() if line.strip())
            if "error" in event:
                failed = True
                lines.append(str(event["error"]))
    except (DockerException, OSError) as error:
        failed = True
        lines.append(str(error))
    if failed:
        raise Unmeasurable("\n".join([failure, *lines]))

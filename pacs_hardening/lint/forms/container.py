"""What the name of an image says: is it an Orthanc, whose start-up reads it, and which version of Orthanc it holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from .. import image
from ..node import Node, Placeholder, Text, Unparsable
from ..source import entries, text_of
from ..versions import numbers
from .setup import Fragment, Setup

ROOT = "/etc/orthanc"
SECRETS = "/run/secrets"
_TEAM = re.compile(r"(?:.*/)?(?:orthancteam|osimis)/orthanc(?:-pro)?(?:[:@]|$)")
_JODOGNE = re.compile(r"(?:.*/)?jodogne/orthanc(?:-(?:plugins|python|debug|big|plugins-big))?(?:[:@]|$)")
_ALIKE = re.compile(r"(?:.*/)?orthanc(?:-(?:plugins|python|pro|server|pacs))?(?:[:@]|$)")
_TAG = re.compile(r":(?P<tag>[\w][\w.-]*)(?:@|$)")


def is_archive(name: str, variables: Collection[str], targets: Iterable[str]) -> bool:
    """``targets``: where files are laid in the container. The helpers of an archive have its name in theirs, too."""
    if _TEAM.match(name) or _JODOGNE.match(name) or _ALIKE.match(name) or image.speaks_to(variables):
        return True
    return any(target.rstrip("/") == ROOT or target.startswith(f"{ROOT}/") for target in targets)


def team_of(name: str) -> bool | None:
    return True if _TEAM.match(name) else False if _JODOGNE.match(name) else None


def version_of(name: str) -> str:
    """Of Orthanc; "" where the tag does not say."""
    found = _TAG.search(name)
    if found is None:
        return ""
    if _TEAM.match(name):
        return image.release_of(found["tag"])
    return ".".join(map(str, numbers(found["tag"]))) if _JODOGNE.match(name) else ""


def decide(setup: Setup) -> None:
    """Sets what is assumed of the start-up, by the image, else by what it is given."""
    setup.team = team_of(setup.image)
    if setup.team is not None:
        setup.assumed = f"{'the orthancteam/orthanc image' if setup.team else 'plain Orthanc'}: it runs {setup.image}"
    elif image.speaks_to(each.name for each in setup.variables):
        setup.team = True
        setup.assumed = "the orthancteam/orthanc image: its variables are set"
    else:
        setup.team = False
        setup.assumed = "plain Orthanc: nothing here is of the orthancteam/orthanc image"


def bring_own(setup: Setup, targets: Iterable[str], command: str) -> None:
    """The file that the image jodogne/orthanc brings, where nothing is laid over it. Raises Unparsable for an image
    that is not known and of which no file here says what it reads."""
    laid = {target.rstrip("/") for target in targets}
    if setup.team is False and _JODOGNE.match(setup.image) and command in ("", ROOT, f"{ROOT}/orthanc.json"):
        if not laid & {ROOT, f"{ROOT}/orthanc.json"}:
            line = setup.home[1]
            value = {key: _node(value, line) for key, value in image.table()["jodogne"].items()}
            own = Fragment(Text(""), setup.home[0], line, "orthanc.json", Node(value, line))
            setup.fragments.insert(0, own)
    elif setup.image and team_of(setup.image) is None and not setup.fragments and not setup.variables:
        raise Unparsable(
            f"what the image {setup.image} reads is not known: hand over its files of {ROOT}, or its Dockerfile",
            setup.home[1], 1, setup.home[0],
        )  # fmt: skip


def _node(value: object, line: int) -> Node:
    return Node({k: _node(v, line) for k, v in value.items()} if isinstance(value, dict) else value, line)


def root_of(command: str, team: bool | None) -> str:
    """The folder or file that Orthanc is told to read: the image takes another for its own output."""
    words = [word for word in re.split(r"[\s,\[\]\"']+", command) if word.startswith("/") and "=" not in word]
    paths = [word for word in words if word.endswith(".json") or word.rstrip("/").rpartition("/")[2] != "Orthanc"]
    return paths[-1].rstrip("/") if paths and not team else ROOT


def lay(setup: Setup, source: Path, target: str, root: str, line: int) -> None:
    """A file or folder of this machine, seen in the container at ``target``: what of it the archive reads."""
    target = target.rstrip("/") or "/"
    inside = target == root or target.startswith(f"{root}/")
    if not inside and root.startswith(f"{target}/") and target != "/":
        source, target, inside = source / root.removeprefix(f"{target}/"), root, True
    if not inside or (target != root and "/" in target.removeprefix(f"{root}/")):
        return  # Orthanc reads no folder below the one it is given
    named = target.endswith(".json")
    if not source.exists():
        if named or target == root:
            raise Unparsable(
                f"{source.name or source} is laid at {target} and is not here: hand over the folder with it",
                line, 1, setup.home[0],
            )  # fmt: skip
        return
    files = [f for f in entries(source) if f.suffix.lower() == ".json"] if source.is_dir() else [source] * named
    setup.fragments += [Fragment(text_of(file), str(file), 1, file.name) for file in files]


def undecided(name: str) -> Placeholder:
    return Placeholder(f"${{{name}}}")

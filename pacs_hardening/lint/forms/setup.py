"""One Orthanc as it is started: what it reads, in the order in which it does."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..node import Node, Text, Unparsable


@dataclass(frozen=True)
class Variable:
    """``value`` is a Placeholder where only the running container knows it. ``secret``: of a file in /run/secrets."""

    name: str
    value: str
    file: str
    line: int
    secret: bool = False


@dataclass(frozen=True)
class Fragment:
    """One JSON document: its text, where it stands, and the name by which the archive reads it; or what another form
    already made of it (``root``)."""

    text: Text
    file: str
    line: int
    name: str = ""
    root: Node | None = None


@dataclass
class Setup:
    """``home``: what stands for the whole. ``image``: its name, "" where none is said. ``team``: does the public image
    of the Orthanc team merge it? ``assumed`` says why that was taken to be so. ``secrets``: file in /run/secrets ->
    its text. ``notices``: (name of the notice, key, file, line). ``error``: why it could not be read to the end."""

    name: str
    home: tuple[str, int]
    image: str = ""
    team: bool | None = None
    assumed: str = ""
    fragments: list[Fragment] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    secrets: dict[str, Variable] = field(default_factory=dict)
    notices: list[tuple[str, str, str, int]] = field(default_factory=list)
    error: Unparsable | None = None

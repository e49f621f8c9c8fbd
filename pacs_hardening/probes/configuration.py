"""Probe: what the configurations of an archive open, read by ``lint``. No value of a secret leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..lint import Opening, Result, Unparsable, lint
from ..model import BadInput, Configuration, Severity, Unmeasurable


@dataclass(frozen=True)
class Opened:
    """``place`` is file and line, within the configuration of ``service``, or within what that was made of; without
    line where it is not known there."""

    service: str
    place: str
    opening: Opening

    @property
    def change(self) -> str:
        return f"{self.place}: {self.opening.key}: use {self.opening.use}"


@dataclass(frozen=True)
class Read:
    """``themes``: what was asked of at least one configuration. ``openings``: all that are more than a note."""

    themes: frozenset[str]
    openings: tuple[Opened, ...]


def read(configurations: Mapping[str, Configuration]) -> Read:
    """Raises Unmeasurable, with line and column, for what cannot be parsed."""
    results = {service: _lint(service, each) for service, each in configurations.items()}
    places = {
        service: {each.key: _place(each) for each in _lint(service, replace(files, path=files.source)).openings}
        for service, files in configurations.items()
        if files.source
    }
    return Read(
        themes=frozenset(theme for result in results.values() for theme in result.themes),
        openings=tuple(
            Opened(service, places.get(service, {}).get(each.key, _place(each, line=service not in places)), each)
            for service, result in results.items()
            for each in result.openings
            if each.severity > Severity.INFO
        ),
    )


def _place(opening: Opening, *, line: bool = True) -> str:
    name = opening.file.rpartition("/")[2]
    return f"{name}:{opening.line}" if line else name


def _lint(service: str, configuration: Configuration) -> Result:
    try:
        return lint(configuration.path, behind_guard=configuration.behind_guard)
    except (BadInput, Unparsable) as error:
        words = str(error).replace(f"{configuration.path}/", "")
        raise Unmeasurable(f"the configuration of {service} cannot be read: {words}") from error

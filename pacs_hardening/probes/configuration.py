"""Probe: what the configurations of an archive open, read by ``lint``. No value of a secret leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..lint import (
    Opening,
    Result,
    Unparsable,
    lint,
)
from ..model import (
    BadInput,
    Configuration,
    Severity,
    Unmeasurable,
)


@dataclass(frozen=True)
class Opened:
    """``place`` is file and line, within the configuration of ``service``."""

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
    return Read(
        themes=frozenset(theme for result in results.values() for theme in result.themes),
        openings=tuple(
            Opened(service, f"{each.file.rpartition('/')[2]}:{each.line}", each)
            for service, result in results.items()
            for each in result.openings
            if each.severity > Severity.INFO
        ),
    )


def _lint(service: str, configuration: Configuration) -> Result:
    path = configuration.source or configuration.path  # what was replaced to start it is not its owner's doing
    try:
        return lint(path, behind_guard=configuration.behind_guard)
    except (BadInput, Unparsable) as error:
        words = str(error).replace(f"{path}/", "")
        raise Unmeasurable(f"the configuration of {service} cannot be read: {words}") from error

"""Every version of every archive: the current one, its older generations, each hardened and as shipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .launch.environment import Environment, discover
from .model import BadInput
from .report.versions import Version


def variants() -> Iterator[Environment]:
    """Hardened ones first, then those as shipped; the current one before its older generations. Only what has more
    than one version."""
    loaded = [Environment.load(name) for name in discover()]
    for as_shipped in (False, True):
        for current in loaded:
            for generation in ("", *reversed(current.generations)):
                if current.generations and (current.ships or not as_shipped):
                    yield Environment.load(current.name, None, generation, as_shipped)


def results(environment: Environment) -> Path:
    """Where the reviewed statuses of this variant stand."""
    variant = environment.variant
    words = [word for word in (variant.generation, "as-shipped" if variant.as_shipped else "") if word]
    folder = environment.folder / "expected"
    return folder / "versions" / f"{'-'.join(words)}.json" if words else folder / "hardened.json"


def versions() -> list[Version]:
    """Raises BadInput where a variant was not run yet."""
    return [_version(each) for each in variants()]


def _version(environment: Environment) -> Version:
    hardened = Environment.load(environment.name, None, environment.variant.generation)
    file = results(environment)
    if not file.is_file():
        raise BadInput(f"{file}: {environment.label} was not run yet: pytest tests/meta/test_versions.py --accept")
    waivers: list[dict[str, Any]] = [w for data in hardened.variant.waivers.values() for w in data["waiver"]]
    return Version(
        name=hardened.title.partition(" behind ")[0],
        as_shipped=environment.variant.as_shipped,
        statuses=json.loads(file.read_text()),
        waived={str(waiver["control"]): str(waiver["reason"]) for waiver in waivers},
    )

"""Every version of every archive: the current one, its older generations, each hardened and as shipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..launch.definition.results import FILE, read
from ..launch.environment import Environment, discover
from ..model import BadInput
from ..report.versions import Version
from .catalogue import cases


def variants() -> Iterator[Environment]:
    """Hardened ones first, then those as shipped; the current one before its older generations. Only what has more
    than one version."""
    loaded = [Environment.load(name) for name in discover()]
    for as_shipped in (False, True):
        for current in loaded:
            for generation in ("", *reversed(current.generations)):
                if current.generations and (current.ships or not as_shipped):
                    yield current.varied(generation, as_shipped)


def column(environment: Environment) -> str:
    """What this variant is called in the reviewed results; "" for the current version, hardened."""
    variant = environment.variant
    return "-".join(word for word in (variant.generation, "as-shipped" if variant.as_shipped else "") if word)


def versions() -> list[Version]:
    """Raises BadInput where a variant was not run yet."""
    return [_version(each) for each in variants()]


def _version(environment: Environment) -> Version:
    hardened = environment.varied(environment.variant.generation)
    results, name = read(environment.folder), column(environment)
    if name and name not in results.versions:
        raise BadInput(f"{environment.folder / FILE}: {environment.label} was not run yet: ci/accept {name}")
    waivers: list[dict[str, Any]] = [w for data in hardened.variant.waivers.values() for w in data["waiver"]]
    return Version(
        name=hardened.title.partition(" behind ")[0],
        as_shipped=environment.variant.as_shipped,
        statuses=results.versions[name] if name else results.of_hardened(cases()),
        waived={str(waiver["control"]): str(waiver["reason"]) for waiver in waivers},
    )

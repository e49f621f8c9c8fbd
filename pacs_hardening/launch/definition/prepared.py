"""An environment with one weakness in it, or none, checked to the end before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...model import BadInput
from . import patch, render
from .plan import Plan, loosened, read
from .variant import FILE, Variant
from .weakness import Weakness


@dataclass(frozen=True)
class Overrides:
    """What a user puts in place of the environment's own: ``images``, service -> image reference; ``config``, a file
    or a folder whose files stand in for the configuration files of the same name. ``raw`` stands in for
    environment.toml, ``sources`` are texts of configuration files, ``people`` are those whom these name."""

    images: Mapping[str, str] = field(default_factory=dict)
    config: Path | None = None
    raw: Mapping[str, Any] | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    people: render.Identities | None = None


_NONE = Overrides()
_CURRENT = Variant()


@dataclass(frozen=True)
class Prepared:
    """``sources`` holds the text of every configuration file, placeholders not yet filled; ``hardened`` is the plan
    without the weakness, whose endpoints come first; ``raw`` is the merged environment.toml."""

    name: str
    folder: Path
    plan: Plan
    hardened: Plan
    sources: Mapping[str, str]
    raw: Mapping[str, Any]
    people: render.Identities


def prepare(
    name: str,
    folder: Path,
    raw: Mapping[str, Any],
    weak: tuple[str, Weakness] | None = None,
    overrides: Overrides = _NONE,
    variant: Variant = _CURRENT,
) -> Prepared:
    """``weak`` is a weakness and its name. Raises BadInput, naming file and key or text, for what does not fit."""
    raw = patch.merged(raw if overrides.raw is None else overrides.raw, variant.merge)
    unknown = sorted(overrides.images.keys() - raw.get("services", {}).keys())
    if unknown:
        raise BadInput(f"{name}: unknown service {unknown[0]!r}; known: {', '.join(raw.get('services', {})) or 'none'}")
    images = {service: {"image": image, "dockerfile": ""} for service, image in overrides.images.items()}
    raw = patch.merged(raw, {"services": images} if images else {})
    hardened = final = read(raw, folder / variant.file)
    if loose := loosened(hardened):
        raise BadInput(f"{folder / FILE}: {loose}: less than hardened; only a file in weak/ may say so")
    replacing = variant.replace
    if weak:
        name = f"{name}+{weak[0]}"
        raw = patch.merged(raw, weak[1].merge)
        final = read(raw, folder / "weak" / f"{weak[0]}.toml")
        replacing += weak[1].replace
    if final.kind == "embedded":
        # its own vocabulary; checked here so that nothing starts with a wrong one
        from ...embedded import policy, settings

        settings.parse(raw.get("settings", {}))
        policy.read(raw.get("openings", ()), {})
    sources = {**_sources(folder, final, overrides.config), **overrides.sources}
    for each in replacing:
        if each.file not in sources:
            raise BadInput(f"{folder / FILE}: {name} replaces in {each.file!r}, which no service is given")
        sources[each.file] = patch.replaced(sources[each.file], each)
    people = overrides.people or render.cast(final)
    known = render.placeholders(final, people, {service: service for service in final.services})
    for source, text in sources.items():
        render.fill(text, known, str(folder / source))
    return Prepared(name, folder, final, hardened, sources, raw, people)


def _sources(folder: Path, plan: Plan, config: Path | None) -> dict[str, str]:
    wanted = {file.source for service in plan.services.values() for file in service.files if file.source}
    if config and not config.exists():
        raise BadInput(f"{config}: no such file or folder")
    given = [] if config is None else sorted(config.iterdir()) if config.is_dir() else [config]
    theirs = {path.name: path for path in given}
    for service in plan.services.values():
        if service.dockerfile:
            _inside(folder, service.dockerfile)
    found = {source: theirs.get(Path(source).name) or _inside(folder, source) for source in sorted(wanted)}
    unused = sorted(theirs.keys() - {path.name for path in found.values()})
    if config and unused:
        raise BadInput(
            f"{config}: {unused[0]!r} stands in for no configuration file; known: {', '.join(sorted(wanted))}"
        )
    return {source: _text(path) for source, path in found.items()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error


def _inside(folder: Path, relative: str) -> Path:
    """A file of the environment, or one that it shares with its neighbours (``../…``)."""
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder.resolve().parent) or not path.is_file():
        raise BadInput(f"{folder / FILE}: {relative!r} is not a file in the environment's folder, or in one beside it")
    return path

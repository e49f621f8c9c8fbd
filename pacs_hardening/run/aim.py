"""From the options to a gate that is aimed at something. Nothing is started yet."""

from __future__ import annotations

import multiprocessing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import targetfile
from ..launch.adopt.configuration import adopt
from ..launch.definition.prepared import Overrides
from ..launch.environment import Environment, renamed
from ..model import BadInput, Impact, Severity, Target
from ..profiles import load as load_profile
from . import product
from .confirm import confirm
from .gate import Gate
from .options import given, notes

if TYPE_CHECKING:
    import pytest


def aim(config: pytest.Config) -> Gate:
    """Raises BadInput where options do not go together, or one of them cannot be used."""
    environment, target = given(config, "environment"), given(config, "target")
    weakness = given(config, "weakness")
    if environment and target:
        raise BadInput("--environment and --target exclude each other")
    if not environment and (given(config, "config") or given(config, "image")):
        raise BadInput("--config and --image need --environment")
    if given(config, "with-guard") and not given(config, "config"):
        raise BadInput("--with-guard needs --config")
    generation, as_shipped = given(config, "generation"), given(config, "as-shipped")
    folder = given(config, "environments")
    for name, value in [("weakness", weakness), ("generation", generation), ("as-shipped", as_shipped)]:
        if value and not environment:
            raise BadInput(f"--{name} needs --environment")
    if not environment and not target:
        raise BadInput("a gate needs something to judge: --environment NAME or --target URL_OR_FILE")
    allow = given(config, "allow")
    runs = targetfile.read(target) if target else None
    gate = Gate(
        profile=load_profile(given(config, "profile")),
        environment=Environment.load(environment, folder, generation, as_shipped) if environment else None,
        weakness=weakness,
        target=runs,
        product=_product(runs, folder) if runs and runs.product else None,
        allow=Impact[allow.upper()] if allow else None,
        fail_on=Severity[given(config, "fail-on").upper()],
        soak=given(config, "soak"),
        rate=_rate(config),
    )
    pinned = given(config, "controls-version")
    gate.controls_version = gate.profile.controls_version if pinned is None else pinned
    gate.old_names = (*notes(config), *gate.profile.notes)
    if runs and runs.notes:
        gate.notes["To be changed in the target file"] = runs.notes
    if gate.target is not None and gate.allow is Impact.DISRUPTIVE:
        confirm(gate.target, given(config, "yes-disrupt"))
    if gate.environment is not None:
        chosen = _overrides(config, gate)
        if weakness and (name := gate.environment.called(weakness)) != weakness:
            gate.notes["Names that have changed"] = (renamed(weakness, name),)
            gate.weakness = weakness = name
        again = gate.environment.start  # checks everything; starts when it is entered
        alone = multiprocessing.parent_process() is None  # else it is one of many, and the processors are busy
        gate.again = partial(again, weakness, overrides=chosen, areas=lambda: gate.areas, apart=alone)
        gate.start = gate.again()
    return gate


def _rate(config: pytest.Config) -> float | None:
    rate: float | None = given(config, "rate")
    if rate is not None and rate <= 0:
        raise BadInput(f"--rate must be above 0, not {rate:g}")
    return rate


def _product(target: Target, folder: Path | None) -> product.Product:
    try:
        return product.load(target.product, folder)
    except BadInput as error:
        raise BadInput(f"target {target.name}: {error}") from error


def _overrides(config: pytest.Config, gate: Gate) -> Overrides:
    """What the user puts in place of the environment's own; each replacement is a line of the report."""
    assert gate.environment is not None
    path, images = given(config, "config"), {}
    for text in given(config, "image"):
        service, equals, reference = text.partition("=")
        if not (service and equals and reference) or reference.startswith("-"):
            raise BadInput(f"--image {text}: accepted: SERVICE=REF, such as archive=registry.example/our-pacs:rc1")
        # an archive may be named as the environment that holds it
        images["archive" if service == gate.environment.name else service] = reference
    if path is None:
        lines = tuple(f"image of {service}: {reference}" for service, reference in images.items())
        chosen = Overrides(images=images)
    else:
        adopted = adopt(gate.environment, path, images, with_guard=given(config, "with-guard"))
        lines, chosen = adopted.replaced, adopted.overrides
        gate.variant, gate.source = f"with {path.name}", path
    if lines:
        gate.notes["Replaced before it was started"] = lines
    return chosen

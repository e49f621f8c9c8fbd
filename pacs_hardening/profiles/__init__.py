"""Profiles: the opinions of the suite, as data. Probes state facts; these say what is good enough."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from .. import contract
from ..model import BadInput, Secret
from . import tlsprofile
from .tlsprofile import TlsProfile

_FOLDER = Path(__file__).parent
_HOSTILE: dict[str, type] = {
    "malformed_cases": int,
    "strict_answers": bool,
    "hostile_associations": int,
    "associations_per_node": int,
    "seconds_of_ways": int,
}
_KEYS: dict[str, type] = {"tls": str, "required": list, "min_rsa_bits": int, "controls_version": int, **_HOSTILE}
_OPTIONAL = frozenset({"min_rsa_bits", "controls_version"})


@dataclass(frozen=True)
class Profile:
    """``required`` are ids of controls that must have been measured, ``own`` those of them that a user's file names,
    and may have misspelt. ``controls_version``: the set of controls that is asked, None where that is the newest.
    ``malformed_cases`` are played in all; ``strict_answers``: also what receivers commonly overlook must be refused,
    with a reason that PS3.8 knows; ``hostile_associations`` between two looks at what the server holds; more than
    ``associations_per_node`` at once are too many. ``seconds_of_ways``: so long pairs of ways to ask are
    tried, in all claims together; single ones are tried however long it takes. ``notes``: what should be changed in the
    file."""

    name: str
    tls: TlsProfile
    required: frozenset[str]
    malformed_cases: int
    strict_answers: bool
    hostile_associations: int
    associations_per_node: int
    seconds_of_ways: int
    own: frozenset[str] = frozenset()
    controls_version: int | None = None
    notes: tuple[str, ...] = ()


@cache
def names() -> tuple[str, ...]:
    """Of the profiles: the other files of the folder are tables, and require nothing."""
    files = sorted(_FOLDER.glob("*.toml"))
    return tuple(path.stem for path in files if "required" in tomllib.loads(path.read_text(encoding="utf-8")))


def load(name: str) -> Profile:
    """The profile of that name, or the file of the user's own, which stands on top of one of them. Raises BadInput
    naming file, key and what is accepted."""
    if name in names():
        path = _FOLDER / f"{name}.toml"
        return _profile(name, tlsprofile.read(path, _KEYS, _OPTIONAL), path)
    path = Path(name)
    if path.suffix != ".toml":
        raise BadInput(f"unknown profile '{name}'; known: {', '.join(names())}, or the path of a file *.toml")
    own = tlsprofile.read(path, {"extends": str, **_KEYS}, frozenset(_KEYS))
    if own["extends"] not in names():
        raise BadInput(f"{path}: extends: {own['extends']!r} is not one of {', '.join(names())}")
    base = tlsprofile.read(_FOLDER / f"{own.pop('extends')}.toml", _KEYS, _OPTIONAL)
    return _profile(path.stem, {**base, **own}, path, frozenset(own.get("required", ())))


def _profile(name: str, data: dict[str, Any], path: Path, own: frozenset[str] = frozenset()) -> Profile:
    tls = tlsprofile.load(data["tls"], str(path))
    bits = data.get("min_rsa_bits", tls.min_rsa_bits)
    if bits < tls.min_rsa_bits:
        raise BadInput(f"{path}: min_rsa_bits: {bits} is less than the {tls.min_rsa_bits} of {tls.name}")
    if bits > tls.min_rsa_bits:
        tls = replace(tls, version=f"{tls.version}, with RSA keys of at least {bits} bits", min_rsa_bits=bits)
    return Profile(
        name,
        tls,
        frozenset(map(contract.of_today, data["required"])),
        **{key: data[key] for key in _HOSTILE},
        own=frozenset(map(contract.of_today, own)),
        controls_version=data.get("controls_version"),
        notes=contract.notes(own),
    )


@cache
def default_credentials() -> tuple[tuple[str, Secret], ...]:
    """User names and passwords that products are shipped with, from their own documentation."""
    data = tomllib.loads((_FOLDER / "default-credentials.toml").read_text())
    return tuple((pair["username"], Secret(pair["password"])) for pair in data["pair"])


@cache
def conventional_paths() -> dict[str, tuple[str, ...]]:
    """Route -> where it is by convention, with {study}, {series} and {instance}."""
    data = tomllib.loads((_FOLDER / "conventional-paths.toml").read_text())
    return {name: tuple(paths) for name, paths in data.items()}


@cache
def management_ports() -> dict[int, str]:
    """TCP port -> what listens there by convention and has no business on a network with strangers."""
    data = tomllib.loads((_FOLDER / "management-ports.toml").read_text())
    return {row["port"]: row["what"] for row in data["management"]}


@cache
def published_keys() -> dict[str, str]:
    """SHA-256 (hex) of a public key in DER -> whose private half anybody can download, and where."""
    data = tomllib.loads((_FOLDER / "published-keys.toml").read_text())
    return {row["sha256"]: f"{row['product']} ({row['seen_in']})" for row in data["key"]}

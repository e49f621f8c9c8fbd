"""Profiles: the opinions of the suite, as data. Probes state facts; these say what is good enough."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ..model import BadInput, Secret
from . import tlsprofile
from .tlsprofile import TlsProfile

_FOLDER = Path(__file__).parent
_TABLES = ("default-credentials", "management-ports", "published-keys", "vulnerable-versions")  # not profiles


@dataclass(frozen=True)
class Profile:
    """``required`` are ids of controls that must have been measured."""

    name: str
    tls: TlsProfile
    required: frozenset[str]


def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml") if path.stem not in _TABLES))


def load(name: str) -> Profile:
    """The profile of that name. Raises BadInput naming the known ones, or file and key of what is malformed."""
    if name not in names():
        raise BadInput(f"unknown profile '{name}'; known: {', '.join(names())}")
    path = _FOLDER / f"{name}.toml"
    data = tlsprofile.read(path, {"tls": str, "required": list, "min_rsa_bits": int}, frozenset({"min_rsa_bits"}))
    tls = tlsprofile.load(data["tls"], str(path))
    if "min_rsa_bits" in data:
        raised = f"{tls.version}, with RSA keys of at least {data['min_rsa_bits']} bits"
        tls = replace(tls, version=raised, min_rsa_bits=data["min_rsa_bits"])
    return Profile(name, tls, frozenset(data["required"]))


@cache
def default_credentials() -> tuple[tuple[str, Secret], ...]:
    """User names and passwords that products are shipped with, from their own documentation."""
    data = tomllib.loads((_FOLDER / "default-credentials.toml").read_text())
    return tuple((pair["username"], Secret(pair["password"])) for pair in data["pair"])


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

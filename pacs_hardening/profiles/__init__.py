"""Profiles: the opinions of the suite, as data. Probes state facts; these say what is good enough."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from ..model import BadInput, Secret

_FOLDER = Path(__file__).parent
_KINDS = {str: "text", int: "a number of 1 or more", list: "a list of texts"}
_TABLES = ("default-credentials", "management-ports", "vulnerable-versions")  # not profiles


@dataclass(frozen=True)
class Profile:
    """Thresholds. Key sizes in bits; ``required`` are ids of controls that must have been measured,
    ``own`` those of them that a user's file names, and may have misspelt."""

    name: str
    title: str
    cipher_suites: frozenset[str]
    min_rsa_bits: int
    min_ec_bits: int
    signature_hashes: frozenset[str]
    required: frozenset[str]
    own: frozenset[str] = frozenset()

    def weakness_of(self, certificate: x509.Certificate, now: datetime) -> str:
        """Why ``certificate`` is weaker than the profile asks at time ``now``; "" where it is not."""
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < self.min_rsa_bits:
            return f"RSA key of {key.key_size} bits, at least {self.min_rsa_bits} are asked for"
        if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < self.min_ec_bits:
            return f"elliptic curve key of {key.key_size} bits, at least {self.min_ec_bits} are asked for"
        if not isinstance(
            key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
        ):
            return f"a key of type {type(key).__name__}"
        algorithm = certificate.signature_hash_algorithm
        if algorithm is not None and algorithm.name not in self.signature_hashes:
            return f"signed with {algorithm.name}"
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return "not valid today"
        return ""


def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml") if path.stem not in _TABLES))


def load(name: str) -> Profile:
    """The profile of that name, or the file of the user's own, which stands on top of one of them. Raises BadInput
    naming file, key and what is accepted."""
    if name in names():
        return _profile(name, _shipped(name), frozenset())
    path = Path(name)
    if path.suffix != ".toml":
        raise BadInput(f"unknown profile '{name}'; known: {', '.join(names())}, or the path of a file *.toml")
    try:
        own = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise BadInput(f"--profile {path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"--profile {path}: not TOML: {error}") from error
    base = own.pop("extends", None)
    if base not in names():
        raise BadInput(f"--profile {path}: extends: must be one of {', '.join(names())}")
    data = _shipped(base)
    for key, value in own.items():
        if wrong := _wrong(key, value, data):
            raise BadInput(f"--profile {path}: {wrong}")
    return _profile(path.stem, {**data, **own}, frozenset(own.get("required", ())))


def _shipped(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text())


def _wrong(key: str, value: object, data: dict[str, Any]) -> str:
    """Of what a user's file says, against the profile that it extends; "" where it fits. Suites and hashes are chosen
    among those that some profile of the suite accepts: none is added."""
    if key not in data:
        return f"unknown key {key!r}; accepted: extends, {', '.join(sorted(data))}"
    kind = type(data[key])
    texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    if type(value) is not kind or (kind is list and not texts) or (isinstance(value, int) and value < 1):
        return f"{key}: {value!r} is not {_KINDS[kind]}"
    if key in ("cipher_suites", "signature_hashes") and isinstance(value, list):
        known = {each for name in names() for each in _shipped(name)[key]}
        if odd := sorted(set(value) - known):
            return f"{key}: {odd[0]!r} is not one of {', '.join(sorted(known))}"
    return ""


def _profile(name: str, data: dict[str, Any], own: frozenset[str]) -> Profile:
    return Profile(
        name=name,
        title=data["title"],
        cipher_suites=frozenset(data["cipher_suites"]),
        min_rsa_bits=data["min_rsa_bits"],
        min_ec_bits=data["min_ec_bits"],
        signature_hashes=frozenset(data["signature_hashes"]),
        required=frozenset(data["required"]),
        own=own,
    )


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

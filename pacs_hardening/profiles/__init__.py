"""Profiles: the opinions of the suite, as data. Probes state facts; these say what is good enough."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from ..model import BadInput, Secret

_FOLDER = Path(__file__).parent
_TABLES = ("default-credentials", "management-ports", "vulnerable-versions")  # not profiles


@dataclass(frozen=True)
class Profile:
    """Thresholds. Key sizes in bits; ``required`` are ids of controls that must have been measured. ``malformed_cases``
    are played in all; ``strict_answers``: also what receivers commonly overlook must be refused, with a reason that
    PS3.8 knows; ``hostile_associations`` between two looks at what the server holds; more than
    ``associations_per_node`` at once are too many."""

    name: str
    title: str
    cipher_suites: frozenset[str]
    min_rsa_bits: int
    min_ec_bits: int
    signature_hashes: frozenset[str]
    required: frozenset[str]
    malformed_cases: int
    strict_answers: bool
    hostile_associations: int
    associations_per_node: int

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
    """The profile of that name. Raises BadInput naming the known ones."""
    if name not in names():
        raise BadInput(f"unknown profile '{name}'; known: {', '.join(names())}")
    data = tomllib.loads((_FOLDER / f"{name}.toml").read_text())
    return Profile(
        name=name,
        title=data["title"],
        cipher_suites=frozenset(data["cipher_suites"]),
        min_rsa_bits=data["min_rsa_bits"],
        min_ec_bits=data["min_ec_bits"],
        signature_hashes=frozenset(data["signature_hashes"]),
        required=frozenset(data["required"]),
        malformed_cases=data["malformed_cases"],
        strict_answers=data["strict_answers"],
        hostile_associations=data["hostile_associations"],
        associations_per_node=data["associations_per_node"],
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

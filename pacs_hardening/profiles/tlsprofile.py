"""TLS profiles: what a named, versioned file in ``tls/`` holds good enough. Suites and sizes stand there alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from ..model import BadInput

FOLDER = Path(__file__).with_name("tls")


@dataclass(frozen=True)
class TlsProfile:
    """``name`` is that of the file. Sizes in bits; ``cipher_suites`` and ``groups`` by their IANA names."""

    name: str
    version: str
    title: str
    cipher_suites: frozenset[str]
    groups: frozenset[str]
    min_dhe_bits: int
    min_rsa_bits: int
    min_ec_bits: int
    signature_hashes: frozenset[str]
    max_validity_days: int

    def __str__(self) -> str:
        return f"{self.name} ({self.title}, {self.version})"

    def weakness_of(self, certificate: x509.Certificate) -> str:
        """Why key or signature of ``certificate`` is weaker than the profile asks; "" where neither is. Nothing hangs
        on the signature of one that is signed by itself."""
        return self._weak_key(certificate) or self._weak_signature(certificate)

    def _weak_key(self, certificate: x509.Certificate) -> str:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < self.min_rsa_bits:
            return f"RSA key of {key.key_size} bits, at least {self.min_rsa_bits} are asked for"
        if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < self.min_ec_bits:
            return f"elliptic curve key of {key.key_size} bits, at least {self.min_ec_bits} are asked for"
        if not isinstance(
            key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
        ):
            return f"a key of type {type(key).__name__}"
        return ""

    def _weak_signature(self, certificate: x509.Certificate) -> str:
        algorithm = certificate.signature_hash_algorithm
        if algorithm is None or algorithm.name in self.signature_hashes or _signed_by_itself(certificate):
            return ""
        return f"signed with {algorithm.name}"


def _signed_by_itself(certificate: x509.Certificate) -> bool:
    """By what it says (RFC 5280 4.2.1.1): `cryptography` verifies no old signatures, and a root is trusted for other
    reasons than its own."""
    own, issuer = None, None
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectKeyIdentifier):
            own = extension.value.digest
        if isinstance(extension.value, x509.AuthorityKeyIdentifier):
            issuer = extension.value.key_identifier
    return certificate.subject == certificate.issuer and issuer in (None, own)


def load(name: str, where: str, folder: Path = FOLDER) -> TlsProfile:
    """The profile in ``folder/name.toml``; ``where`` says what asks for it. Raises BadInput, naming file and key, where
    there is no such file, or it is malformed."""
    known = sorted(path.stem for path in folder.glob("*.toml"))
    if name not in known:
        raise BadInput(f"{where}: tls: unknown TLS profile {name!r}; known: {', '.join(known)}")
    path = folder / f"{name}.toml"
    kinds: dict[str, type] = {field.name: _kind(str(field.type)) for field in fields(TlsProfile)}
    values: dict[str, Any] = {"name": name, **read(path, {key: kind for key, kind in kinds.items() if key != "name"})}
    found: dict[str, Any] = {key: frozenset(v) if kinds[key] is list else v for key, v in values.items()}
    return TlsProfile(**found)


def _kind(annotation: str) -> type:
    return {"str": str, "int": int}.get(annotation, list)


def read(path: Path, keys: Mapping[str, type], optional: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The TOML file at ``path``, which has exactly these ``keys``; lists hold strings. Raises BadInput otherwise."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error
    for key in table:
        if key not in keys:
            raise BadInput(f"{path}: unknown key {key!r}; accepted: {', '.join(sorted(keys))}")
    for key, kind in keys.items():
        value = table.get(key)
        if value is None and key in optional:
            continue
        strings = not isinstance(value, list) or all(isinstance(each, str) for each in value)
        if type(value) is not kind or not strings:
            raise BadInput(f"{path}: {key}: {'is missing' if value is None else f'{value!r} is not a {kind.__name__}'}")
    return table

"""Cipher suites and named groups by their numbers, as far back as there are any."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VERSIONS = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
NUMBERS = dict(zip(VERSIONS, (0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304), strict=True))
# The registry "TLS Supported Groups": RFC 8422 5.1.1, RFC 7027, RFC 8734, RFC 7919.
GROUPS = {
    **dict(enumerate(("sect163k1", "sect163r1", "sect163r2", "sect193r1", "sect193r2", "sect233k1", "sect233r1"), 1)),
    **dict(enumerate(("sect239k1", "sect283k1", "sect283r1", "sect409k1", "sect409r1", "sect571k1", "sect571r1"), 8)),
    **dict(enumerate(("secp160k1", "secp160r1", "secp160r2", "secp192k1", "secp192r1", "secp224k1", "secp224r1"), 15)),
    **dict(enumerate(("secp256k1", "secp256r1", "secp384r1", "secp521r1"), 22)),
    **dict(enumerate(("brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "x25519", "x448"), 26)),
    **dict(enumerate(("brainpoolP256r1tls13", "brainpoolP384r1tls13", "brainpoolP512r1tls13"), 31)),
    **dict(enumerate(("ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"), 256)),
}
GROUP_NUMBERS = {name: number for number, name in GROUPS.items()}


@dataclass(frozen=True)
class Suite:
    """``name`` is IANA's; ``number`` has three bytes in SSL 2.0, else two."""

    number: int
    name: str

    @property
    def family(self) -> str:
        """What it asks of a server: key exchange and signature. A suite of SSL 2.0 or TLS 1.3 asks for neither."""
        return self.name.partition("_WITH_")[0] if self.name.startswith("TLS_") and "_WITH_" in self.name else ""

    @property
    def ephemeral(self) -> str:
        """Of what kind the key is that the server makes for each connection before TLS 1.3: ``ecdhe``, ``dhe`` or
        none."""
        if self.family.startswith(("TLS_ECDHE", "TLS_ECDH_anon")):
            return "ecdhe"
        return "dhe" if self.family.startswith(("TLS_DHE", "TLS_DH_anon", "TLS_PSK_DHE")) else ""


def bits(group: str) -> int:
    """The size of a named group, from its name."""
    found = re.search(r"\d{3,4}", group)
    return 255 if group == "x25519" or found is None else int(found[0])


@cache
def suites(version: str) -> tuple[Suite, ...]:
    """Every cipher suite that ``version`` has ever had."""
    return _table()[version]


@cache
def _table() -> dict[str, tuple[Suite, ...]]:
    found: dict[str, list[Suite]] = {version: [] for version in VERSIONS}
    versions: list[str] = []
    for line in Path(__file__).with_name("cipher-suites.txt").read_text(encoding="ascii").splitlines():
        if line.startswith("["):
            versions = line.strip("[]").split(", ")
        elif line and not line.startswith("#"):
            number, name = line.split()
            for version in versions:
                found[version].append(Suite(int(number, 16), name))
    return {version: tuple(rows) for version, rows in found.items()}


def families(version: str) -> list[tuple[Suite, ...]]:
    """The suites of ``version``, those together that ask the same of a server."""
    found: dict[str, list[Suite]] = {}
    for suite in suites(version):
        found.setdefault(suite.family, []).append(suite)
    return [tuple(each) for each in found.values()]

"""Versions with known vulnerabilities, and which of two versions is the older one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path

_TABLE = Path(__file__).with_name("vulnerable-versions.toml")
_RELEASES = {"11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky"}


@dataclass(frozen=True)
class Vulnerability:
    """In ``package`` (source) before ``fixed``, and before ``backport`` of the release that a package comes from."""

    ids: tuple[str, ...]
    package: str
    fixed: str
    backport: Mapping[str, str]
    line: str

    def mended(self, version: str, release: str) -> str:
        """The version to have instead of ``version`` on ``release``; "" where it has not this vulnerability."""
        suffix = re.search(r"deb(\d+)u\d+$", version)
        origin = _RELEASES.get(suffix[1], release) if suffix else release
        wanted = self.backport.get(origin, self.fixed)
        return wanted if older(version, wanted) else ""


@cache
def vulnerabilities() -> tuple[Vulnerability, ...]:
    """The table, vulnerable-versions.toml."""
    rows = tomllib.loads(_TABLE.read_text())["vulnerability"]
    return tuple(
        Vulnerability(tuple(row["ids"]), row["package"], row["fixed"], row.get("backport", {}), row["line"])
        for row in rows
    )


def older(version: str, other: str) -> bool:
    """As ``dpkg --compare-versions version lt other``: epoch, then upstream's version, then the package's revision."""
    return _key(version) < _key(other)


def _key(version: str) -> tuple[int, list[tuple[int, ...]], list[tuple[int, ...]]]:
    epoch, colon, rest = version.partition(":")
    upstream, dash, revision = (rest if colon else version).rpartition("-")
    if not dash:
        upstream, revision = revision, ""
    return int(epoch) if colon else 0, list(_parts(upstream)), list(_parts(revision))


def _parts(text: str) -> Iterator[tuple[int, ...]]:
    """Runs of other characters and numbers, in turn (deb-version(7)): ``~`` comes before the end, letters after it and
    before everything else."""
    others, numbers = re.split(r"\d+", text), re.findall(r"\d+", text)
    for run, number in zip_longest(others, numbers, fillvalue=""):
        yield (*(-1 if c == "~" else ord(c) if c.isalpha() else ord(c) + 256 for c in run), 0)
        yield (int(number or 0),)

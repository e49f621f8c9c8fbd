"""What a service of a target was started with. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .declared import FILE, Existing, Flag, key

_HERE = (FILE,)


@dataclass(frozen=True)
class Configuration:
    """What a service was started with: a file, or a folder that it reads whole. ``behind_guard``: its own ports are
    private, and a guard in front of it ends TLS. ``source``: what it was made of, where that is somebody's own."""

    path: Path = field(
        metadata=key(
            Existing(),
            "What it was started with: a file or a folder that `pacs-hardening lint` can read.",
            '"orthanc.json"',
            name="config",
            places=_HERE,
        )
    )
    behind_guard: bool = field(
        default=False,
        metadata=key(Flag(), "Its own ports are private, and what is in front of it ends TLS.", "false", places=_HERE),
    )
    source: Path | None = None

"""The embedded environment: a small archive in this process, hardened unless a weakness says otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..running import Running


@contextmanager
def start(environment: Mapping[str, Any], folder: Path) -> Iterator[Running]:
    """Start the archive that ``environment`` (environment.toml, weaknesses merged) describes; stop it on leaving.

    ``folder`` exists, is private (0700), receives keys and certificates, and is removed by the caller.
    Raises BadInput for a setting or a table that cannot be used.
    """
    from .assembly import assemble  # imports pynetdicom, which takes longer than all the rest

    with ExitStack() as stack:
        yield assemble(environment, folder, stack)

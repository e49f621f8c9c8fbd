"""The embedded environment: a small archive in Python, hardened unless a weakness says otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..model.running import Running


@contextmanager
def start(environment: Mapping[str, Any], folder: Path, apart: bool = False) -> Iterator[Running]:
    """Start the archive that ``environment`` (environment.toml, weaknesses merged) describes, in this process or
    ``apart`` in one of its own; stop it on leaving.

    ``folder`` exists, is private (0700), receives keys and certificates, and is removed by the caller.
    Raises BadInput for a setting or a table that cannot be used.
    """
    if apart:
        from . import apart as other

        with other.start(environment, folder) as running:
            yield running
        return
    from .assembly import assemble  # imports pynetdicom, which takes longer than all the rest

    with ExitStack() as stack:
        yield assemble(environment, folder, stack)

"""The configuration that each service is started with, laid where it can be read: the very bytes of its volume."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...model import Configuration
from ..definition.plan import Plan
from .volumes import Volume


def lay(plan: Plan, filled: Mapping[str, tuple[Volume, ...]], folder: Path) -> dict[str, Configuration]:
    """Service -> its configuration, in ``folder``, which must be private: there are passwords in it.

    A service that publishes nothing, while all that others publish is TLS, stands behind a guard.
    """
    found = {}
    encrypted = all(each.tls for service in plan.services.values() for each in service.publish)
    for name, service in plan.services.items():
        contents = {file: content for volume in filled[name] for file, content in volume.files}
        for file in service.configured():
            root = folder / name
            path = root / file.path.relative_to(service.configuration)
            if path == root:  # it is one file, not a folder of them
                root = path = root / file.path.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[file])
            found[name] = Configuration(root, behind_guard=encrypted and not service.publish)
    return found

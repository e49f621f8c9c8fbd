"""An environment folder -> a running archive, as hardened as it can be or with exactly one weakness."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..model import BadInput
from . import owner, plan
from .prepared import FILE, Overrides, Prepared, prepare
from .running import Running
from .weakness import Weakness, load_all, load_toml

_PACKAGE = Path(__file__).resolve().parents[1]


def say_on_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")  # in one piece: builds run side by side
    sys.stderr.flush()


def root() -> Path:
    """In a wheel the environments stand inside the package; in a checkout, beside it."""
    shipped = _PACKAGE / "_suite" / "environments"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "environments"


def discover(folder: Path | None = None) -> dict[str, Path]:
    """Name -> folder of every environment in ``folder`` (by default the suite's own), in order of name."""
    return {found.parent.name: found.parent for found in sorted((folder or root()).glob(f"*/{FILE}"))}


@dataclass(frozen=True)
class Environment:
    """``kind`` is ``containers`` or ``embedded``; ``weaknesses`` is by name."""

    name: str
    title: str
    kind: str
    folder: Path
    weaknesses: Mapping[str, Weakness]
    _raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def load(cls, name: str, folder: Path | None = None) -> Environment:
        """The environment ``name`` in ``folder`` (by default the suite's own). Raises BadInput for an unknown name
        and for a file that is malformed."""
        known = discover(folder)
        if name not in known:
            raise BadInput(f"unknown environment {name!r}; known: {', '.join(known) or 'none'}")
        path = known[name] / FILE
        raw = load_toml(path)
        checked = plan.read(raw, path)
        return cls(name, checked.title, checked.kind, known[name], load_all(known[name] / "weak"), raw)

    @property
    def raw(self) -> Mapping[str, Any]:
        """environment.toml as it stands, checked."""
        return self._raw

    def fixes(self, control_id: str) -> tuple[str, ...]:
        """How what this control finds is mended on this product: one text for each weakness that refutes it."""
        found = [each.fix for each in self.weaknesses.values() if control_id in each.refutes]
        return tuple(dict.fromkeys(found))

    def start(
        self,
        weakness: str | None = None,
        *,
        overrides: Overrides | None = None,
        say: Callable[[str], None] = say_on_stderr,
    ) -> AbstractContextManager[Running]:
        """The running archive; leaving the context removes every trace. ``say`` gets a line before a long step.

        Raises BadInput at once, before anything starts, for an unknown weakness or one that does not fit; entering
        raises Unmeasurable where the archive cannot be started.
        """
        chosen = None
        if weakness is not None:
            if weakness not in self.weaknesses:
                known = ", ".join(self.weaknesses) or "none"
                raise BadInput(f"{self.name}: unknown weakness {weakness!r}; known: {known}")
            chosen = (weakness, self.weaknesses[weakness])
        return _running(prepare(self.name, self.folder, self._raw, chosen, overrides or Overrides()), say)


@contextmanager
def _running(prepared: Prepared, say: Callable[[str], None]) -> Iterator[Running]:
    with owner.folder() as folder:
        if prepared.plan.kind == "embedded":
            from . import embedded

            starting: AbstractContextManager[Running] = embedded.start(prepared.raw, folder)
        else:
            from . import containers

            starting = containers.start(prepared, folder, say)
        with starting as running:
            yield running

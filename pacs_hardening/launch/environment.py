"""An environment folder -> a running archive, as hardened as it can be or with exactly one weakness."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..model import BadInput
from . import owner, plan, variant
from .prepared import Overrides, Prepared, prepare
from .running import Running
from .variant import FILE, Variant
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
    variant: Variant = field(default_factory=Variant)

    @classmethod
    def load(cls, name: str, folder: Path | None = None, generation: str = "", as_shipped: bool = False) -> Environment:
        """The environment ``name`` in ``folder`` (by default the suite's own), of an older ``generation`` or as it is
        shipped. Raises BadInput for an unknown name and for a file that is malformed."""
        known = discover(folder)
        if name not in known:
            raise BadInput(f"unknown environment {name!r}; known: {', '.join(known) or 'none'}")
        chosen = variant.load(known[name], generation, as_shipped)
        path = known[name] / chosen.file
        raw = load_toml(path)
        checked = plan.read(raw, path)
        weaknesses = load_all([known[name] / "weak", *(_shared(known[name], each) for each in checked.weaknesses)])
        return cls(name, chosen.title or checked.title, checked.kind, known[name], weaknesses, raw, chosen)

    @property
    def label(self) -> str:
        return f"{self.name}{self.variant.label}"

    @property
    def ships(self) -> bool:
        """Something says how it is shipped."""
        return (self.folder / variant.SHIPPED).is_file()

    @property
    def generations(self) -> tuple[str, ...]:
        return variant.generations(self.folder)

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
        areas: Callable[[], Set[str]] = frozenset,
    ) -> AbstractContextManager[Running]:
        """The running archive; leaving the context removes every trace. ``say`` gets a line before a long step;
        services that none of ``areas`` needs, when it starts, are left out (none named: all are started).

        Raises BadInput at once, before anything starts, for an unknown weakness or one that does not fit; entering
        raises Unmeasurable where the archive cannot be started.
        """
        chosen = None
        if weakness is not None:
            if self.variant.as_shipped:
                raise BadInput(f"{self.label}: what is shipped is not weakened any further")
            if weakness not in self.weaknesses:
                known = ", ".join(self.weaknesses) or "none"
                raise BadInput(f"{self.name}: unknown weakness {weakness!r}; known: {known}")
            chosen = (weakness, self.weaknesses[weakness])
        prepared = prepare(self.name, self.folder, self._raw, chosen, overrides or Overrides(), self.variant)
        return _running(prepared, say, areas)

    def build(self, *, say: Callable[[str], None] = say_on_stderr) -> None:
        """Make the images of the environment and of all its weaknesses, so that no run has to. Raises Unmeasurable."""
        if self.kind == "containers":
            from . import containers

            chosen = (None, *self.weaknesses.items())
            containers.build(
                [prepare(self.name, self.folder, self._raw, each, Overrides(), self.variant) for each in chosen], say
            )


def _shared(folder: Path, relative: str) -> Path:
    """A folder of weaknesses beside the environment."""
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder.resolve().parent) or not path.is_dir():
        raise BadInput(f"{folder / FILE}: weaknesses: {relative!r} is not a folder beside the environment")
    return path


@contextmanager
def _running(prepared: Prepared, say: Callable[[str], None], areas: Callable[[], Set[str]]) -> Iterator[Running]:
    with owner.folder() as folder:
        if prepared.plan.kind == "embedded":
            from . import embedded

            starting: AbstractContextManager[Running] = embedded.start(prepared.raw, folder)
        else:
            from . import containers

            wanted = replace(prepared, plan=plan.narrowed(prepared.plan, areas()))
            starting = containers.start(wanted, folder, say)
        with starting as running:
            yield running

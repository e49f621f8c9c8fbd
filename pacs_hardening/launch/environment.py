"""An environment folder -> a running archive, as hardened as it can be or with exactly one weakness."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..config.table import OLD_UNTIL, RENAMED_IN
from ..model import BadInput
from ..model.running import Running
from . import owner
from .definition import mistakes, plan, results, variant
from .definition.patch import load_toml
from .definition.prepared import Overrides, Prepared, prepare
from .definition.variant import FILE, Variant
from .definition.weakness import Weakness, load_all

_READ = (".json", ".cfg")  # what products read as their configuration
_PACKAGE = Path(__file__).resolve().parents[1]


def renamed(old: str, new: str) -> str:
    return f"the weakness {old} is called {new} since {RENAMED_IN}; both work until {OLD_UNTIL}"


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
        chosen, raw, checked = _read(known[name], generation, as_shipped)
        folders = [known[name] / "weak", *(_shared(known[name], each) for each in checked.weaknesses)]
        vocabulary = mistakes.read(root()) | mistakes.read(known[name].parent)
        weaknesses = load_all(folders, vocabulary, results.read(known[name]).reason)
        return cls(name, chosen.title or checked.title, checked.kind, known[name], weaknesses, raw, chosen)

    def varied(self, generation: str = "", as_shipped: bool = False) -> Environment:
        """The same of another ``generation``, or as it is shipped. Raises as ``load`` does."""
        chosen, raw, checked = _read(self.folder, generation, as_shipped)
        title = chosen.title or checked.title
        return replace(self, title=title, kind=checked.kind, _raw=raw, variant=chosen)

    @property
    def label(self) -> str:
        return f"{self.name}{self.variant.label}"

    @property
    def ships(self) -> bool:
        """Something says how it is shipped."""
        return (self.folder / variant.SHIPPED).is_file()

    @property
    def pulled(self) -> tuple[str, ...]:
        """Images of the product's own publisher, without which it cannot be started."""
        return tuple(self._raw.get("pulled", ()))

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

    def own_fixes(self, control_id: str) -> tuple[str, ...]:
        """Of weaknesses of the product's own configuration alone, and not of what stands around it here."""
        services = self._raw.get("services", {}).values()
        every = {
            file["source"]: service for service in services for file in service.get("files", ()) if "source" in file
        }
        own = {file for file, service in every.items() if service.get("configuration") and file.endswith(_READ)}
        around = [Path(file).name for file in (*every, FILE) if file not in own]
        found = [each for each in self.weaknesses.values() if control_id in each.refutes and not each.merge]
        fixes = [each.fix for each in found if {change.file for change in each.replace} <= own]
        return tuple(dict.fromkeys(fix for fix in fixes if not any(name in fix for name in around)))

    def called(self, weakness: str) -> str:
        """The name of today. Raises BadInput for a weakness that was never known here."""
        if weakness in self.weaknesses:
            return weakness
        for name, each in self.weaknesses.items():
            if weakness in each.formerly:
                return name
        known = ", ".join(self.weaknesses) or "none"
        raise BadInput(f"{self.name}: unknown weakness {weakness!r}; known: {known}")

    def start(
        self,
        weakness: str | None = None,
        *,
        overrides: Overrides | None = None,
        say: Callable[[str], None] = say_on_stderr,
        areas: Callable[[], Set[str]] = frozenset,
        apart: bool = False,
    ) -> AbstractContextManager[Running]:
        """The running archive; leaving the context removes every trace. ``say`` gets a line before a long step;
        services that none of ``areas`` needs, when it starts, are left out (none named: all are started). ``apart``: an
        embedded archive gets a process of its own.

        Raises BadInput at once, before anything starts, for an unknown weakness or one that does not fit; entering
        raises Unmeasurable where the archive cannot be started.
        """
        chosen = None
        if weakness is not None:
            if self.variant.as_shipped:
                raise BadInput(f"{self.label}: what is shipped is not weakened any further")
            name = self.called(weakness)
            if name != weakness:
                say(renamed(weakness, name))
            chosen = (name, self.weaknesses[name])
        prepared = prepare(self.name, self.folder, self._raw, chosen, overrides or Overrides(), self.variant)
        return _running(prepared, say, areas, apart)

    def build(self, *, say: Callable[[str], None] = say_on_stderr) -> None:
        """Make the images of the environment and of all its weaknesses, so that no run has to. Raises Unmeasurable."""
        if self.kind == "containers":
            from .docker import containers

            chosen = (None, *self.weaknesses.items())
            containers.build(
                [prepare(self.name, self.folder, self._raw, each, Overrides(), self.variant) for each in chosen], say
            )


def _read(folder: Path, generation: str, as_shipped: bool) -> tuple[Variant, dict[str, Any], plan.Plan]:
    chosen = variant.load(folder, generation, as_shipped)
    path = folder / chosen.file
    raw = load_toml(path)
    return chosen, raw, plan.read(raw, path)


def _shared(folder: Path, relative: str) -> Path:
    """A folder of weaknesses beside the environment."""
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder.resolve().parent) or not path.is_dir():
        raise BadInput(f"{folder / FILE}: weaknesses: {relative!r} is not a folder beside the environment")
    return path


@contextmanager
def _running(
    prepared: Prepared, say: Callable[[str], None], areas: Callable[[], Set[str]], apart: bool
) -> Iterator[Running]:
    with owner.folder() as folder:
        if prepared.plan.kind == "embedded":
            from .. import embedded

            starting: AbstractContextManager[Running] = embedded.start(prepared.raw, folder, apart=apart)
        else:
            from .docker import containers

            wanted = replace(prepared, plan=plan.narrowed(prepared.plan, areas()))
            starting = containers.start(wanted, folder, say)
        with starting as running:
            yield running

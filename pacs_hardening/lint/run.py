"""One lint: a path in, every opening and an exit status out, one verdict for each archive that was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..model import Severity
from . import gather, orthanc, tables, versions
from .arc import find
from .arc.reading import Reading
from .forms import container
from .forms.setup import Setup
from .judge import Opening, judge
from .node import NoArchive
from .notices import too_new
from .reader import Unparsable
from .rules import Product, load
from .tree import Tree, settled


@dataclass(frozen=True)
class Asked:
    """What whoever asks knows better than the files. ``image``: does the orthancteam/orthanc image merge them? None:
    what lies beside decides. ``version`` of the product, "" where the files say it, or nobody does."""

    behind_guard: bool = False
    image: bool | None = None
    version: str = ""


@dataclass(frozen=True)
class Result:
    """``openings``: worst first, then as they stand in the files. ``rules``: how many were asked, ``themes``:
    of what. ``service``: which of several, "" where there is one. ``assumed``: what it was taken for, and why.
    ``unread``: why it has no verdict."""

    product: str
    files: tuple[str, ...]
    rules: int
    themes: frozenset[str]
    openings: tuple[Opening, ...]
    service: str = ""
    assumed: str = ""
    version: str = ""
    unread: Unparsable | None = None

    def exit_status(self, fail_on: Severity) -> int:
        if self.unread is not None:
            return 10
        return 1 if any(opening.severity >= fail_on for opening in self.openings) else 0


def lint(path: Path, *, behind_guard: bool = False) -> Result:
    """All archives at ``path`` together. Raises BadInput for a path that cannot be read, Unparsable for a file that is
    no configuration, or of which a part cannot be read."""
    results = verdicts(path, Asked(behind_guard=behind_guard))
    for each in results:
        if each.unread is not None:
            raise each.unread
    if len(results) == 1:
        return results[0]
    return replace(
        results[0],
        files=tuple(dict.fromkeys(file for each in results for file in each.files)),
        openings=_sorted(found for each in results for found in each.openings),
        service="", assumed="", version="",
    )  # fmt: skip


def verdicts(path: Path, asked: Asked, over: Sequence[Path] = ()) -> list[Result]:
    """One for each archive. ``over``: LDIF that is laid over that of ``path``. Raises as ``lint``, but what cannot be
    read of one of several stands in its result."""
    files = tables.at(path)
    if files:
        return [_of_dcmqrscp(files, asked)]
    readings, used = find.readings(path, over)
    others = [_of_reading(each, asked) for each in readings]
    if others and path in used:
        return others
    product = load("orthanc")
    try:
        found = gather.setups(path, product, used)
    except NoArchive:
        if not others:
            raise
        return others
    if not found and not others:
        words = "a folder with neither *.json, *.env or YAML of an Orthanc nor dcmqrscp*.cfg, nor LDIF"
        raise NoArchive(f"{words}: {gather.HAND_OVER}", 1, 1, str(path))
    results = [*(_of_setup(setup, product, asked) for setup in found), *others]
    if len(results) == 1 and results[0].unread is not None:
        raise results[0].unread
    return results


def grouped(paths: Sequence[str]) -> list[tuple[Path, ...]]:
    """LDIF belongs together, laid over one another in the order that it is named in; everything else is by itself."""
    files = [Path(each) for each in paths]
    laid = [file for file in files if not file.is_dir() and find.of_ldif(file)]
    groups = [(file,) if file not in laid else tuple(laid) for file in files]
    return list(dict.fromkeys(groups))


def configuration(path: Path) -> tuple[Product, dict[str, Any]]:
    """One server's configuration as plain data, merged as Orthanc would, or dcmqrscp's tables (dcmqrscp.py). Raises
    BadInput and Unparsable as ``lint``."""
    if files := tables.at(path):
        product = load("dcmqrscp")
        tree, _ = tables.read(files[0], product)
    else:
        product = load("orthanc")
        found = gather.setups(path, product)
        if len(found) != 1:
            raise Unparsable(f"{len(found)} archives: name the file of one", 1, 1, str(path))
        if found[0].error is not None:
            raise found[0].error
        _, tree = orthanc.read(found[0], product)
        _must_be_one(found[0], tree, product)
    known = {key: settled(node.plain()) for key, (node, _) in tree.members.items()}
    return product, known if files else {key: value for key, value in known.items() if not key.startswith("_")}


def _of_setup(setup: Setup, product: Product, asked: Asked) -> Result:
    if asked.image is not None:
        setup.team, setup.assumed = (
            asked.image,
            f"{'the orthancteam/orthanc image' if asked.image else 'plain Orthanc'}: as asked",
        )
    version = asked.version or container.version_of(setup.image)
    files = tuple(
        dict.fromkeys([setup.home[0], *(f.file for f in setup.fragments), *(v.file for v in setup.variables)])
    )
    found: list[Opening] = []
    error = setup.error
    try:
        if error is None:
            reading, tree = orthanc.read(setup, product, version)
            _must_be_one(setup, tree, product)
            found += orthanc.notices(reading, tree, product)
            found += too_new(tree, product, version)
            found += judge(tree, product, behind_guard=asked.behind_guard, version=version)
    except Unparsable as unread:
        error = unread if unread.file else Unparsable(unread.what, unread.line, unread.column, setup.home[0])
    found = [replace(each, service=setup.name) for each in found]
    rules = [rule for rule in product.rules if versions.concerns(rule, version)]
    return Result(
        product.name, files, len(rules), _themes(product), _sorted(found), setup.name, setup.assumed, version, error
    )


def _must_be_one(setup: Setup, tree: Tree, product: Product) -> None:
    if setup.variables or setup.image or setup.team:
        return
    if not orthanc.looks_like([key for key in tree.members if not key.startswith("_")], product):
        raise NoArchive("JSON, and no key of Orthanc in it: not its configuration", 1, 1, setup.home[0])


def _of_dcmqrscp(files: list[Path], asked: Asked) -> Result:
    product, found = load("dcmqrscp"), list[Opening]()
    for file in files:  # each is of a server of its own
        tree, notices = tables.read(file, product)
        found += [*notices, *judge(tree, product, behind_guard=asked.behind_guard, version=asked.version)]
    return Result(product.name, tuple(map(str, files)), len(product.rules), _themes(product), _sorted(found))


def _of_reading(reading: Reading, asked: Asked) -> Result:
    found = [*reading.notices, *judge(reading.tree, reading.product, behind_guard=asked.behind_guard)]
    found = [replace(each, service=reading.service) for each in found]
    product, rules = reading.product, len(reading.product.rules)
    ordered = _sorted(found)
    return Result(product.name, reading.files, rules, _themes(product), ordered, reading.service, reading.assumed)


def _themes(product: Product) -> frozenset[str]:
    return frozenset(rule.theme for rule in (*product.rules, *product.notices.values()))


def _sorted(found: Iterable[Opening]) -> tuple[Opening, ...]:
    ordered = sorted(found, key=lambda each: (-each.severity, each.file, each.line, each.key))
    return tuple(dict.fromkeys(ordered))

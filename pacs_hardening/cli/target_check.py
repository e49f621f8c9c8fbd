"""``pacs-hardening target check``: is the target there, does it serve who may use it, and what will stay unmeasured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..model import Missing, Target, Unmeasurable
from ..model.declared import Named, declared
from ..probes.authorised import Authorised
from ..report import words
from ..report.meaning import explained
from ..report.text import clean
from ..run.product import completed, load


@dataclass(frozen=True)
class Leaf:
    """What a target file can leave out under ``name``, what nobody will know then, and of which kind of target.
    ``way``: a field of the target, an entry of it, and a field of that entry."""

    name: str
    way: tuple[str, ...]
    unmeasured: str
    of: str

    def is_left_out_of(self, target: Target) -> bool:
        said: Any = getattr(target, self.way[0])
        entry, *field = self.way[1:] or ("",)
        if not entry:
            return not said
        return entry in said and not getattr(said[entry], field[0]) if field else entry not in said


def _leaves() -> Iterator[Leaf]:
    for each in declared(Target):
        if each.key.unmeasured:
            yield Leaf(each.name, (each.field,), each.key.unmeasured, each.key.of)
        for entry in each.key.entries:
            name, way = f"{each.name}.{entry.name}", (each.field, entry.name)
            if entry.unmeasured:
                yield Leaf(name, way, entry.unmeasured, each.key.of)
            for inner in declared(each.key.kind.of) if entry.essential and isinstance(each.key.kind, Named) else ():
                if inner.key.unmeasured:
                    yield Leaf(f"{name}.{inner.name}", (*way, inner.field), inner.key.unmeasured, inner.key.of)


LEAVES = {leaf.name: leaf for leaf in _leaves()}


@dataclass(frozen=True)
class Line:
    """``good`` is None for what is merely not known."""

    good: bool | None
    text: str


def check(target: Target) -> list[Line]:
    """Endpoints and nodes are asked side by side; only C-ECHO, C-FIND for nobody, one page, an HL7 message
    without a patient, and what the product has by its name. Raises BadInput for an unknown product."""
    authorised = Authorised(target)
    if target.product:
        target = completed(target, load(target.product), authorised)
    asked: list[tuple[str, Callable[[], object]]] = []
    for endpoint in target.endpoints_of("dicom"):
        asked.append((f"{endpoint} serves node all", partial(authorised.lives, endpoint)))
    for role, node in target.nodes.items():
        if role != "all" and "echo" in node.permits:
            asked.append((f"node {role} ({node.aet}) is served", partial(authorised.echo, role)))
    for endpoint in target.endpoints_of("web"):
        asked.append((f"{endpoint} serves user {next(iter(target.users), '?')}", partial(authorised.page, endpoint)))
    for endpoint in target.endpoints_of("hl7"):
        asked.append((f"{endpoint} answers the sender of HL7 messages", partial(authorised.hl7, endpoint)))
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        lines = list(pool.map(lambda pair: _tried(*pair), asked))
    lines += [Line(None, note) for note in target.notes]
    return [
        *lines,
        *(Line(None, f"{item} is missing: not measured is {LEAVES[item].unmeasured}") for item in missing(target)),
    ]


def _tried(what: str, ask: Callable[[], object]) -> Line:
    try:
        ask()
    except Missing as error:
        return Line(None, f"{what}: {clean(str(error))}")
    except Unmeasurable as error:
        means = "".join(f": {each}" for each in explained(error.said))
        return Line(False, f"{what}: {clean(words.error(error) + means)}")
    return Line(True, what)


def missing(target: Target) -> Iterator[str]:
    """The keys of ``LEAVES`` that the target does not say, and that its endpoints give a meaning to."""
    dicom = target.endpoints_of("dicom")
    has = {"": True, "web": bool(target.endpoints_of("web")), "dicom": bool(dicom), "tls": any(e.tls for e in dicom)}
    yield from (name for name, leaf in LEAVES.items() if has[leaf.of] and leaf.is_left_out_of(target))


def render(target: Target, lines: list[Line]) -> str:
    mark = {True: "yes  ", False: "NO   ", None: "-    "}
    said = [f"{mark[line.good]}{line.text}" for line in sorted(lines, key=lambda line: line.good is None)]
    bad = sum(line.good is False for line in lines)
    good = sum(line.good is True for line in lines)
    if bad or not good:
        end = f"Not ready: {bad or 'none'} of {good + bad} cannot be reached or do not serve. The gate cannot say PASS."
    else:
        end = f"Ready: {clean(target.name)} serves whom it should. What is missing will be listed as NOT RUN or ERROR."
    return "\n".join([*said, "", end]) + "\n"

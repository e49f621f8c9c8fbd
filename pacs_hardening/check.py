"""``pacs-hardening target check``: is the target there, does it serve who may use it, and what will stay unmeasured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from .model import Missing, Target, Unmeasurable
from .probes.authorised import Authorised
from .report.text import clean
from .wire import operations

# What a target file can leave out -> what nobody will know then. Keys are those of the file.
LEAVES = {
    "nodes.all": "everything: no refusal can be told from a dead port",
    "nodes.query": "whether a node that may only query is kept from storing",
    "nodes.store": "whether a node that may only store is kept from reading",
    "nodes.unknown": "whether a device of your own CA that the archive does not know is refused",
    "nodes.all.certificate": "whether a certificate is tied to one AE title, and a client without one refused",
    "bad_keys": "whether expired, revoked and foreign client certificates are refused",
    "users": "whether the web doors serve anybody, and so everything about them",
    "routes.rest": "whether the REST interface refuses strangers",
    "routes.ui": "whether the user interface refuses strangers",
    "routes.metrics": "whether the metrics page refuses strangers",
    "routes.qido": "whether QIDO-RS refuses strangers",
    "routes.stow": "whether STOW-RS refuses strangers",
    "routes.wado-rs": "whether WADO-RS refuses strangers",
    "routes.wado-uri": "whether WADO-URI refuses strangers",
    "ca": "whether the archive's certificate is one that your nodes can trust",
    "move_destination": "whether C-MOVE is refused to strangers",
    "query_limit": "whether one query can list every patient",
    "sop_classes": "whether only declared kinds of objects are accepted",
    "transfer_syntaxes": "whether only declared encodings are accepted",
    "hosts": "what the machine underneath looks like: users, secrets, ports, versions",
}


@dataclass(frozen=True)
class Line:
    """``good`` is None for what is merely not known."""

    good: bool | None
    text: str


def check(target: Target) -> list[Line]:
    """Doors and nodes are asked side by side; only C-ECHO, C-FIND for nobody, and one page."""
    authorised = Authorised(target)
    asked: list[tuple[str, Callable[[], object]]] = []
    echo_and_find = (operations.echo(), operations.find("STUDY"))
    for door in target.doors_of("dicom"):
        asked.append((f"{door} serves node all", partial(authorised.succeeds, *echo_and_find, door=door)))
    for role, node in target.nodes.items():
        if role != "all" and "echo" in node.permits:
            asked.append((f"node {role} ({node.aet}) is served", partial(authorised.echo, role)))
    for door in target.doors_of("web"):
        asked.append((f"{door} serves user {next(iter(target.users), '?')}", partial(authorised.page, door)))
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        lines = list(pool.map(lambda pair: _tried(*pair), asked))
    return [*lines, *(Line(None, f"{item} is missing: not measured is {LEAVES[item]}") for item in missing(target))]


def _tried(what: str, ask: Callable[[], object]) -> Line:
    try:
        ask()
    except Missing as error:
        return Line(None, f"{what}: {clean(str(error))}")
    except Unmeasurable as error:
        return Line(False, f"{what}: {clean(str(error))}")
    return Line(True, what)


def missing(target: Target) -> Iterator[str]:
    """The keys of ``LEAVES`` that the target does not say, and that its doors give a meaning to."""
    web, dicom = target.doors_of("web"), target.doors_of("dicom")
    tls = any(door.tls for door in dicom)
    for item in LEAVES:
        group, _, name = item.partition(".")
        if item == "nodes.all.certificate":
            absent = tls and "all" in target.nodes and target.nodes["all"].keys is None
        elif group == "routes":
            absent = bool(web) and name not in target.routes
        elif group == "nodes":
            absent = bool(dicom) and name not in target.nodes
        elif item == "users":
            absent = bool(web) and not target.users
        elif item in ("ca", "bad_keys"):
            absent = tls and not getattr(target, item)
        else:
            absent = bool(dicom) and not getattr(target, item)
        if absent:
            yield item


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

"""One lint: a path in, every opening and an exit status out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model import BadInput, Severity
from ..report.text import clean
from . import dcmqrscp, orthanc, variables
from .judge import Opening, judge, opening
from .notices import ignored, wrong_kind
from .reader import Unparsable
from .rules import Product, load
from .tree import Setting, Tree, settled

LARGEST = 1024 * 1024  # bytes; no configuration has a hundredth of this


@dataclass(frozen=True)
class Result:
    """``openings``: worst first, then as they stand in the files. ``rules``: how many were asked, ``themes``:
    of what."""

    product: str
    files: tuple[str, ...]
    rules: int
    themes: frozenset[str]
    openings: tuple[Opening, ...]

    def exit_status(self, fail_on: Severity) -> int:
        return 1 if any(opening.severity >= fail_on for opening in self.openings) else 0


def lint(path: Path, *, behind_guard: bool = False) -> Result:
    """Raises BadInput for a path that cannot be read, Unparsable for a file that is no configuration."""
    files = _files(path)
    texts = {file: _text(file) for file in files}
    first = next(iter(texts.values()))
    if files[0].suffix != ".json" and dcmqrscp.recognises(first):
        product, found = load("dcmqrscp"), []
        for file, text in texts.items():  # each is of a server of its own
            tree, notices = _dcmqrscp(text, file, product)
            found += [*notices, *judge(tree, product, behind_guard=behind_guard)]
    else:
        product = load("orthanc")
        tree, found = _orthanc(texts, product)
        found += judge(tree, product, behind_guard=behind_guard)
    found.sort(key=lambda each: (-each.severity, each.file, each.line, each.key))
    themes = frozenset(rule.theme for rule in (*product.rules, *product.notices.values()))
    return Result(product.name, tuple(map(str, files)), len(product.rules), themes, tuple(dict.fromkeys(found)))


def configuration(path: Path) -> tuple[Product, dict[str, Any]]:
    """One server's configuration as plain data, merged as Orthanc would, or dcmqrscp's tables (dcmqrscp.py). Raises
    BadInput and Unparsable as ``lint``."""
    file = _files(path)[0]
    if file.suffix != ".json" and dcmqrscp.recognises(text := _text(file)):
        product = load("dcmqrscp")
        tree, _ = _dcmqrscp(text, file, product)
        return product, {key: node.plain() for key, (node, _) in tree.members.items()}
    product = load("orthanc")
    tree, _ = _orthanc({file: _text(file) for file in _files(path)}, product)
    return product, {key: settled(node.plain()) for key, (node, _) in tree.members.items()}


def _dcmqrscp(text: str, file: Path, product: Product) -> tuple[Tree, list[Opening]]:
    try:
        tree, notices = dcmqrscp.read(text, file)
    except Unparsable as error:
        raise Unparsable(error.what, error.line, error.column, str(file)) from error
    found = [opening(product.notices[name], Setting((key,), str(file), line, None), "") for name, key, line in notices]
    return tree, [*found, *ignored(tree, product), *wrong_kind(tree, product)]


def _orthanc(texts: dict[Path, str], product: Product) -> tuple[Tree, list[Opening]]:
    reading = orthanc.Reading()
    for file, text in texts.items():
        try:
            if file.suffix.lower() != ".json" and variables.recognises(text):
                reading.environment(text, file, product)
            elif file.suffix.lower() == ".json" or text.lstrip("\ufeff \t\r\n")[:1] in ("{", "/"):
                reading.json(text, file)
            else:
                raise Unparsable("neither a configuration of Orthanc nor of dcmqrscp", 1, 1)
        except Unparsable as error:
            raise Unparsable(error.what, error.line, error.column, str(file)) from error
    if not orthanc.looks_like(reading.members, product):
        raise Unparsable("JSON, and no key of Orthanc in it: not its configuration", 1, 1, str(next(iter(texts))))
    tree = reading.tree()
    return tree, list(orthanc.notices(reading, tree, product))


def _files(path: Path) -> list[Path]:
    """The file; of a folder what Orthanc merges, and variables (``*.env``), which it applies last."""
    try:
        if not path.is_dir():
            return [path]
        entries = sorted(entry for entry in path.iterdir() if entry.is_file())
    except (OSError, ValueError) as error:
        raise BadInput(f"{clean(str(path))}: {getattr(error, 'strerror', None) or error}") from error
    merged = [entry for entry in entries if entry.suffix.lower() == ".json"]
    merged += [entry for entry in entries if entry.suffix == ".env" or entry.name == ".env"]
    alone = [entry for entry in entries if entry.match("dcmqrscp*.cfg")]
    if not merged and not alone:
        raise Unparsable("a folder with neither *.json (Orthanc) nor dcmqrscp*.cfg", 1, 1, str(path))
    return merged or alone


def _text(file: Path) -> str:
    try:
        if not file.exists():
            raise BadInput(f"{clean(str(file))}: there is no such file or folder")
        if not file.is_file():
            raise BadInput(f"{clean(str(file))}: neither a file nor a folder")
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise BadInput(f"{clean(str(file))}: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > LARGEST:
        raise BadInput(f"{clean(str(file))}: more than {LARGEST >> 20} MB, which no configuration has")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - before.rfind(b"\n")
        raise Unparsable("not UTF-8", before.count(b"\n") + 1, column, str(file)) from error

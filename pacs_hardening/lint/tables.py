"""Files of DCMTK's dcmqrscp: which there are at a path, and what lint makes of one."""

from __future__ import annotations

from pathlib import Path

from . import dcmqrscp
from .judge import Opening, opening
from .node import Unparsable
from .notices import unknown_keys, wrong_kind
from .rules import Product
from .source import entries, text_of
from .tree import Setting, Tree


def at(path: Path) -> list[Path]:
    """The dcmqrscp.cfg at a path: in a folder only where nothing of an Orthanc lies."""
    if not path.is_dir():
        return (
            [path]
            if path.suffix.lower() not in (".json", ".yml", ".yaml") and dcmqrscp.recognises(text_of(path))
            else []
        )
    files = entries(path)
    others = [file for file in files if file.suffix.lower() == ".json" or file.suffix == ".env" or file.name == ".env"]
    return [] if others else [file for file in files if file.match("dcmqrscp*.cfg")]


def read(file: Path, product: Product) -> tuple[Tree, list[Opening]]:
    try:
        tree, notices = dcmqrscp.read(text_of(file), file)
    except Unparsable as error:
        raise Unparsable(error.what, error.line, error.column, str(file)) from error
    found = [opening(product.notices[name], Setting((key,), str(file), line, None), "") for name, key, line in notices]
    return tree, [*found, *unknown_keys(tree, product), *wrong_kind(tree, product)]

"""Which files at a path are of dcm4chee-arc-light, by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ...model import BadInput
from ..node import NoArchive
from ..source import entries, text_of
from . import compose, exported, ldif, read, realm, wildfly
from .read import LARGEST
from .reading import Reading

_JSON = re.compile(r'"(dicomDeviceName|realm)"\s*:')
_DEVICE = re.compile(r"^objectClass:\s*dicomDevice\s*$", re.MULTILINE | re.IGNORECASE)


def readings(path: Path, over: Sequence[Path] = ()) -> tuple[list[Reading], set[Path]]:
    """One for each archive, realm or service, and the files that they are read from. ``over``: LDIF that is laid over
    that of ``path``, in this order. Raises BadInput and Unparsable."""
    if over:
        return [read.of_ldif([path, *over])], {path, *over}
    files = entries(path) if path.is_dir() else [path]
    found, used = list[Reading](), set[Path]()
    laid = [file for file in files if of_ldif(file)]
    if laid:
        laid.sort(key=lambda file: (not _DEVICE.search(text_of(file, LARGEST)), file.name))
        found.append(read.of_ldif(laid))
        used |= {*laid}
    for file in files:
        made = _of_json(file) if file.suffix.lower() == ".json" or file == path else None
        if made is not None:
            found.append(made)
            used.add(file)
    for file in files:
        if file.suffix.lower() == ".xml" and wildfly.recognises(text := text_of(file)):
            found.append(wildfly.reading(text, file))
            used.add(file)
    composed = compose.readings([file for file in files if file.suffix.lower() in (".yml", ".yaml")])
    for each in composed:
        found.append(each)
        if each.over and not used & {*each.over}:
            with suppress(NoArchive):  # what only offers more says nothing of who may call
                found.append(read.of_ldif(each.over))
    return found, used


def of_ldif(file: Path) -> bool:
    """Raises BadInput only for a file that says by its name that it is LDIF."""
    if file.suffix.lower() == ".ldif":
        return file.is_file()
    return file.suffix == "" and file.is_file() and ldif.recognises(_begin(file))


def _begin(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(4096).decode("utf-8", "replace")
    except OSError:
        return ""


def _of_json(file: Path) -> Reading | None:
    try:
        text = text_of(file, LARGEST)
    except BadInput:
        return None  # whoever reads it says why
    if not text.lstrip("\ufeff \t\r\n").startswith("{") or not _JSON.search(text):
        return None
    root = read.parsed(file)
    if exported.recognises(root):
        return read.of_export(root, file)
    return realm.reading(root, file) if realm.recognises(root) else None

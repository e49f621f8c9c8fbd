"""Files of dcm4chee-arc-light as trees, each with the product whose rules are put to it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ..judge import Opening, opening
from ..node import NoArchive, Node, Unparsable
from ..reader import parse
from ..rules import Product, load
from ..source import text_of
from ..tree import Setting, Tree
from . import entries, exported, ldif, shipped
from .directory import Directory
from .dn import DEVICE
from .reading import Reading
from .tree import tree
from .unknown import unknown

PRODUCT = "dcm4chee"
LARGEST = 16 * 1024 * 1024  # bytes; the defaults have 0.8 million
_NAMES = Path(__file__).parent.parent / "rules" / "dcm4chee-names.toml"


@cache
def names() -> dict[str, str]:
    """Attribute without regard to case -> as the schema spells it."""
    said = tomllib.loads(_NAMES.read_text(encoding="utf-8"))
    return {name.casefold(): name for group in said["names"].values() for name in group}


def of_ldif(files: Sequence[Path]) -> Reading:
    """The files are laid over one another in this order. Raises BadInput and Unparsable."""
    directory = Directory()
    read = [(str(file), _records(file)) for file in files]
    everything = [record for _, records in read for record in records]
    telling = [file for file, records in read if any(_says(record.dn) for record in records)]
    home = ((telling or [str(files[0])])[0], 1)
    on_defaults = shipped.needed(everything)
    if on_defaults:
        directory.lay(shipped.base(everything), home[0])
        directory.in_part = True
    for file, records in read:
        directory.lay(records, file)
    devices = entries.devices(directory, names()) if telling else []
    users, slapd = entries.users(directory, names()), entries.slapd(directory, names())
    if not any(each.archive for each in devices) and not users and not slapd:
        words = "LDIF without an archive, a user or a setting of the directory"
        raise NoArchive(f"{words}: name all files that are laid over one another", 1, 1, home[0])
    product = load(PRODUCT)
    notices = [*directory.notices, *entries.dangling(directory)]
    made = tree(devices, users, slapd, home)
    assumed = "laid over what the image of dcm4chee ships, since no file here brings the device" if on_defaults else ""
    return Reading(product, tuple(map(str, files)), made, _said(notices, made, product), assumed)


def of_export(root: Node, file: Path) -> Reading:
    """``root``: what ``parsed`` made of the file. Raises Unparsable for the device of another program."""
    device, notices = exported.device(root, str(file))
    if not device.archive:
        raise NoArchive("a device without dcmArchiveDevice: not the archive, and not judged", root.line, 1, str(file))
    product, made = load(PRODUCT), tree([device], [], [], (str(file), 1))
    return Reading(product, (str(file),), made, _said(notices, made, product))


def parsed(file: Path) -> Node:
    """Raises BadInput and Unparsable."""
    try:
        return parse(text_of(file, LARGEST)).root
    except Unparsable as error:
        raise Unparsable(error.what, error.line, error.column, str(file)) from error


def _records(file: Path) -> list[ldif.Record]:
    try:
        return ldif.records(text_of(file, LARGEST))
    except Unparsable as error:
        raise Unparsable(error.what, error.line, error.column, str(file)) from error


def _says(dn: str) -> bool:
    """Is it a device, or what stands directly below one? What is deeper says what is offered, and not to whom."""
    below = dn.casefold().partition(f"{DEVICE}=")[0]
    return f"{DEVICE}=" in dn.casefold() and below.count("=") <= 1


def _said(notices: Sequence[tuple[str, str, str, int]], made: Tree, product: Product) -> tuple[Opening, ...]:
    said = [opening(product.notices[name], Setting((key,), file, line, None), "") for name, key, file, line in notices]
    return (*said, *unknown(made, product, names()))

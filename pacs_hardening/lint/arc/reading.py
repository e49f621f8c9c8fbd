"""What was made of files: a tree, and the product whose rules are put to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..judge import Opening
from ..rules import Product
from ..tree import Tree


@dataclass(frozen=True)
class Reading:
    """``notices``: what is wrong with the files themselves. ``service``, ``assumed``: see Result. ``over``: LDIF
    that these files have the directory laid over with."""

    product: Product
    files: tuple[str, ...]
    tree: Tree
    notices: tuple[Opening, ...]
    assumed: str = ""
    service: str = ""
    over: tuple[Path, ...] = ()

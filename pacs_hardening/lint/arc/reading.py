"""What was made of files: a tree, and the product whose rules are put to it."""

from __future__ import annotations

from dataclasses import dataclass

from ..judge import Opening
from ..node import Unparsable
from ..rules import Product
from ..tree import Tree


@dataclass(frozen=True)
class Reading:
    """``notices``: what is wrong with the files themselves. ``service``, ``assumed``, ``unread``: see Result."""

    product: Product
    files: tuple[str, ...]
    tree: Tree
    notices: tuple[Opening, ...]
    assumed: str = ""
    service: str = ""
    unread: Unparsable | None = None

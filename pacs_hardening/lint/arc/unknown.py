"""Attributes that no schema of dcm4chee has: misspelt, or not judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..judge import Opening, opening
from ..notices import nearest
from ..rules import Product
from ..tree import Setting, Tree


def unknown(tree: Tree, product: Product, names: Mapping[str, str]) -> Iterator[Opening]:
    """``names``: attribute without regard to case -> as the schema spells it. A name is said once in a file."""
    said = set[tuple[str, str]]()
    for kind, (node, file) in tree.members.items():
        for setting in _attributes(Setting((kind,), file, node.line, node)):
            at = (setting.name.casefold(), setting.file)
            if at[0] in names or setting.name[:1] in "_" or setting.name.startswith("olc") or at in said:
                continue
            said.add(at)
            meant = nearest(setting.name, names.values())
            notice = product.notices["misspelt" if meant else "not-judged"]
            yield replace(opening(notice, setting, ""), use=meant or notice.use)


def _attributes(setting: Setting) -> Iterator[Setting]:
    """Every setting below that is no group of others."""
    assert setting.node is not None
    for name, below in setting.node.value.items():
        path = Setting((*setting.parts, name), below.file or setting.file, below.line, below)
        if isinstance(below.value, dict):
            yield from _attributes(path)
        elif not (isinstance(below.value, list) and any(isinstance(each.value, dict) for each in below.value)):
            yield path

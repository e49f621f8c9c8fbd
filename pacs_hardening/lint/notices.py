"""What is wrong with a file itself: keys that are unknown, younger than the product, or of the wrong kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches

from .judge import Opening, opening
from .rules import Product
from .tree import Setting, Tree, undecided
from .versions import lacks

ALIKE = 0.84  # of difflib; one wrong, missing, doubled or swapped letter in a key of six, two in one of twelve


def known_keys(product: Product, pattern: str) -> tuple[str, ...]:
    """The keys that an object at ``pattern`` may hold: those listed, and those that have a default."""
    depth = pattern.count(".") + 1 if pattern else 0
    prefix = f"{pattern}." if pattern else ""
    defaulted = [key.removeprefix(prefix) for key in product.defaults if key.startswith(prefix)]
    return (*product.known.get(pattern, ()), *(k for k in defaulted if "." not in k and (depth or "*" not in k)))


def nearest(key: str, known: Iterable[str]) -> str:
    """The known key that ``key`` was meant to be; "" where none is near."""
    folded = {each.casefold().replace("_", ""): each for each in known}
    wanted = key.casefold().replace("_", "").strip()
    return next((folded[each] for each in get_close_matches(wanted, folded, 1, ALIKE)), "")


def unknown_keys(tree: Tree, product: Product) -> Iterator[Opening]:
    """Keys that the product does not know."""
    for pattern in product.known:
        known = known_keys(product, pattern)
        inside = f"{pattern}.*" if pattern else "*"
        for setting in every(tree, inside):
            if setting.name in known or setting.name.startswith("_"):
                continue
            meant = nearest(setting.name, known)
            unread = "not-judged" if not pattern and "not-judged" in product.notices else "unknown"
            notice = product.notices["misspelt" if meant else unread]
            yield replace(opening(notice, setting, ""), use=f'"{meant}"' if meant else notice.use)


def too_new(tree: Tree, product: Product, version: str) -> Iterator[Opening]:
    """Keys that the version does not know yet."""
    for key, since in product.since.items():
        if not lacks(key, product, version):
            continue
        for setting in tree.find(key.split(".")):
            if setting.node is not None:
                notice = opening(product.notices["too-new"], setting, "")
                yield replace(
                    notice, use=f"a version from {since} on; {version} ignores it, and what it would close is open"
                )


def every(tree: Tree, pattern: str) -> Iterator[Setting]:
    """As ``Tree.find``, and ``*`` may also stand for the first key."""
    first, _, rest = pattern.partition(".")
    if first != "*":
        yield from tree.find(pattern.split("."))
        return
    for key in tree.members:
        yield from tree.find([key, *rest.split(".")] if rest else [key])


def wrong_kind(tree: Tree, product: Product) -> Iterator[Opening]:
    """Switches that are neither true nor false, numbers that are none."""
    judged = {rule.key: rule.when["is"] for rule in product.rules if "is" in rule.when}
    for key, example in {**judged, **product.defaults}.items():
        if not isinstance(example, bool | int):
            continue
        for setting in tree.find(key.split(".")):
            value = setting.value
            if setting.node is None or undecided(value) or setting.name.startswith("_"):
                continue
            if type(value) is not type(example):
                kind = "true or false" if isinstance(example, bool) else "a number"
                yield replace(opening(product.notices["type"], setting, ""), use=f"{kind}, without quotation marks")

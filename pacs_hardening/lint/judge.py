"""Rules against a tree: what opens something, where, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..model import Severity
from . import versions
from .rules import (
    Product,
    Rule,
    holds,
    same,
)
from .tree import Setting, Tree, settled, undecided


@dataclass(frozen=True)
class Opening:
    """One option that opens something. ``value`` is fit to be shown: never a secret, "" where nothing is said.
    ``theme``: see Rule. ``note`` says why its severity is lower than the rule's; "" where it is not. ``service``: of
    which of several archives, "" where there is one."""

    file: str
    line: int
    key: str
    value: str
    severity: Severity
    opens: str
    use: str
    theme: str
    controls: tuple[str, ...] = ()
    source: str = ""
    note: str = ""
    service: str = ""


def opening(rule: Rule, setting: Setting, value: str, *, behind_guard: bool = False) -> Opening:
    noted = rule.guard and behind_guard and rule.severity > Severity.INFO
    return Opening(
        setting.file, setting.line, setting.key, value, Severity.INFO if noted else rule.severity,
        rule.opens, rule.use, rule.theme, rule.controls, rule.source,
        f"{rule.severity.name.lower()} where no guard stands in front" if noted else "",
    )  # fmt: skip


def judge(tree: Tree, product: Product, *, behind_guard: bool, version: str = "") -> Iterator[Opening]:
    """``version`` of the product; "" where it is not known, and then everything is said that holds of some."""
    for rule in product.rules:
        if not versions.concerns(rule, version):
            continue
        for setting in tree.find(rule.key.split(".")):
            value, default = setting.value, default_of(setting.parts, product)
            if value is None and "absent" not in rule.when:
                value = default
            if not _applies(rule, setting, tree, product):
                continue
            if undecided(value) and _of_one_value(rule):
                yield opening(product.notices["undecided"], setting, "decided by the environment")
            elif holds(rule.when, value, setting.name):
                meant = _pointed(rule, setting)
                shown = _shown(rule, meant, value if meant.node is None else meant.value)
                found = opening(rule, meant, shown, behind_guard=behind_guard)
                yield replace(found, use=versions.advice(rule, product, version))


def _pointed(rule: Rule, setting: Setting) -> Setting:
    """Of a list, those that the rule is about; and where the first of them stands, if each has a place of its own."""
    node = setting.node
    if node is None or not isinstance(node.value, list) or not {"matches", "differs"} & rule.when.keys():
        return setting
    meant = [each for each in node.value if holds(rule.when, settled(each.plain()), setting.name)]
    first = meant[0]
    place = (first.file, first.line) if first.file else (setting.file, setting.line)
    return replace(setting, file=place[0], line=place[1], node=replace(node, value=meant))


def _of_one_value(rule: Rule) -> bool:
    """Does the rule ask for a switch or a number, so that a placeholder leaves it open? Any text may stand for text."""
    ((kind, wanted),) = rule.when.items()
    values = wanted if isinstance(wanted, list) else [wanted]
    return kind in ("above", "below") or (kind == "is" and not any(isinstance(each, str) for each in values))


def default_of(parts: Sequence[str], product: Product) -> Any:
    """What holds where the key is absent; None where that is not known, or is nothing."""
    return next((value for key, value in product.defaults.items() if _matches(parts, key.split("."))), None)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    return len(parts) == len(pattern) and all(p in ("*", part) for part, p in zip(parts, pattern, strict=True))


def _applies(rule: Rule, setting: Setting, tree: Tree, product: Product) -> bool:
    """What only the environment decides is taken for what opens more."""
    if rule.only_if and not _all(rule.only_if, setting, tree, product, undecided_is=True):
        return False
    return not (rule.unless and _all(rule.unless, setting, tree, product, undecided_is=False))


def _all(wanted: Mapping[str, Any], setting: Setting, tree: Tree, product: Product, *, undecided_is: bool) -> bool:
    for key, accepted in wanted.items():
        path = (*setting.parts[:-1], key[1:]) if key.startswith(".") else key.split(".")
        value = tree.value(path)
        if value is None:
            value = default_of(path, product)
        values: Iterable[Any] = accepted if isinstance(accepted, list) else [accepted]
        if not (undecided_is if undecided(value) else any(same(value, each) for each in values)):
            return False
    return True


def _shown(rule: Rule, setting: Setting, value: Any) -> str:
    if setting.name.startswith("_"):
        return ""
    if setting.node is None:
        return "absent" if value is None else f"absent, which means {_words(value)}"
    return "(not shown)" if rule.hide else _words(value)


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_words(each) for each in value)}]"
    if isinstance(value, dict):
        return "" if value else "{}"
    return f'"{value}"' if isinstance(value, str) else str(value)

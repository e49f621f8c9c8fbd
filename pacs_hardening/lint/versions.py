"""Versions of a product: which rules hold of one, and which options it has, so that advice names no other."""

from __future__ import annotations

import re

from .rules import Product, Rule


def numbers(text: str) -> tuple[int, ...]:
    """``1.12.11`` as (1, 12, 11), without what is behind it; () where it begins otherwise."""
    found = re.match(r"\d+(\.\d+)*", text, re.ASCII)
    return tuple(map(int, found.group().split("."))) if found else ()


def concerns(rule: Rule, version: str) -> bool:
    known = numbers(version)
    return not known or (numbers(rule.since) <= known and (not rule.until or known <= numbers(rule.until)))


def lacks(option: str, product: Product, version: str) -> bool:
    """Is the option younger than the version?"""
    return bool(numbers(version)) and numbers(product.since.get(option, "")) > numbers(version)


def advice(rule: Rule, product: Product, version: str) -> str:
    """What to write instead, in words that fit the version; where it is not known, since when each option is there."""
    use = _by_version(rule, version)
    if lacks(rule.key, product, version):
        since = product.since[rule.key]
        return (
            f"a guard in front, or a newer version: {product.name} has {rule.key} since {since}, and not in {version}"
        )
    options = [rule.key, *(each for each in re.findall(r"[A-Z][A-Za-z]+", use) if each != rule.key)]
    said = [(each, product.since[each]) for each in dict.fromkeys(options) if each in product.since]
    if numbers(version):
        said = [(each, since) for each, since in said if lacks(each, product, version)]
    notes = [f"{'' if each == rule.key else f'{each} '}since {since}" for each, since in said if since not in use]
    return f"{use} ({'; '.join(notes)})" if notes else use


def _by_version(rule: Rule, version: str) -> str:
    known = numbers(version)
    if not rule.uses or not known:
        return rule.use
    fitting = [limit for limit in rule.uses if limit and known <= numbers(limit)]
    return rule.uses[min(fitting, key=numbers) if fitting else ""]

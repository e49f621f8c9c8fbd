"""Of values that came through: the smallest thing that all of them have in common; and what of a patient is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations

from pydicom.dataset import Dataset

from ..canary import Token

MOST = 3
# In this order, where two explain the same.
_ORDER = ("class", "transfer syntax", "vr", "depth", "within", "of group", "creator", "where", "tag", "character set",
          "maker", "modality", "kind", "body part", "series", "patient")  # fmt: skip
_CHARACTERISTICS = ("PatientSex", "PatientAge", "PregnancyStatus", "SmokingStatus")
_RETAIN = "113108"  # Retain Patient Characteristics Option (PS3.16 CID 7050)
_Fact = tuple[str, str]


def caused(leaked: Collection[Token], planted: Sequence[Token]) -> list[str]:
    """What was true of leaked values, and of no value that was held back: one fact, else two. Empty where nothing is,
    or where nothing was held back."""
    rest = [token for token in planted if token in leaked]
    if not rest or len(rest) == len(planted):
        return ["whatever stood there"] if rest else []
    found: list[str] = []
    totals = {size: Counter(fact for token in planted for fact in _facts(token, size)) for size in (1, 2)}
    for size, of_all in totals.items():  # one cause for all of them, if there is one
        counts = Counter(fact for token in rest for fact in _facts(token, size))
        for fact, count in counts.items():
            if count == len(rest) == of_all[fact]:
                return [_said(fact)]
    for size, of_all in totals.items():
        while rest and len(found) < MOST:
            counts = Counter(fact for token in rest for fact in _facts(token, size))
            whole = [fact for fact, count in counts.items() if count == of_all[fact]]
            if not whole:
                break
            best = max(whole, key=lambda fact: (counts[fact], -sum(_rank(name) for name, _ in fact)))
            found.append(_said(best))
            gone = set(best)
            rest = [token for token in rest if not gone <= set(token.about)]
    return found


def _said(fact: Iterable[_Fact]) -> str:
    return f"every value with {' and '.join(f'{name} {value!r}' for name, value in fact)}"


def _facts(token: Token, size: int) -> Iterator[tuple[_Fact, ...]]:
    return combinations(sorted((fact for fact in token.about if fact[1]), key=lambda fact: _rank(fact[0])), size)


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def retained(pairs: Iterable[tuple[Dataset, Dataset]]) -> list[str]:
    """Characteristics of patients that copies tell, although they do not declare the option that keeps them: several
    values are what they were, so that they are no dummy."""
    seen: dict[str, set[str]] = {}
    for original, copy in pairs:
        codes = {str(item.get("CodeValue")) for item in copy.get("DeidentificationMethodCodeSequence") or ()}
        for keyword in () if _RETAIN in codes else _CHARACTERISTICS:
            value = str(original.get(keyword) or "")
            if value and str(copy.get(keyword) or "") == value:
                seen.setdefault(keyword, set()).add(value)
    return [f"{keyword} is told" for keyword, values in seen.items() if len(values) > 1]

"""All malformations together: by name, by family, and their cases in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .conversation import Case
from .malformations import associate, command, dataset, items, pdata, sequence, tls, web  # noqa: F401 - importing registers
from .registry import REGISTRY, Malformation


def registered() -> dict[str, Malformation]:
    """All of them, by name, in the order of their families and names."""
    return dict(sorted(REGISTRY.items()))


def families() -> dict[str, list[Malformation]]:
    grouped: dict[str, list[Malformation]] = {}
    for each in registered().values():
        grouped.setdefault(each.family, []).append(each)
    return grouped


def cases(malformations: Sequence[Malformation], turns: int, seed: int = 0) -> Iterator[Case]:
    """The cases of so many ``turns``, going round the malformations, so that a few already show each of them."""
    for index in range(turns):
        turn, which = divmod(index, len(malformations))
        made = malformations[which]
        yield from (made.case(number, seed) for number in range(turn * made.share, (turn + 1) * made.share))

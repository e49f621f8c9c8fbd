"""What was tried of a space of ways, and what came of it. The words for it are those of ``report.causes``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """The smallest departure from somebody refused that is served.

    ``bases``: to whom; ``needs``: dimensions, each with the values of it that do beside one of each other dimension;
    empty where they are served as they are. ``every``: dimensions of which every value that was tried does.
    ``request``: what was served, empty where no more than the association was accepted. ``cases``: so many of the ways
    that were tried; ``way``: one of them, in the notation that can be played again. ``served`` of ``asked``: how often
    it was when it was asked several times.
    """

    bases: tuple[str, ...]
    needs: tuple[tuple[str, tuple[str, ...]], ...]
    request: str
    way: str
    cases: int = 1
    every: tuple[str, ...] = ()
    served: int = 1
    asked: int = 1


@dataclass(frozen=True)
class Coverage:
    """So many ``ways`` of ``who``, who are ``bases``, through ``endpoints``, of which so many were ``served``;
    ``values`` and ``pairs`` of values: tried, and of how many; ``seconds`` taken."""

    who: str
    ways: int
    served: int
    unmeasured: int
    endpoints: tuple[str, ...]
    bases: tuple[str, ...]
    values: tuple[int, int]
    pairs: tuple[int, int]
    seconds: float

    def and_also(self, other: Coverage) -> Coverage:
        """Both, of the same who; of whom ``other`` is another part of the space, or the same at another endpoint."""
        return Coverage(
            self.who,
            self.ways + other.ways,
            self.served + other.served,
            self.unmeasured + other.unmeasured,
            tuple(dict.fromkeys((*self.endpoints, *other.endpoints))),
            tuple(dict.fromkeys((*self.bases, *other.bases))),
            (self.values[0] + other.values[0], self.values[1] + other.values[1]),
            (self.pairs[0] + other.pairs[0], self.pairs[1] + other.pairs[1]),
            self.seconds + other.seconds,
        )

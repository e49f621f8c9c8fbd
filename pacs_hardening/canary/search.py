"""Finds canaries in any bytes: one pass for all of them, in every encoding that an archive may answer in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ahocorasick_rs import BytesAhoCorasick, Implementation

from ..model import Unmeasurable
from .compressed import (
    DEPTH,
    ESCAPES,
    MAX_UNPACKED,
    STARTS,
    decompressed,
    plain,
)
from .encodings import encodings
from .tokens import WORD


@dataclass(frozen=True)
class _Seen:
    """Canaries as they stand in ``data``; where packed streams, and escapes, begin in it."""

    data: bytes
    values: list[str] = field(default_factory=list)
    streams: list[tuple[int, bytes]] = field(default_factory=list)
    escapes: list[int] = field(default_factory=list)


class Searcher:
    """``found`` maps bytes to the canaries in them, as their values. ``seen`` counts the bytes searched."""

    def __init__(self) -> None:
        self._writings = list(encodings())
        markers = [*(each.marker for each in self._writings), *STARTS, *ESCAPES]
        self._automaton = BytesAhoCorasick(markers, implementation=Implementation.DFA)  # twice as fast as its choice
        self.seen = 0

    def found(self, data: bytes) -> set[str]:
        """Also within compressed streams, wherever they begin, and in escapes. Raises Unmeasurable where what is packed
        unpacks to more than 256 MiB, or is packed more often than anything honest."""
        found = {value for seen in self._layers(data) for value in seen.values}
        # One writing can look like another one of which the end is missing: the whole value counts.
        short = {value for value in found if value.startswith(WORD) and len(value) < len(WORD) + 5}
        return found - {value for value in short if any(each != value and each.startswith(value) for each in found)}

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        """The bytes themselves, and whatever is packed in them."""
        return (seen.data for seen in self._layers(data))

    def _layers(self, data: bytes) -> Iterator[_Seen]:
        left, size = [(data, 0)], 0
        while left:
            piece, depth = left.pop()
            seen = self._pass(piece)
            yield seen
            yield from (self._pass(text) for text in plain(piece, seen.escapes))
            for place, start in seen.streams:
                inner = decompressed(piece, place, start, MAX_UNPACKED - size)
                size += len(inner)
                if inner and depth == DEPTH:
                    raise Unmeasurable(f"what came back is packed more than {DEPTH} times")
                if inner:
                    left.append((inner, depth + 1))

    def _pass(self, data: bytes) -> _Seen:
        self.seen += len(data)
        seen = _Seen(data)
        packed = len(self._writings)
        for number, place, _ in self._automaton.find_matches_as_indexes(data, overlapping=True):
            if number < packed:
                if (value := self._writings[number].value(data, place)) is not None:
                    seen.values.append(value)
            elif number < packed + len(STARTS):
                seen.streams.append((place, STARTS[number - packed]))
            else:
                seen.escapes.append(place)
        return seen

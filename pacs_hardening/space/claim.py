"""One claim over a space: nobody of these bases is served, in whatever way they ask. Tried, counted and explained."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle, zip_longest
from random import Random
from threading import Event
from typing import Generic, TypeVar

from ..model import Inapplicable, Unmeasurable
from ..model.response import Said
from ..model.space import Cause, Coverage
from .cause import Causes
from .cover import Covered, by_itself, mixed, singles, together
from .dimension import Base, Kind, Layer, Way
from .played import Answer, Asked, Played, Plays

T = TypeVar("T", bound=Asked)

PULSE = 400  # after so many ways an authorised node must be served
PATIENCE = 420  # seconds that the single values may take; what is slower than that cannot be measured
FURTHER_S = (
    15.0  # for causes beside the first: where an archive stands open, nearly every way is served, and made small
)
HALVINGS = 6  # a way of sixty values down to single ones
FEW = 5  # so many ways may remain unmeasured


@dataclass(frozen=True)
class Explored:
    causes: tuple[tuple[Cause, tuple[Said, ...]], ...]
    coverage: Coverage
    proofs: int


class Claim(Generic[T]):
    """``budget``: seconds for pairs, once all single values are tried. ``seed`` decides which pairs. ``soak``:
    for so many seconds more each base is asked in turn, one a second: what is let in now and then, or after a while.
    ``further``: for so many seconds after the first cause others are looked for; where an archive stands open nearly
    every way is served, and made small."""

    def __init__(
        self,
        who: str,
        bases: Iterable[Base[T]],
        player: Plays[T],
        *,
        budget: float,
        seed: int,
        soak: float = 0,
        further: float = math.inf,
    ) -> None:
        self.who, self.player, self.budget, self.random = who, player, budget, Random(seed)  # noqa: S311 - no secret: the report names it
        self.soak, self.further = soak, further
        self.bases = {base.name: base for base in bases}
        if not self.bases:
            raise Inapplicable("the target has nobody of this kind")
        self.causes = Causes(self.bases, told=lambda way: self.player.play(self.bases[way.base], way).request)
        self.covered: dict[str, Covered[T]] = {}
        self.admits: set[str] = set()
        self.open: set[str] = set()  # bases that are served as they are: how else they ask makes no difference
        self.proofs = self.served = 0
        self.unmeasured: list[Played] = []
        self._since_pulse = 0
        self._enough = math.inf  # when no further causes are looked for (monotonic)
        self._halves: list[tuple[Base[T], Way]] = []  # of ways in which one value hid what the others do

    def explore(self) -> Explored:
        """Raises Unmeasurable where an authorised node is not served beside it, or too much could not be measured."""
        started = time.monotonic()
        unproven = self._unproven()
        self._bases()
        self._take(self._singles(), started + PATIENCE)
        self._take(self._together(), started + PATIENCE)  # of what was not tried by now
        for _ in range(HALVINGS):
            halves, self._halves = self._halves, []
            self._take(iter(halves), started + PATIENCE)
        if not self.causes.found:  # one cause is enough for a verdict
            self._once_more(0)
        lacking = self._lacking()
        if lacking and not self.causes.found:
            raise Unmeasurable(f"{len(lacking)} single values could not be tried within {PATIENCE} s")
        if unproven is not None and not self.causes.found:
            raise unproven
        if unproven is None and not self.causes.found:
            self._take(self._pairs(), time.monotonic() + self.budget)
            self._soak()
            self._once_more(FEW)
            self._prove_at_end()
        if len(self.unmeasured) > FEW and not self.causes.found:
            one = self.unmeasured[0]
            raise Unmeasurable(
                f"{len(self.unmeasured)} ways could not be measured: ", one.response or "no answer in time"
            )
        return Explored(self.causes.result(), self._coverage(time.monotonic() - started), self.proofs)

    def _once_more(self, bearable: int) -> None:
        """What got no answer while the archive was busy with what went before it, where it is more than that."""
        if len(self.unmeasured) <= bearable:
            return
        before, self.unmeasured, asked = self.unmeasured, [], set[Way]()

        def again() -> Iterator[tuple[Base[T], Way]]:
            for played in before:
                asked.add(played.way)
                yield self.bases[played.way.base], played.way

        self._take(again(), time.monotonic() + PATIENCE)
        self.unmeasured += [played for played in before if played.way not in asked]

    def _of_nobody(self, base: Base[T]) -> Answer:
        if base.nobody is None:
            return Answer.REFUSED
        return self.player.ask(base.nobody, Way(base.name)).answer

    def _lacking(self) -> list[Way]:
        """Single ways that were not even tried, alone or beside others."""
        unanswered = {
            (played.way.base, single)
            for played in self.unmeasured
            for single in (*played.way.values, *self.covered[played.way.base].parts_of(played.way))
        }
        missing = [(name, single) for name, covered in self.covered.items() for single in covered.missing()]
        return [Way.of(name, [single]) for name, single in missing if (name, single) not in unanswered]

    def _bases(self) -> None:
        for base in self.bases.values():
            played = self.player.play(base, Way(base.name))
            if played.answer is Answer.UNMEASURED:
                raise Unmeasurable(f"{base.name} got no answer: ", played.response or "nothing came in time")
            if Answer.ADMITTED in (played.answer, self._of_nobody(base)):
                alike = [each.name for each in self.bases.values() if each.kind is base.kind is Kind.STRANGER]
                self.admits |= {base.name, *alike}
            self.covered[base.name] = Covered(base, played.layer)
            self._note(played)

    def _singles(self) -> Iterator[tuple[Base[T], Way]]:
        every = [
            (weight, base, way)
            for base in self.bases.values()
            for weight, way in singles(base, self.covered[base.name].layer)
            if by_itself(base, way) and not base.allows(way)
        ]
        for _, base, way in sorted(every, key=lambda each: -each[0]):
            yield base, way

    def _together(self) -> Iterator[tuple[Base[T], Way]]:
        for base in self.bases.values():
            yield from ((base, way) for way in together(base, self.covered[base.name], self.random))

    def _pairs(self) -> Iterator[tuple[Base[T], Way]]:
        """Of all bases in turn, but of those of whom TLS knows already, and of those that are there for single
        values."""
        in_tls = [name for name, covered in self.covered.items() if covered.layer is Layer.TLS]
        open_ = [base for name, base in self.bases.items() if base.pairs and name not in in_tls]
        for ways in zip_longest(*(mixed(base, self.covered[base.name], self.random) for base in open_)):
            for base, way in zip(open_, ways, strict=True):
                if way is not None and not base.allows(way):
                    yield base, way

    def _soak(self) -> None:
        """Each base as it is, in turn, one a second."""
        ends, pause = time.monotonic() + self.soak, Event()
        for base in cycle(self.bases.values()):
            left = ends - time.monotonic()
            if left <= 0 or self.causes.found:
                return
            self._note(self.player.play(base, Way(base.name)))
            pause.wait(min(1.0, left))

    def _take(self, ways: Iterator[tuple[Base[T], Way]], until: float) -> None:
        asked = ((base, way) for base, way in ways if base.name not in self.open)
        for chunk in self.player.play_all(asked):
            for played in chunk:
                self._note(played)
            if self._since_pulse > PULSE:
                self._pulse()
            if time.monotonic() > min(until, self._enough):
                return

    def _note(self, played: Played) -> None:
        self._since_pulse += 1
        if played.answer is Answer.UNMEASURED:
            self.unmeasured.append(played)
            return
        if played.hidden and len(played.way.values) > 1:
            self._halves += [(self.bases[played.way.base], half) for half in played.way.halves()]
            return
        self.covered[played.way.base].add(played.way)
        if self._violates(played):
            self.served += 1
            self._enough = min(self._enough, time.monotonic() + self.further)
            self.causes.add(played.way, played.request, played.transcript, self._is_served)
            self.open |= set() if played.way.values else {played.way.base}

    def _violates(self, played: Played) -> bool:
        return played.violates(lambda: played.way.base in self.admits)

    def _is_served(self, way: Way) -> bool:
        return self._violates(self.player.play(self.bases[way.base], way))

    def _unproven(self) -> Unmeasurable | None:
        """What an open archive can still be found by, even where nobody is known to be served."""
        try:
            self._pulse()
        except Unmeasurable as error:
            return error
        return None

    def _prove_at_end(self) -> None:
        error = self._unproven()
        if error is not None and not self.causes.found:
            raise error

    def _pulse(self) -> None:
        self._since_pulse = 0
        for base in {base.start.endpoint: base for base in self.bases.values()}.values():
            self.player.prove_served(base)
            self.proofs += 1

    def _coverage(self, seconds: float) -> Coverage:
        covered = self.covered.values()
        return Coverage(
            self.who,
            sum(each.ways for each in covered),
            self.served,
            len(self.unmeasured),
            tuple(dict.fromkeys(str(base.start.endpoint) for base in self.bases.values())),
            tuple(self.bases),
            (sum(len(each.values) for each in covered), sum(each.of_values() for each in covered)),
            (sum(len(each.pairs) for each in covered), sum(each.of_pairs() for each in covered)),
            seconds,
        )

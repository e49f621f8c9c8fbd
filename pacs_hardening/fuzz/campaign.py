"""Looks for a case that a server does not survive: plays many, finds the culprit among them, and makes it small."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..model import BadInput, Unmeasurable
from ..model.response import Said
from . import casefile
from .conversation import Case
from .families import cases, families, registered
from .hostile import HostilePeers
from .registry import Malformation
from .verdict import (
    Fault,
    Found,
    Fresh,
    judge_batch,
    must_survive,
)

ENOUGH = 3  # faults after which nothing more is looked for
SHRINK_TRIES = 40
NARROWING_S = 15.0
BY_ITSELF = frozenset(
    {Fault.ACCEPTED, Fault.NONSENSE, Fault.REASON, Fault.DATA_SET, Fault.SUCCESS, Fault.CANARY, Fault.ECHO}
)  # seen in one answer, at once: worth trying again and again

SLOW = frozenset({Fault.DURING, Fault.AFTER})  # what a machine without time to spare looks like, too
OF_THE_SERVER = frozenset({Fault.PROCESS, Fault.DURING, Fault.AFTER})  # seen beside the answers


class Budget:
    """Seconds that all searches of a run may spend on narrowing down what they found: a verdict must not wait for
    it."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @contextmanager
    def spending(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.left -= time.monotonic() - began


@dataclass(frozen=True)
class Search:
    """``first`` are played before ``each`` cases of each malformation; then, for so many ``seconds``, random ones.
    ``born`` is the fingerprint of the server as it was; what is found is written into ``folder``.
    ``tell`` puts what was seen into words."""

    peers: HostilePeers
    malformations: Sequence[Malformation]
    first: Sequence[Case] = ()
    each: int = 2
    seconds: float = 0.0
    born: str = ""
    canaries: Sequence[bytes] = ()
    strictly: bool = False
    folder: Path | None = None
    tell: Callable[[Said], str] = str
    budget: Budget = field(default_factory=lambda: Budget(NARROWING_S))

    def run(self) -> int:
        """How many cases were survived. Raises Violation for what was not, Unmeasurable for a server that hung
        before, and for one that served others too late once and, started anew, did not."""
        found: list[Found] = []
        played = 0
        for batch in self.peers.batches(map(self._as_asked, self._cases())):
            played += len(batch.cases)
            found += judge_batch(batch, self.born, self.canaries, strictly=self.strictly)
            if len(found) >= ENOUGH or any(each.fault in OF_THE_SERVER for each in found):
                break  # a server that no longer serves tells nothing about the next case
        if found:
            with self.budget.spending():
                ends = time.monotonic() + self.budget.left
                found = [self._narrowed(each, ends) for each in found[:ENOUGH]]
            self._keep(found)
            once = all(each.fault in SLOW and each.fresh is Fresh.NOT_AGAIN for each in found)
            if once and self.peers.pulse().served:
                raise Unmeasurable(
                    f"{found[0].fault}: ", found[0].how, f"; {Fresh.NOT_AGAIN}: is the machine too busy?"
                )
            must_survive(found, [line for each in found[:1] for line in _shown(each)])
        if not played:
            raise Unmeasurable("no case was played")
        return played

    def _as_asked(self, case: Case) -> Case:
        return case.demanding() if self.strictly else case

    def _cases(self) -> Iterator[Case]:
        yield from self.first
        yield from cases(self.malformations, self.each * len(self.malformations))
        ends, seed = time.monotonic() + self.seconds, int(time.time())
        while time.monotonic() < ends:
            seed += 1
            yield from cases(self.malformations, len(self.malformations), seed)

    def shows(self, *faults: Fault, peers: HostilePeers | None = None) -> Callable[[Sequence[Case]], bool]:
        """Whether playing these cases, now, shows one of ``faults``."""
        where = peers or self.peers

        def again(some: Sequence[Case]) -> bool:
            born = where.fingerprint()
            try:
                batches = list(where.batches(map(self._as_asked, some)))
            except Unmeasurable:
                return False
            return any(
                each.fault in faults
                for batch in batches
                for each in judge_batch(batch, born, self.canaries, strictly=self.strictly)
            )

        return again

    def _shows_afresh(self, fault: Fault) -> Callable[[Sequence[Case]], bool]:
        """The same, on a server that was started for it. Raises Unmeasurable where none can be."""
        fresh = self.peers.fresh
        if fresh is None:
            raise Unmeasurable("the target cannot be started anew")

        def again(some: Sequence[Case]) -> bool:
            with fresh() as another:
                if not another.pulse(10.0).served:
                    raise Unmeasurable("the fresh server serves nobody")
                alike = OF_THE_SERVER if fault in OF_THE_SERVER else {fault}
                return self.shows(*alike, peers=another)(some)

        return again

    def _narrowed(self, found: Found, ends: float) -> Found:
        """One culprit where it can be found in time; the smallest case that does the same; whether a fresh server
        suffers from it, too."""
        if time.monotonic() > ends:
            return replace(found, fresh=Fresh.UNKNOWN, because="the time for that was over")
        try:
            return self._confirmed(self._smaller(found, ends))
        except Exception as error:  # noqa: BLE001 - what was found stays found, whatever becomes of making it small
            named = "" if isinstance(error, BadInput) else f"{type(error).__name__}: "
            said = error.said if isinstance(error, Unmeasurable) else f"{named}{error}"
            return replace(found, fresh=Fresh.UNKNOWN, because=said)

    def _smaller(self, found: Found, ends: float) -> Found:
        lives = self.peers.pulse(10.0).served
        if len(found.cases) > 1 and found.fault in OF_THE_SERVER:
            again = self.shows(found.fault) if lives else self._shows_afresh(found.fault) if self.peers.fresh else None
            one = culprit(found.cases, again, ends) if again else None
            found = replace(found, cases=(one,)) if one else found
        if len(found.cases) == 1 and found.fault in (BY_ITSELF | {Fault.PROCESS}) and lives:
            found = replace(found, cases=(self._smallest(found.cases[0], found.fault, ends),))
        return found

    def _confirmed(self, found: Found) -> Found:
        if self.peers.fresh is None:
            return replace(found, fresh=Fresh.UNKNOWN, because="this target cannot be started anew")
        suffers = self._shows_afresh(found.fault)(found.cases)
        return replace(found, fresh=Fresh.CONFIRMED if suffers else Fresh.NOT_AGAIN)

    def _smallest(self, case: Case, fault: Fault, ends: float) -> Case:
        made_by = registered().get(case.malformation)
        if made_by is None:
            return case
        from .shrink import smallest  # imports Hypothesis, which takes longer than most searches

        fails = self.shows(fault)
        return smallest(made_by, case, lambda other: time.monotonic() < ends and fails([other]), SHRINK_TRIES)

    def _keep(self, found: Sequence[Found]) -> None:
        for each in found if self.folder is not None else ():
            for case in each.cases[:1] if len(each.cases) == 1 else each.cases:
                path = Path(str(self.folder)) / f"{case.malformation}-{case.number}.case"
                notes = {"server": self.peers.target.name, "found": f"{each.fault}: {self.tell(each.how)}"}
                path.write_text(casefile.render(case, {**notes, "replayed": self.tell(each.confirmed)}))


@dataclass(frozen=True)
class Plan:
    """What a run looks for: about ``total`` cases of all malformations together, those of a family after the ``known``
    ones of it; then random ones for so many ``seconds``. The rest is as in ``Search``; the budget is shared by all."""

    total: int
    seconds: float
    known: Sequence[Case]
    born: str
    canaries: Sequence[bytes]
    strictly: bool
    folder: Path | None
    tell: Callable[[Said], str]
    budget: Budget = field(default_factory=lambda: Budget(NARROWING_S))

    def search(self, peers: HostilePeers, family: str) -> Search:
        return Search(
            peers,
            malformations=families()[family],
            first=[case for case in self.known if case.malformation.partition(".")[0] == family],
            each=max(1, round(self.total / len(registered()))),
            seconds=self.seconds / len(families()),
            born=self.born,
            canaries=self.canaries,
            strictly=self.strictly,
            folder=self.folder,
            tell=self.tell,
            budget=self.budget,
        )


def culprit(cases: Sequence[Case], fails: Callable[[Sequence[Case]], bool], ends: float) -> Case | None:
    """The one of ``cases`` that does it alone, found by halves until ``ends`` (monotonic seconds); None where none
    does, or the time is over."""
    suspects = list(cases)
    while len(suspects) > 1 and time.monotonic() < ends:
        half = suspects[: len(suspects) // 2]
        suspects = half if fails(half) else suspects[len(half) :]
    return suspects[0] if len(suspects) == 1 and time.monotonic() < ends and fails(suspects) else None


def _shown(found: Found) -> list[str]:
    """The case itself, if it is small enough to be read."""
    if len(found.cases) != 1:
        return []
    lines = casefile.render(found.cases[0]).splitlines()
    return [line if len(line) <= 600 else f"{line[:600]} …" for line in lines[:12]]

"""As whom a run presents itself, and that it asks for a while where it is told to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest

from pacs_hardening.model import Endpoint
from pacs_hardening.space.claim import Claim
from pacs_hardening.space.dimension import Base, Kind, Way
from pacs_hardening.space.played import Answer, Played
from pacs_hardening.wire import implementations, pace
from pacs_hardening.wire.implementations import ITSELF, REAL, of_seed, ours, present, presented
from pacs_hardening.wire.pdu import AssociateRequest


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implementations, "_presented", presented())


def test_a_seed_decides_as_whom() -> None:
    present(seed=7)
    assert presented() == of_seed(7)
    assert ours() in REAL
    assert len({(of_seed(seed).implementation, of_seed(seed).agent) for seed in range(200)}) > 20


def test_whoever_watches_can_know_the_suite() -> None:
    present(seed=7, identify=True)
    assert presented().seed == 7
    assert b"PACS_HARDENING" in AssociateRequest(b"CALLED", b"CALLING", ()).encode()
    assert len(ITSELF.version) <= 16
    assert len(ITSELF.uid) <= 64


@dataclass(frozen=True)
class _Asks:
    endpoint: Endpoint


class _LetsInLater:
    """Refuses twice, and then serves whoever comes."""

    def __init__(self) -> None:
        self.asked = 0

    def play(self, base: Base[_Asks], way: Way) -> Played:
        return self.ask(base.start, way)

    def ask(self, bid: _Asks, way: Way) -> Played:
        self.asked += 1
        return Played(way, Answer.SERVED if self.asked > 2 else Answer.REFUSED, request="C-FIND")

    def play_all(self, ways: Iterable[tuple[Base[_Asks], Way]]) -> Iterator[list[Played]]:
        yield [self.play(base, way) for base, way in ways]

    def prove_served(self, base: Base[_Asks]) -> None:
        """Somebody always is."""


@pytest.mark.parametrize("soak", [0, 30])
def test_what_is_let_in_after_a_while_is_found_by_who_asks_for_a_while(soak: float) -> None:
    asks = _Asks(Endpoint("dicom", "127.0.0.1", 1, tls=False))
    base = Base("stranger", Kind.STRANGER, asks, ())
    explored = Claim("a stranger", [base], _LetsInLater(), budget=0, seed=1, soak=soak).explore()
    assert bool(explored.causes) == bool(soak)


def test_an_archive_of_somebody_else_is_asked_at_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps: dict[tuple[str, int], float] = {}
    monkeypatch.setattr(pace, "_gaps", gaps)
    here, there = (Endpoint("dicom", host, 104, tls=True) for host in ("127.0.0.1", "192.0.2.1"))
    pace.keep_manners([here, there])
    assert gaps == {("192.0.2.1", 104): 1 / pace.USUAL}
    pace.keep_manners([here], 10)
    assert gaps[here.host, 104] == 0.1

"""An archive that is busy for a moment is asked again, by whoever asks; the report says so."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

import pytest

from fixtures.scripted import scripted
from pacs_hardening.fuzz.conversation import Case, Expectation
from pacs_hardening.fuzz.parts import ECHO, on_association, send
from pacs_hardening.fuzz.player import Player as Hostile
from pacs_hardening.model import Endpoint, Target, Unmeasurable
from pacs_hardening.model.response import Rejected, Response, Served
from pacs_hardening.probes.dicom.association import Peer, associate_as
from pacs_hardening.space import people
from pacs_hardening.space.dimension import Way
from pacs_hardening.space.play import Player
from pacs_hardening.space.played import Answer
from pacs_hardening.wire import pace, pdu
from pacs_hardening.wire.patience import is_busy, patiently

BUSY, REFUSED = Rejected(2, 3, 1), Rejected(1, 1, 7)
SLOTS = {"called": b"ARCHIVE".ljust(16), "calling": b"TESTER".ljust(16), "identity": b""}


@dataclass(frozen=True)
class Told:
    response: Response | None


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ((Served(),), Served()),
        ((REFUSED, Served()), REFUSED),
        ((BUSY, BUSY, Served()), Served()),
        ((BUSY, None), None),
        ((BUSY, BUSY, BUSY, Served()), BUSY),
    ],
)
def test_it_is_asked_again_as_long_as_it_is_busy(told: tuple[Response | None, ...], found: Response | None) -> None:
    responses = iter(told)
    assert patiently(lambda: Told(next(responses)), (0.0, 0.0), busy=is_busy).response == found


@pytest.mark.parametrize(("failures", "calls"), [(0, 1), (2, 3), (3, 3)])
def test_what_is_raised_the_last_time_is_raised(failures: int, calls: int) -> None:
    called = []

    def ask() -> str:
        called.append("")
        if len(called) <= failures:
            raise Unmeasurable("nobody there")
        return "reached"

    if failures < calls:
        assert patiently(ask, (0.0, 0.0), on=Unmeasurable) == "reached"
    else:
        with pytest.raises(Unmeasurable):
            patiently(ask, (0.0, 0.0), on=Unmeasurable)
    assert len(called) == calls


def test_nothing_else_is_swallowed() -> None:
    def ask() -> None:
        called.append("")
        raise Unmeasurable("nobody there")

    called: list[str] = []
    with pytest.raises(Unmeasurable):
        patiently(ask, (0.0, 0.0))
    assert len(called) == 1


def rejecting(asked: list[Rejected]) -> Callable[[socket.socket, Event], None]:
    """Busy twice, and then not; ``asked``: what was said."""

    def script(connection: socket.socket, _: Event) -> None:
        connection.recv(1 << 16)
        asked.append(BUSY if len(asked) < 2 else REFUSED)
        said = asked[-1]
        connection.sendall(pdu.pdu(pdu.A_ASSOCIATE_RJ, bytes([0, said.result, said.source, said.reason])))

    return script


def _associates(endpoint: Endpoint) -> None:
    assert associate_as(Target("x", "PACS", (endpoint,)), Peer("stranger", b"X")).response == REFUSED
    assert any(str(endpoint) in line and "(A-ASSOCIATE-RJ): asked again" in line for line in pace.noticed())


def _plays(endpoint: Endpoint) -> None:
    target = Target("x", "PACS", (endpoint,))
    base = next(iter(people.strangers(target)))
    ((played,),) = Player(target, lanes=1).play_all([(base, Way(base.name))])
    assert (played.answer, played.response) == (Answer.REFUSED, REFUSED)
    assert any(str(endpoint) in line and "asked again" in line for line in pace.noticed())


def _is_hostile(endpoint: Endpoint) -> None:
    case = Case("test.on", 0, "", Expectation.SURVIVAL, tuple(on_association(send(ECHO))))
    with pytest.raises(Unmeasurable, match="source 1"):
        Hostile(endpoint, None, SLOTS, deadline=1.0).play(case)


@pytest.mark.parametrize("who", [_associates, _plays, _is_hostile])
def test_each_asks_again(who: Callable[[Endpoint], None]) -> None:
    asked: list[Rejected] = []
    with scripted(rejecting(asked)) as endpoint:
        who(endpoint)
    assert asked == [BUSY, BUSY, REFUSED]

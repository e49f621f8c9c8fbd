"""How many requests wait at a web server at once: fewer where it drowns, more where it only takes its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

import pytest

from pacs_hardening.space.dimension import Base, Way
from pacs_hardening.space.played import Answer, Played
from pacs_hardening.space.web import play
from pacs_hardening.space.web.ask import LANES
from pacs_hardening.space.web.draft import Asked
from pacs_hardening.space.web.play import WebPlayer
from tests.unit.test_space_web import USER, Archive, archive

ANSWER_S = 0.03


def slowly(asked: Archive) -> None:
    time.sleep(ANSWER_S)  # what the server does all this time
    Archive._serve(asked)


def drowning() -> Callable[[Archive], None]:
    """One after the other, also what nobody waits for any more."""
    turn = Lock()

    def serve(asked: Archive) -> None:
        with turn:
            slowly(asked)

    return serve


def ways(player: WebPlayer, number: int) -> list[tuple[Base[Asked], Way]]:
    (first, *_) = player.bases()
    return [(first, Way(first.name))] * number


def played(player: WebPlayer, number: int) -> list[Played]:
    return [each for chunk in player.play_all(ways(player, number)) for each in chunk]


def test_a_server_that_drowns_is_asked_less_until_it_answers() -> None:
    with archive(_serve=drowning()) as target:
        player = WebPlayer(target, target.endpoints[0], USER)
        asked = ways(player, 300)
        for asker in (player._asker, player._user):
            asker.seconds = 4 * ANSWER_S
        answers = [each.answer for chunk in player.play_all(asked) for each in chunk]
    assert Answer.UNMEASURED in answers, "eight at once were too many"
    assert player.lanes < LANES
    assert answers[-1] is Answer.REFUSED, "it answers again"


def test_at_a_server_that_takes_its_time_more_wait_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "SLOW_S", ANSWER_S / 2)
    with archive(_serve=slowly) as target:
        player = WebPlayer(target, target.endpoints[0], USER)
        answers = {each.answer for each in played(player, 400)}
    assert answers == {Answer.REFUSED}
    assert LANES < player.lanes <= play.MOST_LANES


def test_a_server_that_answers_at_once_is_asked_by_no_more() -> None:
    with archive() as target:
        player = WebPlayer(target, target.endpoints[0], USER)
        assert {each.answer for each in played(player, 300)} == {Answer.REFUSED}
    assert player.lanes == LANES

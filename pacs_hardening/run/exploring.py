"""The fixture of controls that claim something of every way to ask: it explores, and the report says how much."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from math import inf
from typing import TypeAlias, TypeVar

import pytest

from ..model import Target
from ..probes.authorised import Authorised
from ..space.bid import Bid
from ..space.claim import Claim, Explored
from ..space.dimension import Base
from ..space.messages.play import MessagePlayer
from ..space.messages.sending import Sending
from ..space.people import permitted
from ..space.play import Player
from ..space.played import Asked, Plays
from ..space.web.draft import Party
from ..space.web.play import WebPlayer
from ..wire.implementations import presented
from .gate import Gate

FURTHER_S = 15.0
T = TypeVar("T", bound=Asked)
Explore: TypeAlias = Callable[[str, Iterable[Base[Bid]], float], Explored]
WebPlayers: TypeAlias = Callable[[], list[WebPlayer]]
ExploreMessages: TypeAlias = Callable[[str, Iterable[Base[Sending]], float], Explored]
ExploreWeb: TypeAlias = Callable[[float, Party], list[Explored]]
WHO = {
    Party.NOBODY: "somebody without a login",
    Party.PAGE: "another site's page",
    Party.USER: "a user who is no administrator",
}


@pytest.fixture(scope="session")
def explore(gate: Gate, target: Target, authorised: Authorised) -> Explore:
    """``explore(who, bases, share)``: all single ways of ``bases``, and pairs for that share of the profile's seconds.
    The successes of authorised nodes beside it count as the control's."""
    player = Player(target, prove=authorised.lives)

    def explored(who: str, bases: Iterable[Base[Bid]], share: float) -> Explored:
        return counted(claimed(who, permitted(bases, target), player, share, gate, gate.soak), gate, authorised)

    return explored


@pytest.fixture(scope="session")
def explore_messages(gate: Gate, target: Target, authorised: Authorised) -> ExploreMessages:
    """The same of those who send HL7 v2 messages, beside the sender who may. Raises Unnamed where the target names
    none."""

    def explored(who: str, bases: Iterable[Base[Sending]], share: float) -> Explored:
        player = MessagePlayer(target, authorised.sender_keys(), authorised.hl7)
        return counted(claimed(who, bases, player, share, gate, gate.soak), gate, authorised)

    return explored


@pytest.fixture(scope="session")
def web_players(target: Target, authorised: Authorised) -> WebPlayers:
    """``web_players()``: one for each web endpoint, which finds out once what is there, with a user who is
    logged in. Raises Missing where the target names no user."""
    made = cache(lambda: WebPlayer.of(target, authorised.user()))

    def players() -> list[WebPlayer]:
        for player in made():
            player.renew(authorised.user())
        return made()

    return players


@pytest.fixture(scope="session")
def explore_web(gate: Gate, authorised: Authorised, web_players: WebPlayers) -> ExploreWeb:
    """The same of somebody in the web, at each endpoint. Raises as ``web_players``."""

    def explored(share: float, party: Party) -> list[Explored]:
        players = web_players()
        part = share / max(1, len(players))
        most = None if gate.profile.seconds_of_ways else 1  # in no time: the first route, and each other as it is
        bases = [(player, player.bases(party)[:most]) for player in players]
        claims = [claimed(WHO[party], found, player, part, gate, gate.soak) for player, found in bases if found]
        return [counted(claim, gate, authorised) for claim in claims]

    return explored


def claimed(
    who: str, bases: Iterable[Base[T]], player: Plays[T], share: float, gate: Gate, soak: float = 0.0
) -> Claim[T]:
    """``share``: of the profile's seconds, for pairs. Where some causes are known and borne, all have to be found."""
    budget, further = share * gate.profile.seconds_of_ways, inf if gate.bears_some else FURTHER_S
    return Claim(who, bases, player, budget=budget, seed=presented().seed, soak=soak, further=further)


def counted(claim: Claim[T], gate: Gate, authorised: Authorised) -> Explored:
    """What exploring ``claim`` found, with what it covered noted for the report."""
    found = claim.explore()
    gate.coverage.append(found.coverage)
    if found.proofs:
        authorised.count_successes(found.proofs)
    return found

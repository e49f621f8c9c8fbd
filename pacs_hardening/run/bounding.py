"""Fixtures of the controls of limits: what holds for whoever may ask, explored in every way that they can."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias, TypeVar

import pytest

from ..model import Endpoint, SampleStudy, Target
from ..model.planted import Kept, Planted
from ..probes import keeping
from ..probes.authorised import Authorised
from ..probes.authorised.study import retrieved
from ..probes.web.guess import Throttled
from ..probes.web.request import guarded
from ..space.bounds import destination, guessing, listing, posted, query, stored
from ..space.bounds.originals import Originals
from ..space.claim import Explored
from ..space.dimension import Base
from ..space.people import permitted
from ..space.played import Asked, Plays
from ..wire import operations, pdu
from .exploring import WebPlayers, claimed, counted
from .gate import Gate

T = TypeVar("T", bound=Asked)
SHARE = 0.05  # of the profile's seconds, for the pairs of each
PAIRS_S = 1.0  # in less no pairs are worth beginning
Sent: TypeAlias = Callable[[SampleStudy], Explored]
Replaced: TypeAlias = Callable[[], Explored]
Searched: TypeAlias = Callable[[Planted], Explored]
Listed: TypeAlias = Callable[[Planted], list[Explored]]
Posted: TypeAlias = Callable[[], list[Explored]]
Guessing: TypeAlias = Callable[[Endpoint, Throttled], list[Explored]]


@pytest.fixture(scope="session")
def searched(gate: Gate, target: Target, authorised: Authorised) -> Searched:
    """``searched(planted)``: each node that may search gets more matches than the limit in every way to ask."""
    player = query.QueryPlayer(target, prove=authorised.lives)

    def _searched(planted: Planted) -> Explored:
        budget = SHARE * gate.profile.seconds_of_ways
        bases = query.bases(target, planted, wide=planted.level == "STUDY", pairs=budget > PAIRS_S)
        claim = claimed("a node that searches", permitted(bases, target), player, SHARE, gate)
        return counted(claim, gate, authorised)

    return _searched


@pytest.fixture(scope="session")
def replaced(gate: Gate, target: Target, authorised: Authorised) -> Replaced:
    """``replaced()``: each node that may store sends other objects under the UIDs of stored ones, in every way."""

    def _replaced() -> Explored:
        usual = operations.SECONDARY_CAPTURE
        offered = [(uid, pdu.IMPLICIT_LE) for uid in stored.CLASSES]
        offered += [(usual, syntax) for syntax in stored.SYNTAXES.values()]
        taken = keeping.taken(authorised, offered)
        over = {uid: keeping.keep(authorised, uid) for uid, syntax in taken if syntax == pdu.IMPLICIT_LE}
        syntaxes = [name for name, syntax in stored.SYNTAXES.items() if (usual, syntax) in taken]
        player = stored.ForgingPlayer(
            target,
            _originals(authorised, over),
            prove=authorised.lives,
        )
        budget = SHARE * gate.profile.seconds_of_ways
        bases = stored.bases(target, over, syntaxes, pairs=budget > PAIRS_S)
        claim = claimed("a node that stores", permitted(bases, target), player, SHARE, gate)
        return counted(claim, gate, authorised)

    return _replaced


@pytest.fixture(scope="session")
def sent_elsewhere(gate: Gate, target: Target, authorised: Authorised) -> Sent:
    """``sent_elsewhere(study)``: each node that may have it sent asks for that, to where nothing may go."""

    def _sent(study: SampleStudy) -> Explored:
        player = destination.SendingPlayer(target, prove=authorised.lives)
        return _bounded("a node that has objects sent", destination.bases(target, study), player, gate, authorised)

    return _sent


@pytest.fixture(scope="session")
def listed(gate: Gate, target: Target, authorised: Authorised, web_players: WebPlayers) -> Listed:
    """``listed(planted)``: a user is told of more matches than the limit, at each web endpoint."""

    def _listed(planted: Planted) -> list[Explored]:
        wide, explored = planted.level == "STUDY", list[Explored]()
        for number, plain in enumerate(web_players() if target.users else (), 1):
            player = listing.ListingPlayer(target, plain.endpoint, authorised.user(), number)
            if bases := player.searches(planted, plain.strangers[0].dimensions, wide=wide):
                explored.append(_bounded("a user who searches", bases, player, gate, authorised))
        return explored

    return _listed


@pytest.fixture(scope="session")
def posted_over(gate: Gate, target: Target, authorised: Authorised, web_players: WebPlayers) -> Posted:
    """``posted_over()``: a user sends other objects under the UID of a stored one, at each web endpoint."""
    usual = operations.SECONDARY_CAPTURE

    def _posted() -> list[Explored]:
        explored = list[Explored]()
        for number, plain in enumerate(web_players() if target.users and target.routes.get("stow") else (), 1):
            originals = _originals(authorised, {usual: keeping.keep(authorised, usual)})
            player = posted.PostingPlayer(target, plain.endpoint, authorised.user(), number, originals, usual)
            if bases := list(player.posts(plain.strangers[0].dimensions)):
                explored.append(_bounded("a user who stores", bases, player, gate, authorised))
        return explored

    return _posted


@pytest.fixture(scope="session")
def guessing_on(gate: Gate, target: Target, authorised: Authorised, web_players: WebPlayers) -> Guessing:
    """``guessing_on(endpoint, throttled)``: whoever is throttled there goes on to guess."""

    def _guessing(endpoint: Endpoint, throttled: Throttled) -> list[Explored]:
        plain = next(each for each in web_players() if each.endpoint == endpoint)
        player = guessing.GuessPlayer(target, endpoint, authorised.user(), throttled.user, throttled.first)
        bases = list(player.guesses(guarded(target), plain.strangers[0].dimensions))
        return [_bounded("who guesses passwords", bases, player, gate, authorised)] if bases else []

    return _guessing


def _originals(authorised: Authorised, over: dict[str, Kept]) -> Originals:
    return Originals(
        over,
        lambda sop_class: keeping.keep(authorised, sop_class),
        lambda kept: retrieved(authorised, kept.study, tuple(over)),
    )


def _bounded(who: str, bases: Iterable[Base[T]], player: Plays[T], gate: Gate, authorised: Authorised) -> Explored:
    """Single values alone: pairs of them are for those who may do nothing."""
    asked = [replace(base, pairs=False) for base in bases]
    return counted(claimed(who, asked, player, 0.0, gate), gate, authorised)

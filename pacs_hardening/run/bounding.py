"""Fixtures of the controls of limits: what holds for whoever may ask, explored in every way that they can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from ..model import SampleStudy, Target
from ..model.planted import Planted
from ..probes import keeping
from ..probes.authorised import Authorised
from ..probes.authorised.study import retrieved
from ..space.bounds import destination, query, stored
from ..space.claim import Claim, Explored
from ..space.people import permitted
from ..wire import operations, pdu
from ..wire.implementations import presented
from .exploring import counted
from .gate import Gate

SHARE = 0.05  # of the profile's seconds, for the pairs of each
PAIRS_S = 1.0  # in less no pairs are worth beginning
Sent: TypeAlias = Callable[[SampleStudy], Explored]
Replaced: TypeAlias = Callable[[], Explored]
Searched: TypeAlias = Callable[[Planted], Explored]


@pytest.fixture(scope="session")
def searched(gate: Gate, target: Target, authorised: Authorised) -> Searched:
    """``searched(planted)``: each node that may search gets more matches than the limit in every way to ask."""
    player = query.QueryPlayer(target, prove=authorised.lives)

    def _searched(planted: Planted) -> Explored:
        budget = SHARE * gate.profile.seconds_of_ways
        bases = query.bases(target, planted, wide=planted.level == "STUDY", pairs=budget > PAIRS_S)
        claim = Claim("a node that searches", permitted(bases, target), player, budget=budget, seed=presented().seed)
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
            over,
            lambda sop_class: keeping.keep(authorised, sop_class),
            lambda kept: retrieved(authorised, kept.study, tuple(over)),
            prove=authorised.lives,
        )
        budget = SHARE * gate.profile.seconds_of_ways
        bases = stored.bases(target, over, syntaxes, pairs=budget > PAIRS_S)
        claim = Claim("a node that stores", permitted(bases, target), player, budget=budget, seed=presented().seed)
        return counted(claim, gate, authorised)

    return _replaced


@pytest.fixture(scope="session")
def sent_elsewhere(gate: Gate, target: Target, authorised: Authorised) -> Sent:
    """``sent_elsewhere(study)``: each node that may have it sent asks for that, to where nothing may go."""

    def _sent(study: SampleStudy) -> Explored:
        bases = [replace(base, pairs=False) for base in destination.bases(target, study)]
        player = destination.SendingPlayer(target, prove=authorised.lives)
        return counted(
            Claim("a node that has objects sent", bases, player, budget=0.0, seed=presented().seed), gate, authorised
        )

    return _sent

"""What holds for users, too: a small archive that forgets it in one way shows it, a hardened one shows nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.embedded import start
from pacs_hardening.launch.environment import discover
from pacs_hardening.model import Endpoint, Target, User
from pacs_hardening.probes import keeping
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.authorised.study import retrieved
from pacs_hardening.probes.plant import plant
from pacs_hardening.probes.web.guess import guess_until_throttled
from pacs_hardening.probes.web.request import guarded
from pacs_hardening.space.bounds.guessing import GuessPlayer
from pacs_hardening.space.bounds.listing import ListingPlayer
from pacs_hardening.space.bounds.originals import Originals
from pacs_hardening.space.bounds.posted import PostingPlayer
from pacs_hardening.space.claim import Claim, Explored
from pacs_hardening.space.web.play import WebPlayer
from pacs_hardening.wire import operations

INTERNAL = {"fact": "header:x-internal", "relation": "given", "value": ""}


@dataclass(frozen=True)
class Archive:
    target: Target
    authorised: Authorised

    @property
    def endpoint(self) -> Endpoint:
        return self.target.endpoints_of("web")[0]

    @property
    def user(self) -> User:
        return next(iter(self.target.users.values()))

    @property
    def known(self) -> Any:
        return WebPlayer(self.target, self.endpoint, self.user).strangers[0].dimensions


@contextmanager
def archive(folder: Path, *openings: str) -> Iterator[Archive]:
    raw = tomllib.loads((discover()["embedded"] / "environment.toml").read_text())
    opened = [{"condition": each, "how": "waived", "when": [INTERNAL], "grants": []} for each in openings]
    with start({**raw, "openings": opened}, folder) as running:
        yield Archive(running.target, Authorised(running.target))


def searched(it: Archive) -> Explored:
    player = ListingPlayer(it.target, it.endpoint, it.user)
    bases = player.searches(plant(it.authorised, it.target.query_limit or 0, "IMAGE"), it.known, wide=False)
    assert len(bases) == 3, "by QIDO-RS, and two lists of the archive's own"
    return Claim("a user", bases, player, budget=0, seed=1).explore()


def posted(it: Archive) -> Explored:
    usual = operations.SECONDARY_CAPTURE
    originals = Originals(
        {usual: keeping.keep(it.authorised, usual)},
        lambda sop_class: keeping.keep(it.authorised, sop_class),
        lambda kept: retrieved(it.authorised, kept.study, (usual,)),
    )
    player = PostingPlayer(it.target, it.endpoint, it.user, 1, originals, usual)
    return Claim("a user", list(player.posts(it.known)), player, budget=0, seed=1).explore()


def guessed(it: Archive) -> Explored:
    throttled = guess_until_throttled(it.target, it.endpoint, guarded(it.target))
    assert throttled is not None
    player = GuessPlayer(it.target, it.endpoint, it.user, throttled.user, throttled.first)
    return Claim("a guesser", list(player.guesses(guarded(it.target), it.known)), player, budget=0, seed=1).explore()


EACH: dict[str, Callable[[Archive], Explored]] = {"query-limit": searched, "overwrite": posted, "throttle": guessed}


@pytest.mark.parametrize("condition", EACH)
def test_a_hardened_archive_keeps_its_limits(condition: str, tmp_path: Path) -> None:
    with archive(tmp_path) as it:
        found = EACH[condition](it)
    assert not found.causes
    assert found.coverage.ways > 100
    assert found.coverage.values[0] == found.coverage.values[1]


@pytest.mark.parametrize("condition", EACH)
def test_a_limit_that_one_field_lifts_is_found(condition: str, tmp_path: Path) -> None:
    with archive(tmp_path, condition) as it:
        causes = EACH[condition](it).causes
    needs = [need for cause, _ in causes for need in cause.needs]
    assert needs
    assert all(dimension == "from the inside" for dimension, _ in needs)
    assert all("X-Internal" in value for _, values in needs for value in values)

"""Who has logged in and must be refused all the same: a small archive opened to him in one way shows it, a hardened one
shows nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.embedded import start
from pacs_hardening.launch.environment import discover
from pacs_hardening.space.claim import Claim, Explored
from pacs_hardening.space.web.draft import Party
from pacs_hardening.space.web.play import WebPlayer

INTERNAL = {"fact": "header:x-internal", "relation": "given", "value": ""}
AGENT = {"fact": "header:user-agent", "relation": "begins", "value": "kube-probe"}


@contextmanager
def player(folder: Path, *openings: dict[str, Any]) -> Iterator[WebPlayer]:
    raw = tomllib.loads((discover()["embedded"] / "environment.toml").read_text())
    with start({**raw, "openings": [*openings]}, folder) as running:
        target = running.target
        yield WebPlayer(target, target.endpoints_of("web")[0], next(iter(target.users.values())))


def waived(condition: str, *tests: dict[str, str]) -> dict[str, Any]:
    return {"condition": condition, "how": "waived", "when": list(tests), "grants": []}


def explored(player: WebPlayer, party: Party) -> Explored:
    return Claim("somebody", player.bases(party), player, budget=0, seed=1).explore()


@pytest.mark.parametrize("party", [Party.PAGE, Party.USER])
def test_a_hardened_archive_serves_neither(party: Party, tmp_path: Path) -> None:
    with player(tmp_path) as asking:
        found = explored(asking, party)
    assert not found.causes
    assert found.coverage.ways > 300
    assert found.coverage.values[0] == found.coverage.values[1]


@pytest.mark.parametrize("when", [INTERNAL, AGENT], ids=["a field", "a value"])
@pytest.mark.parametrize(
    ("party", "condition"), [(Party.PAGE, "origin"), (Party.USER, "administration")], ids=["page", "user"]
)
def test_an_opening_for_one_of_them_is_found(
    party: Party, condition: str, when: dict[str, str], tmp_path: Path
) -> None:
    with player(tmp_path, waived(condition, when)) as asking:
        ((cause, _), *others) = explored(asking, party).causes
    assert not others
    ((dimension, values),) = cause.needs
    assert all("X-Internal" in value for value in values) if when is INTERNAL else dimension == "user agent"


def test_who_is_refused_nothing_needs_no_way(tmp_path: Path) -> None:
    with player(tmp_path, waived("administration")) as asking:
        assert not asking.bases(Party.USER)

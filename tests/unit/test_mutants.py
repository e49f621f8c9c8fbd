"""Mutants of the embedded archive: how they are made, proven, and counted."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pacs_hardening.embedded import policy, start
from pacs_hardening.embedded.policy import COMPARISONS, CONDITIONS, HARDENED, Opening, Policy
from pacs_hardening.embedded.policy import Test as FactTest
from pacs_hardening.model import BadInput
from pacs_hardening.mutants import duties, honest, loose
from pacs_hardening.mutants.bases import BASES
from pacs_hardening.mutants.generate import every, mutants
from pacs_hardening.mutants.mutant import NAMED, UNNAMED, Mutant
from pacs_hardening.mutants.proof.player import Player
from pacs_hardening.mutants.score import Result, idle, render, wilson

RAW = tomllib.loads((Path(__file__).parents[2] / "environments" / "embedded" / "environment.toml").read_text())


def test_the_hardened_archive_waives_nothing() -> None:
    for condition in CONDITIONS:
        assert not HARDENED.waives(condition, lambda: {"calling": "X"})
        assert HARDENED.same(condition, "X", "X")
        assert not any(
            HARDENED.same(condition, given, "NAME-1") for given in ("name-1", "NAME", "NAME-12", " NAME-1", "")
        )


@pytest.mark.parametrize("how", sorted(COMPARISONS))
def test_a_loose_comparison_is_looser_where_its_tests_hold(how: str) -> None:
    given = {"exact": "NAME-12345", "case": "name-12345", "trimmed": " NAME-12345", "first-8": "NAME-123XX"}
    given |= {"prefix": "NAME", "longer": "NAME-123456", "substring": "XNAME-12345X", "suffix": "345"}
    given |= {"punctuation": "NAME12345", "any": "OTHER"}
    opened = Policy((Opening("node-known", how, (FactTest("sni", "is", "x"),)),))
    assert opened.same("node-known", given[how], "NAME-12345", lambda: {"sni": "x"})
    assert opened.same("node-known", given[how], "NAME-12345", lambda: {"sni": "y"}) == (how == "exact")
    assert not opened.waives("node-known", lambda: {"sni": "x"})


@pytest.mark.parametrize(
    "opening",
    [
        {"condition": "no-such"},
        {"condition": "login", "how": "no-such"},
        {"condition": "login", "when": [{"fact": "http", "relation": "no-such"}]},
        {"condition": "login", "misspelt": True},
    ],
)
def test_an_opening_that_cannot_be_read(opening: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="openings"):
        policy.read([opening], {})


def test_facts_are_not_worked_out_for_a_hardened_archive() -> None:
    def never() -> dict[str, policy.Fact]:
        raise AssertionError("no opening asks")

    assert not HARDENED.waives("login", never)
    assert not Policy((Opening("origin"),)).waives("login", never)


def test_a_seed_always_gives_the_same_mutants() -> None:
    names = [each.name for each in mutants(50, 3)]
    assert names == [each.name for each in mutants(50, 3)]
    assert len(set(names)) == 50
    assert set(names) != {each.name for each in mutants(50, 4)}


def test_what_is_drawn() -> None:
    drawn = mutants(600, 1)
    assert {each.area for each in drawn} == {"identity", "operation", "web", "limits", "duties", "redaction"}
    assert {each.kind for each in drawn} == {"dropped", "weakened", "way in", "pair"}
    assert 0.12 < sum(each.table == UNNAMED for each in drawn) / 600 < 0.25
    assert sum(each.kind == "pair" for each in drawn) > 60


def test_a_mutant_is_a_weakness_that_can_be_read() -> None:
    for each in (*mutants(40, 2), *loose.mutants()):
        read = tomllib.loads(each.weakness())
        assert read["title"] == each.title
        assert len(policy.read(read["merge"]["openings"], {}).openings) == len(each.openings)


def _of_each_base() -> Iterator[Mutant]:
    seen = set()
    for each in (*every(NAMED), *every(UNNAMED)):
        if each.play and each.base in BASES and each.times == 1 and each.base not in seen:
            seen.add(each.base)
            yield each
    assert seen == set(BASES)


def _running(folder: Path, mutant: Mutant | None) -> Any:
    openings = [dict(each) for each in mutant.openings] if mutant else []
    return start({**RAW, "openings": openings}, folder)


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    with _running(tmp_path_factory.mktemp("archive") / "keys", None) as running:
        yield Player(running)


SHOWN = [*_of_each_base(), *list(loose.mutants())[::7], *list(duties.mutants())[::97]]


@pytest.mark.parametrize("mutant", SHOWN, ids=lambda each: f"{each.base}-{each.name}")
def test_what_a_mutant_declares_is_open_there_and_shut_on_the_hardened(
    mutant: Mutant, hardened: Player, tmp_path: Path
) -> None:
    with _running(tmp_path / "keys", mutant) as running:
        assert Player(running).served(mutant), mutant.title
    assert not hardened.served(mutant), mutant.title


def test_a_mutant_refuses_who_does_not_show_what_it_asks_for(tmp_path: Path) -> None:
    shown = next(each for each in every(NAMED) if each.base == "device" and "implementation-class" in each.play)
    other = Mutant(**{**shown.__dict__, "play": {"implementation-class": "1.2.3.4"}})
    with _running(tmp_path / "keys", shown) as running:
        assert not Player(running).served(other)


def _result(name: str, **more: Any) -> Result:
    asked = {"web.a": "FAIL" if more.get("killed_by") else "PASS", "web.b[x]": "ERROR"}
    return Result(name, "web", NAMED, "way in", f"title of {name}", **{"asked": asked, "status": 0, **more})


def test_the_score() -> None:
    results = [
        _result("m-1", killed_by=("web.a",), status=1),
        _result("m-2"),
        _result("m-3", unproven="the mutant refuses"),
        _result("m-4", status=10),
    ]
    said = render(results)
    assert "web                1       3    33 %           6 %" in said
    assert "m-2  web        title of m-2\n" in said
    assert "title of m-4 (exit 10)" in said, "an ERROR is no kill"
    assert "title of m-3: the mutant refuses" in said
    assert idle(results) == ["web.b"]


@pytest.mark.parametrize(("killed", "of", "least"), [(0, 10, 0.0), (10, 10, 0.7225), (90, 100, 0.8256), (0, 0, 0.0)])
def test_wilson(killed: int, of: int, least: float) -> None:
    """As in Agresti and Coull, The American Statistician 52 (1998), for 95 %."""
    assert wilson(killed, of) == pytest.approx(least, abs=1e-4)


def test_honest_variants_can_be_read(tmp_path: Path) -> None:
    folder = honest.environments(tmp_path / "environments")
    for name in honest.MANNERS:
        read = tomllib.loads((folder / name / "environment.toml").read_text())
        with start(read, tmp_path / name) as running:
            assert ("get" in running.target.nodes["all"].permits) == (name != "no-c-get")

"""A space as data: ways and their notation, what is tried of it, and the smallest cause of what was served."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacs_hardening.model import BadInput, Impact
from pacs_hardening.space import notation
from pacs_hardening.space.cause import Causes, how_often, of_one_part, smallest
from pacs_hardening.space.cover import Covered, by_itself, mixed, singles, together
from pacs_hardening.space.dimension import Base, Dimension, Kind, Value, Way

Asked = dict[str, str]


def _random(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - it decides what is tried


def _dimension(name: str, values: dict[str, float], mixes: bool = True) -> Dimension[Asked]:
    def to(value: str) -> Value[Asked]:
        return Value(value, lambda asked: {**asked, name: value}, values[value], mixes=mixes)

    return Dimension(name, tuple(map(to, values)))


def _base(name: str = "stranger") -> Base[Asked]:
    whole = Value[Asked]("all", lambda asked: {**asked, "model": "all"}, 9, parts=("patient", "study"))
    models = _dimension("model", {"patient": 1, "study": 1})
    return Base(
        name,
        Kind.STRANGER,
        {"model": "base"},
        (
            _dimension("title", {"known": 9, "blank": 2, "star": 1}),
            _dimension("client", {"a": 5, "b": 1, "c": 1}),
            Dimension("model", (whole, *models.values)),
            _dimension("version", {"0": 1, "2": 1}, mixes=False),
        ),
    )


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="|=\n\r", exclude_categories=["Z", "C"]), min_size=1)


@given(NAMES, st.dictionaries(NAMES, NAMES))
def test_a_way_is_read_as_it_was_written(base: str, values: dict[str, str]) -> None:
    way = Way.of(base, values)
    assert notation.read(notation.write(way)) == way


@pytest.mark.parametrize("text", ["", "a | b", "a | b=", "a | =c", "a | b=c | b=d"])
def test_what_is_no_way_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        notation.read(text)


def test_a_base_resolves_a_way_and_knows_what_it_does_not_know() -> None:
    assert _base().resolve(Way.of("stranger", {"title": "known", "model": "study"})) == {
        "model": "study",
        "title": "known",
    }
    with pytest.raises(KeyError):
        _base().resolve(Way.of("stranger", {"colour": "red"}))
    with pytest.raises(KeyError):
        _base().resolve(Way.of("stranger", {"title": "of-nobody"}))


def test_a_dimension_has_each_value_once_and_parts_that_it_knows() -> None:
    same = Value[Asked]("x", dict)
    with pytest.raises(ValueError, match="twice"):
        Dimension("d", (same, same))
    with pytest.raises(ValueError, match="parts"):
        Dimension("d", (Value[Asked]("x", dict, parts=("y",)),))


def test_a_ceiling_takes_away_values_and_what_they_are_part_of() -> None:
    active = Value[Asked]("x", dict, impact=Impact.ACTIVE)
    both = Dimension("d", (active, Value[Asked]("y", dict), Value[Asked]("all", dict, parts=("x", "y"))))
    assert [value.name for value in both.up_to(Impact.PASSIVE).values] == ["y"]
    assert both.up_to(Impact.ACTIVE) == both


@settings(deadline=None)
@given(st.integers())
def test_every_value_is_tried_alone_or_beside_others_that_hide_nothing(seed: int) -> None:
    base = _base()
    covered = Covered(base)
    for _, way in singles(base):
        if by_itself(base, way):
            covered.add(way)
    assert covered.missing()
    for way in list(together(base, covered, _random(seed))):
        covered.add(way)
        assert "version" not in dict(way.values)
    assert not covered.missing()
    assert len(covered.values) == covered.of_values()


@settings(deadline=None)
@given(st.integers())
def test_pairs_are_tried_until_all_are(seed: int) -> None:
    base = _base()
    covered = Covered(base)
    rows = list(mixed(base, covered, _random(seed)))
    for way in rows:
        covered.add(way)
        assert sum(dimension == "version" for dimension, _ in way.values) <= 1
    assert len(covered.pairs) >= 0.9 * covered.of_pairs()
    assert len(rows) < 200


def test_the_same_seed_tries_the_same() -> None:
    def rows(seed: int) -> list[Way]:
        return list(mixed(_base(), Covered(_base()), _random(seed)))

    assert rows(1) == rows(1) != rows(2)


OPENINGS = {
    "one value": {"client": "a"},
    "two together": {"client": "a", "title": "known"},
    "everybody": {},
}


@pytest.mark.parametrize("needed", OPENINGS.values(), ids=OPENINGS)
@given(st.dictionaries(st.sampled_from(["title", "client", "model", "version"]), st.just("")))
def test_a_cause_is_what_is_needed_and_nothing_else(needed: dict[str, str], besides: dict[str, str]) -> None:
    names = {"title": "known", "client": "a", "model": "study", "version": "2"}
    way = Way.of("stranger", {**{name: names[name] for name in besides}, **needed})

    def served(asked: Way) -> bool:
        return asked.holds(Way.of("stranger", needed))

    assert smallest(way, served) == Way.of("stranger", needed)


def test_of_values_tried_together_the_one_is_named_that_is_served() -> None:
    way = Way.of("stranger", {"model": "all"})
    assert dict(of_one_part(way, _base(), lambda w: dict(w.values)["model"] != "patient").values) == {"model": "study"}
    assert of_one_part(way, _base(), lambda w: dict(w.values)["model"] == "all") == way


def test_what_is_served_now_and_then_is_counted() -> None:
    """One time in ten, whoever asks and how: one cause, with its rate."""
    asked = iter(range(1000))
    causes = Causes({"stranger": _base()})
    for title in ("known", "blank", "star"):
        causes.add(Way.of("stranger", {"title": title}), "C-FIND", (), lambda way: next(asked) % 10 == 5)
    ((cause, _),) = causes.result()
    assert (cause.needs, cause.cases, cause.served, cause.asked) == ((), 3, 6, 60)
    assert how_often(Way("stranger"), lambda way: True) == (3, 3)


def _causes(needed: dict[str, tuple[str, ...]], bases: tuple[str, ...] = ("stranger",)) -> Causes[Asked]:
    """What is found of an archive that serves who departs in each of ``needed`` in one of its values."""
    made = {name: _base(name) for name in ("stranger", "other")}
    causes = Causes(made)

    def served(way: Way) -> bool:
        values = dict(way.values)
        return way.base in bases and all(values.get(name) in wanted for name, wanted in needed.items())

    for base in made.values():
        for _, way in singles(base):
            if served(way):
                causes.add(way, "C-FIND", (), served)
    return causes


def test_one_cause_has_all_its_values_and_bases() -> None:
    ((cause, _),) = _causes({"client": ("a", "b")}, ("stranger", "other")).result()
    assert cause.bases == ("stranger", "other")
    assert cause.needs == (("client", ("a", "b")),)
    assert cause.every == ()
    assert cause.cases == 4
    assert cause.way == "stranger | client=a"


def test_that_any_value_does_is_said() -> None:
    ((cause, _),) = _causes({"client": ("a", "b", "c")}).result()
    assert cause.every == ("client",)


def test_two_causes_are_two() -> None:
    causes = Causes({"stranger": _base()})

    def served(way: Way) -> bool:
        return dict(way.values).get("client") == "a" or dict(way.values).get("title") == "star"

    for _, way in singles(_base()):
        if served(way):
            causes.add(way, "C-FIND", (), served)
    assert [cause.needs for cause, _ in causes.result()] == [(("title", ("star",)),), (("client", ("a",)),)]


def test_more_causes_than_can_be_explained_are_counted() -> None:
    causes = Causes({"stranger": _base()}, most=1)
    for title in ("known", "blank"):
        causes.add(Way.of("stranger", {"title": title}), title, (), lambda way: bool(way.values))
    assert len(causes.result()) == 1
    assert causes.unexplained == 1

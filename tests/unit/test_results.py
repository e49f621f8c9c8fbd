"""Reviewed results: how they name controls, what they say of one, and that writing loses nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_hardening.launch.definition.results import FILE, Exempt, Results, read
from pacs_hardening.model import BadInput, Status
from pacs_hardening.model.naming import compact, covers
from tests.meta import accepting

KEYS = ("a.one", "a.two[x]", "a.two[y]", "a.two[z]", "b.three[x]")


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("a.one", {"a.one"}),
        ("a.two", {"a.two[x]", "a.two[y]", "a.two[z]"}),
        ("a.two[x,z]", {"a.two[x]", "a.two[z]"}),
        ("a.*", {"a.one", "a.two[x]", "a.two[y]", "a.two[z]"}),
        ("*[x]", {"a.two[x]", "b.three[x]"}),
        ("a.tw", set()),
        ("a.one[x]", set()),
        ("a?one", set()),
    ],
)
def test_pattern_covers(pattern: str, covered: set[str]) -> None:
    assert {key for key in KEYS if covers(pattern, key)} == covered


@given(st.sets(st.sampled_from(KEYS)), st.booleans())
def test_compact_names_cover_exactly_what_was_chosen(chosen: set[str], known: bool) -> None:
    names = compact(chosen, KEYS if known else ())
    assert {key for key in KEYS if any(covers(name, key) for name in names)} == chosen
    assert list(names) == sorted(names)


def test_whole_controls_stand_without_cases_only_where_all_are_known() -> None:
    assert compact(KEYS, KEYS) == ("a.one", "a.two", "b.three")
    assert compact(KEYS) == ("a.one", "a.two[x,y,z]", "b.three[x]")


def test_what_is_refuted_fails_where_the_hardened_archive_was_judged() -> None:
    results = Results(
        exempt=(Exempt(("b.*",), "no b", Status.NOT_APPLICABLE),),
        hardened={Status.NOT_APPLICABLE: ("a.two[z]",)},
        weaknesses={"weak": {Status.PASS: ("a.two[y]",), Status.FAIL: ("b.three",)}},
    )
    assert results.of_hardened(KEYS) == dict(
        zip(KEYS, ("PASS", "PASS", "PASS", "NOT_APPLICABLE", "NOT_APPLICABLE"), strict=True)
    )
    assert results.of_weakened("weak", ["a.two"], KEYS) == dict(
        zip(KEYS, ("PASS", "FAIL", "PASS", "NOT_APPLICABLE", "FAIL"), strict=True)
    )
    assert results.of_weakened("new", ["a.two[x]"], KEYS)["a.two[y]"] is Status.PASS
    assert (results.reason("b.three"), results.reason("a.one")) == ("no b", "")


FULL = Results(
    exempt=(Exempt(("b.*", "c.d"), 'a "reason" with a \\ and a line\nbreak', Status.WAIVED), Exempt(("e.f",), "é")),
    hardened={Status.FAIL: ("a.one", "a.two[x,y]")},
    weaknesses={"none": {}, "some": {Status.FAIL: ("a.one",), Status.NOT_RUN: ("a.two[x]", "b.three")}},
    versions={"old": {"a.one": Status.PASS, "a.two[x,y]": Status.FAIL}, "older": {"a.one": Status.PASS}},
)


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    accepting.change(tmp_path, lambda _: FULL)
    assert read(tmp_path) == FULL
    text = (tmp_path / FILE).read_text()
    accepting.change(tmp_path, lambda results: results)
    assert (tmp_path / FILE).read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_several_that_accept_at_once_lose_nothing(tmp_path: Path) -> None:
    def add(name: str, results: Results) -> Results:
        return replace(results, weaknesses={**results.weaknesses, name: {}})

    names = [f"w{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: accepting.change(tmp_path, partial(add, name)), names))
    assert read(tmp_path).weaknesses.keys() == {*names}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[weakness]", "unknown key 'weakness'"),
        ("[hardened]\nGOOD = []", "unknown key 'GOOD'"),
        ('[[exempt]]\nreason = " "\ncontrols = []', "reason"),
        ('[versions]\ncolumns = ["a"]\n[versions.statuses]\n"x.y" = "PASS FAIL"', "a status for each of 1 columns"),
        ('[versions]\ncolumns = ["a"]\n[versions.statuses]\n"x.y" = "FINE"', "a status for each of 1 columns"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadInput, match=words):
        read(tmp_path)

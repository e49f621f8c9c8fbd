"""The JSON reader agrees with the standard library, knows where everything stands, raises only its own error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_hardening.lint.reader import (
    DEEPEST,
    Placeholder,
    Unparsable,
    parse,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
PIECES = st.sampled_from(
    ["{", "}", "[", "]", ":", ",", '"', '"a"', "1", "-", "0.5e9", "true", "nul", "//", "/*", "*/", "\n", " ", "\\",
     "\\u", '"\\ud800"', "${A}", "${", "\ufeff", "\x00", "é"]
)  # fmt: skip


@given(VALUES, st.booleans(), st.sampled_from([None, 2, "\t"]))
def test_agrees_with_the_standard_library(value: object, ascii_only: bool, indent: int | str | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    document = parse(text)
    assert document.root.plain() == json.loads(text)
    assert (document.repeated, document.rest) == ((), 0)


@given(st.text() | st.lists(PIECES).map("".join))
def test_raises_nothing_but_its_own_error(text: str) -> None:
    given_up = (1, 1)
    try:
        parse(text)
    except Unparsable as error:
        given_up = error.line, error.column
    assert 1 <= given_up[0] <= text.count("\n") + 1
    assert 1 <= given_up[1] <= len(text) + 1


@given(st.lists(st.text(alphabet="abc", min_size=1), min_size=1, unique=True), st.integers(0, 3))
def test_knows_the_line_of_every_key(keys: list[str], blank: int) -> None:
    lines = [f'"{key}": /* x */ {n},' + "\n" * blank for n, key in enumerate(keys)]
    root = parse("{\n" + "\n".join(lines) + "\n}").root
    assert [root.value[key].line for key in keys] == [2 + n * (blank + 1) for n in range(len(keys))]


def test_takes_what_orthanc_takes() -> None:
    text = '\ufeff// one\n{ /* two\n lines */ "a": [1, 2,], // three\n "b": ${NAME}, "c": "line\nbreak",\n}\n'
    root = parse(text).root
    assert root.plain() == {"a": [1, 2], "b": "${NAME}", "c": "line\nbreak"}
    assert isinstance(root.value["b"].value, Placeholder)
    assert (root.value["a"].line, root.value["b"].line) == (3, 4)


def test_the_last_of_two_equal_keys_counts_and_both_lines_are_known() -> None:
    document = parse('{"s": {\n"a": 1,\n"a": 2}}')
    assert document.root.plain() == {"s": {"a": 2}}
    assert document.repeated == (("s.a", 3, 2),)


def test_text_after_the_end_is_seen() -> None:
    assert parse('{}\n// fine\n"a": 1').rest == 3


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "ends"),
        ("{", 1, 2, "}"),
        ('{"a" 1}', 1, 6, '":"'),
        ('{\n "a": 1\n "b": 2}', 3, 2, '","'),
        ('{"a": yes}', 1, 7, "quotation marks"),
        ('{"a": "b', 1, 7, "does not end"),
        ('{"a": "\\x"}', 1, 8, "escape"),
        ("{ /* b", 1, 3, "comment"),
        ("[" * (DEEPEST + 2), 1, DEEPEST + 2, "deep"),
    ],
)
def test_says_where_it_gave_up(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(Unparsable) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert words in caught.value.what

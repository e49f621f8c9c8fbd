"""Canaries over a space: all is in it, a leak names its smallest cause, and what follows from an original shows."""

from __future__ import annotations

import hashlib
import zlib

import pytest
from pydicom.dataset import Dataset

from pacs_hardening.canary import Searcher, Space, spread
from pacs_hardening.canary.codestreams import COMPRESSED, encapsulated, places
from pacs_hardening.canary.derived import linked, same_shift
from pacs_hardening.oracles.leaks import caused, retained

CT, RT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.481.3"
PATIENTS = {"TEST QZXJAAAA": "R1", "TEST QZXJBBBB": "R2", "TEST QZXJCCCC": "R3"}


def _hashed(name: str, text: str) -> hashlib._Hash:
    return hashlib.new(name, text.encode())


@pytest.fixture(scope="module")
def space() -> Space:
    return spread(3, [CT, RT], ["1.2.840.10008.1.2.4.90"])


def test_every_class_and_syntax_has_an_object(space: Space) -> None:
    assert {str(each.dataset.SOPClassUID) for each in space.planted} == {CT, RT}
    assert "1.2.840.10008.1.2.4.90" in {each.syntax for each in space.planted}
    assert not spread(3, [], []).planted


def test_every_place_is_in_every_object(space: Space) -> None:
    for each in space.planted:
        facts = {fact for tokens in space.manifest.values() for token in tokens if token.object == each.name
                 for fact in token.about}  # fmt: skip
        assert {("depth", str(depth)) for depth in range(1, 6)} <= facts
        assert {("of group", f"{group:04X}") for group in range(0x6000, 0x6020, 2)} <= facts


@pytest.mark.parametrize("syntax", sorted(COMPRESSED))
def test_a_code_stream_holds_its_texts(syntax: str) -> None:
    stream = encapsulated(syntax, dict.fromkeys(places(syntax), b"QZXJAAAA2"))
    assert stream.count(b"QZXJAAAA2") == len(places(syntax))


@pytest.mark.parametrize(
    ("fact", "said"),
    [(("class", "RT Structure Set Storage"), "class"), (("depth", "3"), "depth"), (("of group", "6004"), "of group")],
)
def test_the_cause_is_what_all_that_leaked_share(space: Space, fact: tuple[str, str], said: str) -> None:
    planted = [tokens[0] for tokens in space.manifest.values() if len(tokens) == 1]
    leaked = [token for token in planted if fact in token.about]
    assert caused(leaked, planted) == [f"every value with {said} {fact[1]!r}"]


def test_a_cause_of_two_facts_is_found(space: Space) -> None:
    planted = [tokens[0] for tokens in space.manifest.values() if len(tokens) == 1]
    both = {("class", "CT Image Storage"), ("depth", "2")}
    leaked = [token for token in planted if both <= set(token.about)]
    assert caused(leaked, planted) == ["every value with class 'CT Image Storage' and depth '2'"]


@pytest.mark.parametrize(
    "made",
    [
        lambda text: _hashed("md5", text).hexdigest(),
        lambda text: "P-" + hashlib.sha256(b"salt" + text.encode()).hexdigest()[:16].upper(),
        lambda text: f"2.25.{int.from_bytes(hashlib.new('sha1', text.encode()).digest()[:15], 'big')}",  # noqa: S324
        lambda text: str(zlib.crc32(text.encode())).zfill(10),
        lambda text: text[::-1],
    ],
)
def test_what_anybody_can_compute_is_known(made: object) -> None:
    assert callable(made)
    assert linked({text: made(text) for text in PATIENTS})


def test_what_needs_a_secret_is_not() -> None:
    secret = {text: hashlib.sha256(b"\x93\x11\xf0" + text.encode()).hexdigest()[:16] for text in PATIENTS}
    assert linked(secret) == {}


def test_a_shift_that_all_share_or_that_follows_is_none() -> None:
    assert same_shift(dict.fromkeys(PATIENTS, 0))
    assert same_shift({text: int(_hashed("md5", text).hexdigest(), 16) % 365 for text in PATIENTS})
    assert not same_shift(dict(zip(PATIENTS, (17, 902, 433), strict=True)))


def test_sex_may_stay_where_the_option_is_declared() -> None:
    pairs = []
    for sex in ("M", "F"):
        original, copy = Dataset(), Dataset()
        original.PatientSex = copy.PatientSex = sex
        pairs.append((original, copy))
    assert retained(pairs) == ["PatientSex is told"]
    option = Dataset()
    option.CodeValue = "113108"
    for _, copy in pairs:
        copy.DeidentificationMethodCodeSequence = [option]
    assert retained(pairs) == []


def test_values_are_those_that_a_search_finds(space: Space) -> None:
    text = "\n".join(value for value in space.manifest if value.startswith("QZXJ"))
    assert {value for value in space.manifest if value.startswith("QZXJ")} <= Searcher().found(text.encode())

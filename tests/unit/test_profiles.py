"""Profiles as data, and a file of the user's own on top of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacs_hardening import profiles
from pacs_hardening.model import BadInput
from pacs_hardening.run import catalogue


@pytest.mark.parametrize("name", profiles.names())
def test_every_profile_requires_controls_that_exist(name: str) -> None:
    known = {control.id for control in catalogue.controls()}
    assert profiles.load(name).required <= known
    assert profiles.load(name).tls.cipher_suites


def test_a_file_of_ones_own_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('extends = "strict"\nmin_rsa_bits = 4096\nrequired = ["web.refuses-anonymous-ui"]\n')
    ours, base = profiles.load(str(path)), profiles.load("strict")
    assert (ours.name, ours.tls.min_rsa_bits) == ("ours", 4096)
    assert ours.required == ours.own == {"web.refuses-anonymous-ui"}
    assert (ours.tls.cipher_suites, ours.tls.min_ec_bits) == (base.tls.cipher_suites, base.tls.min_ec_bits)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("min_rsa_bits = \n", "line 1"),
        ("min_rsa_bits = 4096", "extends: is missing"),
        ('extends = "lax"', "extends: 'lax' is not one of baseline, research, strict"),
        (
            'extends = "strict"\nmin_rsa = 1',
            "unknown key 'min_rsa'; accepted: associations_per_node, controls_version, ",
        ),
        ('extends = "strict"\nmin_rsa_bits = "4096"', "min_rsa_bits: '4096' is not a int"),
        ('extends = "strict"\nmin_rsa_bits = true', "min_rsa_bits: True is not a int"),
        ('extends = "strict"\nmin_rsa_bits = 1024', "min_rsa_bits: 1024 is less than the 2048 of bcp195-rfc9325"),
        ('extends = "strict"\nrequired = [1]', r"required: \[1\] is not a list"),
        ('extends = "strict"\ntls = "none"', "tls: unknown TLS profile 'none'; known: bcp195-rfc9325"),
    ],
)
def test_a_file_that_cannot_be_used_is_answered_with_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=words) as caught:
        profiles.load(str(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["lax", "/no/such.toml", "../../etc/passwd"])
def test_an_unknown_profile_names_the_known_ones(name: str) -> None:
    with pytest.raises(BadInput, match=r"known: baseline, research, strict|No such file"):
        profiles.load(name)

"""TLS profiles and published keys: one place for each opinion, and a malformed file is named."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pacs_hardening import profiles
from pacs_hardening.model import BadInput
from pacs_hardening.pki import authority, certificates
from pacs_hardening.profiles import tlsprofile

GOOD = (tlsprofile.FOLDER / "bcp195-rfc9325.toml").read_text()


@pytest.mark.parametrize("name", ["baseline", "strict"])
def test_every_profile_names_a_tls_profile_with_its_version(name: str) -> None:
    tls = profiles.load(name).tls
    assert tls.name == "bcp195-rfc9325"
    assert "2024e" in str(tls)


def test_strict_asks_for_longer_rsa_keys_and_says_so() -> None:
    tls = profiles.load("strict").tls
    assert tls.min_rsa_bits == 3072
    assert "3072" in str(tls)


@pytest.mark.parametrize("path", sorted(tlsprofile.FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_tls_profiles_have_forward_secrecy_and_authenticated_encryption_only(path: Path) -> None:
    tls = tlsprofile.load(path.stem, "test")
    assert all(re.match(r"TLS_(ECDHE_(ECDSA|RSA)_WITH_)?(AES|CAMELLIA|CHACHA20)", name) for name in tls.cipher_suites)
    assert all(re.search(r"_(GCM|CCM|CCM_8|POLY1305)(_|$)", name) for name in tls.cipher_suites)
    assert tls.min_dhe_bits >= 2048


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("min_dhe_bits", "min_dh_bits"), r"x\.toml: unknown key 'min_dh_bits'; accepted: cipher_suites,"),
        (GOOD.replace('version = "2024e"', ""), r"x\.toml: version: is missing"),
        (GOOD.replace("min_dhe_bits = 2048", 'min_dhe_bits = "2048"'), r"x\.toml: min_dhe_bits: '2048' is not a int"),
        (re.sub(r"groups = \[[^]]*\]", "groups = [224]", GOOD), r"x\.toml: groups: \[224\] is not a list"),
        ("title = ", r"x\.toml: Invalid value"),
    ],
    ids=["misspelt", "missing", "wrong-type", "wrong-items", "not-toml"],
)
def test_a_malformed_tls_profile_is_bad_input_that_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(BadInput, match=said):
        tlsprofile.load("x", "test", tmp_path)


def test_an_unknown_tls_profile_is_bad_input_that_names_the_known_ones() -> None:
    with pytest.raises(BadInput, match="mine: tls: unknown TLS profile 'lax'; known: bcp195-rfc9325, bcp195-rfc9325-"):
        tlsprofile.load("lax", "mine")


def test_sha1_is_weaker_than_the_profile(tmp_path: Path) -> None:
    made = authority.make(tmp_path, {"all": "all.invalid"}, ["localhost"])
    leaf = x509.load_pem_x509_certificate(made.bad["sha1"].certificate.read_bytes())
    assert profiles.load("baseline").tls.weakness_of(leaf) == "signed with sha1"


def test_the_sample_key_is_listed_and_none_is_there_twice() -> None:
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    sample = hashlib.sha256(certificates.published_key().public_key().public_bytes(*form)).hexdigest()
    rows = tomllib.loads((tlsprofile.FOLDER.parent / "published-keys.toml").read_text())["key"]
    assert sample in profiles.published_keys()
    assert len(rows) == len(profiles.published_keys()) > 20
    assert all(re.fullmatch("[0-9a-f]{64}", row["sha256"]) for row in rows)

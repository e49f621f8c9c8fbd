"""How a web user logs in: what a target file may say, and what a request then bears."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pacs_hardening.config.targetfile import read
from pacs_hardening.model import BadInput, Secret, User
from pacs_hardening.wire.login import fields

HEAD = 'called_aet = "PACS"\nendpoints = ["https://127.0.0.1:8443"]\n[users.gate]\n'
PASSWORD = 'password_env = "WORD"\n'


@pytest.fixture(autouse=True)
def _word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "test-word-71c0")


def users(folder: Path, text: str) -> User:
    file = folder / "target.toml"
    file.write_text(HEAD + text)
    return read(str(file)).users["gate"]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ('username = "gate"\n' + PASSWORD, "password"),
        ('username = "gate"\nlogin = "/login"\n' + PASSWORD, "login"),
        ('token_env = "WORD"\n', "token"),
        ('token_env = "WORD"\nheader = "X-API-Key"\nusername = "gate"\n', "token"),
        ('token_url = "https://login.invalid/token"\nclient_id = "gate"\nclient_secret_env = "WORD"\n', "token_url"),
        ('token_url = "https://login.invalid/token"\nclient_id = "gate"\nusername = "gate"\n' + PASSWORD, "token_url"),
    ],
)
def test_a_user_logs_in_by_one_means(tmp_path: Path, text: str, means: str) -> None:
    assert users(tmp_path, text).means == (means,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('username = "gate"\n', "accepted: one of"),
        (PASSWORD, "username is missing"),
        ('username = "gate"\ntoken_env = "WORD"\n' + PASSWORD, "accepted: one of"),
        ('username = "gate"\nlogin = "/login"\n', "password is missing"),
        ('login = "login"\n' + PASSWORD, "is not a path"),
        ('token_url = "https://login.invalid/token"\n', "client_id is missing"),
        ('username = "gate"\nheader = "X-API-Key"\n' + PASSWORD, "token is missing"),
        ('token = "abc"\n', "never given by value"),
        ('token_url = "file:///etc/passwd"\nclient_id = "gate"\n', "is not a URL"),
        ('token_env = "WORD"\nheader = "X Key"\n', "is not a field name"),
    ],
)
def test_half_a_login_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        users(tmp_path, text)


def test_what_a_request_bears() -> None:
    word = Secret("word")
    assert fields(User("gate", word)) == {"Authorization": "Basic Z2F0ZTp3b3Jk"}
    assert fields(User(token=word)) == {"Authorization": "Bearer word"}
    assert fields(User(token=word, header="X-API-Key")) == {"X-API-Key": "word"}
    assert fields(User("gate", word, login="/login", cookie=Secret("a=b"))) == {"Cookie": "a=b"}


@pytest.mark.parametrize("kept", ["utf-8", "latin-1"])
def test_a_password_may_be_kept_in_latin_1(tmp_path: Path, kept: str) -> None:
    (tmp_path / "word").write_bytes("pässwörd\n".encode(kept))
    assert users(tmp_path, 'username = "gate"\npassword_file = "word"\n').password.reveal() == "pässwörd"


def test_name_and_password_are_sent_as_the_archive_reads_them() -> None:
    user = User("gäte", Secret("ö"))
    assert fields(user) == {"Authorization": "Basic Z8OkdGU6w7Y="}
    assert fields(replace(user, encoding="latin-1")) == {"Authorization": "Basic Z+R0ZTr2"}

"""A product whose images are its publisher's: where nobody asks for it, it is NOT RUN and says what to pull; where
somebody does and the images are not there, that is a failure."""

from __future__ import annotations

import pytest

from pacs_hardening.launch.environment import Environment, discover
from tests.meta import gating

PULLED = [name for name in discover() if Environment.load(name).pulled]


def test_others_are_always_run() -> None:
    assert {gating.left_out(name) for name in discover() if name not in PULLED} == {""}


@pytest.mark.parametrize("name", PULLED)
def test_it_is_not_run_in_plain_sight(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"PACS_REQUIRE_{name.upper()}", raising=False)
    with pytest.raises(pytest.skip.Exception, match="NOT RUN: ") as skipped:
        gating.engine_required(name)
    for image in Environment.load(name).pulled:
        assert f"docker pull {image}" in str(skipped.value)


@pytest.mark.parametrize("name", PULLED)
def test_where_it_is_asked_for_absent_images_are_a_failure(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"PACS_REQUIRE_{name.upper()}", "1")
    monkeypatch.setattr(gating, "engine_answers", lambda: True)
    image = Environment.load(name).pulled[0]
    monkeypatch.setattr(gating, "images_missing", lambda environment: (image,))
    with pytest.raises(pytest.fail.Exception, match=f"docker pull {image}"):
        gating.engine_required(name)
    monkeypatch.setattr(gating, "images_missing", lambda environment: ())
    gating.engine_required(name)

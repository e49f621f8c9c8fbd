"""An archive that is dead after an ordinary handshake is told from one that was dead, or refuses, or goes on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event

import pytest

from fixtures.scripted import scripted
from pacs_hardening.model import Target
from pacs_hardening.model.running import Running
from pacs_hardening.report.words import text
from pacs_hardening.run import stopped


def _changed(before: str, now: str) -> list[str]:
    return [] if before == now else [now]


@contextmanager
def _archive(*, survives: bool, tls: bool = True) -> Iterator[Running]:
    state = ["alive"]

    def script(connection: socket.socket, _: Event) -> None:
        connection.recv(5)
        state[0] = "alive" if survives else "ended by signal 11"

    with scripted(script, "web") as endpoint:
        target = Target("small", "PACS", (replace(endpoint, tls=tls),))
        yield replace(Running(target, lambda: "", None, lambda: ""), fingerprint=lambda: state[0])


@pytest.mark.parametrize(
    ("survives", "tls", "said"), [(False, True, "signal 11"), (True, True, ""), (False, False, "")]
)
def test_what_a_handshake_ended(monkeypatch: pytest.MonkeyPatch, survives: bool, tls: bool, said: str) -> None:
    monkeypatch.setattr(stopped, "_SECONDS", 1.0)
    found = stopped.by_a_handshake(lambda: _archive(survives=survives, tls=tls), _changed)
    assert set(found) == ({"web"} if said else set())
    assert said in text(found.get("web", ""))

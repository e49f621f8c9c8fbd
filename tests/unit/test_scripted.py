"""What a scripted peer does wrong is a failure of the test that plays it."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event

import pytest

from fixtures.scripted import scripted


def test_what_a_script_raises_is_raised_by_its_test() -> None:
    def script(connection: socket.socket, _: Event) -> None:
        assert connection.recv(1) == b"A"

    with pytest.raises(AssertionError), scripted(script) as endpoint:
        _say(endpoint.port, b"B")


def test_a_script_that_nobody_plays_ends_quietly() -> None:
    with scripted(lambda connection, over: None):
        pass


def test_a_client_that_leaves_is_no_failure() -> None:
    def script(connection: socket.socket, _: Event) -> None:
        raise ConnectionResetError

    with scripted(script) as endpoint:
        _say(endpoint.port, b"A")


def _say(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as sock, suppress(OSError):  # the other end may be gone
        sock.sendall(data)
        sock.recv(1)

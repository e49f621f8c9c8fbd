"""The container engine: a connection to it, and its errors in our words."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker  # type: ignore[import-untyped]
from docker.errors import APIError, DockerException  # type: ignore[import-untyped]

from ...model import Unmeasurable

TIMEOUT_S = 120  # of one request; longer than any deadline of ours, so that ours speak first
Api = Any  # docker.APIClient: the package has no types. What its HTTP client raises (requests) is an OSError.


@contextmanager
def connect() -> Iterator[Api]:
    """The engine that DOCKER_HOST names, or the local one. Raises Unmeasurable where none answers."""
    where = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    try:
        if where.startswith("unix:"):  # docker 7 leaves a socket open when nobody listens
            with socket.socket(socket.AF_UNIX) as trial:
                trial.connect("/" + where.removeprefix("unix:").lstrip("/"))
        api = docker.APIClient(**docker.utils.kwargs_from_env(), version="auto", timeout=TIMEOUT_S)
    except (DockerException, OSError) as error:
        raise Unmeasurable(f"no container engine answers at {where}: {error}") from error
    try:
        yield api
    finally:
        api.close()


@contextmanager
def errors_named(what: str) -> Iterator[None]:
    """Raises Unmeasurable for whatever the engine refuses within."""
    try:
        yield
    except APIError as error:
        raise Unmeasurable(f"{what}: the container engine says: {error.explanation or error}") from error
    except (DockerException, OSError) as error:
        raise Unmeasurable(f"{what}: the container engine does not answer: {error}") from error

"""Fixtures of the meta tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from pacs_hardening.launch.environment import Environment
from tests.meta.gating import (
    PROFILE,
    GateRun,
    asked,
    engine_answers,
    left_out,
    limit,
    only,
    run_gate,
    run_warm_gate,
    selection,
)

AT_ONCE = 4  # on two cores: much of a run is waiting


@pytest.fixture(scope="session")
def gate_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., GateRun]:
    return lambda *arguments, **more: run_gate(tmp_path_factory.mktemp("report"), *arguments, **more)


@pytest.fixture(scope="session")
def matrix(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, str], GateRun]]:
    """The gate on (environment, weakness). The hardened archives are judged first, each alone: whether one serves
    others within seconds cannot be told beside other runs. The weakened ones then run in the background."""
    wanted = dict.fromkeys(
        (item.callspec.params["environment"], item.callspec.params["weakness"])
        for item in request.session.items
        if "matrix" in getattr(item, "fixturenames", ())
        and hasattr(item, "callspec")
        and not left_out(item.callspec.params["environment"])
    )
    for environment in dict.fromkeys(environment for environment, _ in wanted) if engine_answers() else ():
        Environment.load(environment).build()  # a build beside the runs would starve the servers that they judge
    hardened = {
        environment: run_gate(
            tmp_path_factory.mktemp("hardened"),
            *("--environment", environment),
            *(("-k", selection(asked(environment, "", request.config))) if only(request.config) else ()),
            limit=limit(environment),
        )
        for environment, weakness in wanted
        if not weakness
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        weakened: dict[tuple[str, str], Future[GateRun]] = {}
        for environment, weakness in wanted:
            if weakness:
                narrowed = ("-k", selection(asked(environment, weakness, request.config)))
                options = ("--environment", environment, "--weakness", weakness, "--profile", PROFILE, *narrowed)
                folder = tmp_path_factory.mktemp("weakened")
                weakened[environment, weakness] = pool.submit(run_warm_gate, folder, *options, limit=limit(environment))
        yield (
            lambda environment, weakness: (
                weakened[environment, weakness].result() if weakness else hardened[environment]
            )
        )
        pool.shutdown(cancel_futures=True)

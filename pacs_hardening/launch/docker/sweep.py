"""Labels on everything that is made in the engine, and its removal: of one run, or of all dead ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from docker.errors import APIError  # type: ignore[import-untyped]

from .. import owner
from .engine import Api
from .side_by_side import together

RUN = "pacs-hardening.run"
OWNER = "pacs-hardening.owner"
_Removal = Callable[[], None]


def labels(run: str) -> dict[str, str]:
    return {RUN: run, OWNER: str(owner.this_process())}


def sweep(api: Api) -> None:
    """Remove what runs left whose process on this host is certainly dead; living runs are left alone."""
    owner.sweep_folders()
    remove(api, lambda of: (who := owner.parse(of.get(OWNER, ""))) is not None and owner.is_dead(who))


def remove(api: Api, is_meant: Callable[[Mapping[str, str]], bool]) -> None:
    """Remove at once the containers, then the networks and volumes, whose labels are meant.

    Raises docker's exceptions, but not for what somebody else is removing already.
    """
    mine = {"label": OWNER}
    listed = together(
        {
            "containers": lambda: api.containers(all=True, filters=mine),
            "networks": lambda: api.networks(filters=mine),
            "volumes": lambda: api.volumes(filters=mine)["Volumes"] or [],
        }
    )

    def named(kind: str, key: str) -> list[str]:
        return [str(each[key]) for each in listed[kind] if is_meant(each["Labels"] or {})]

    _each(named("containers", "Id"), lambda name: api.remove_container(name, force=True, v=True))
    networks, volumes = named("networks", "Id"), named("volumes", "Name")
    _each([*networks, *volumes], lambda name: (api.remove_network if name in networks else api.remove_volume)(name))


def _each(names: Iterable[str], remove_one: Callable[[str], object]) -> None:
    def removal(name: str) -> _Removal:
        return lambda: _tolerantly(lambda: remove_one(name))

    together({name: removal(name) for name in names})


def _tolerantly(call: Callable[[], object]) -> None:
    try:
        call()
    except APIError as error:
        if error.status_code not in (404, 409):  # gone already; being removed by another run's sweep
            raise

"""What a target's product brings: where its routes are, and what it must refuse, as far as the target has it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..config.reader import Reader
from ..config.table import Table
from ..launch.environment import Environment, discover
from ..model import BadInput, Target, Unmeasurable, WebRequest
from ..model.declared import ENVIRONMENT
from ..model.response import Served
from ..probes.authorised import Authorised
from ..probes.web.request import ask, filled

FOLDER = Path(__file__).parents[1] / "profiles" / "products"
_SAID = "routes protected_requests admin_requests"


def _no_fixes(control_id: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Product:
    """``fixes``: how what a control finds is mended on it, where that is known."""

    routes: Mapping[str, str]
    protected_requests: tuple[WebRequest, ...]
    admin_requests: tuple[WebRequest, ...]
    fixes: Callable[[str], tuple[str, ...]] = _no_fixes


def load(name: str, environments: Path | None = None) -> Product:
    """Of the environment of that name, or of the file. Raises BadInput where there is neither."""
    known = discover(environments)
    if name in known:
        environment = Environment.load(name, environments)
        return replace(_read(environment.raw.get("target", {}), name), fixes=environment.own_fixes)
    files = {file.stem: file for file in sorted(FOLDER.glob("*.toml"))}
    if name not in files:
        raise BadInput(f"product: unknown product {name!r}; known: {', '.join(sorted({*known, *files}))}")
    return _read(tomllib.loads(files[name].read_text(encoding="utf-8")), name)


def _read(table: Mapping[str, Any], name: str) -> Product:
    said = {key: value for key, value in table.items() if key in _SAID.split()}
    found = Reader(FOLDER, ENVIRONMENT).values(Target, Table(said, name, _SAID), _OTHERS)
    requests = (found.get("protected_requests", ()), found.get("admin_requests", ()))
    return Product(found.get("routes", MappingProxyType({})), *requests)


_OTHERS = MappingProxyType({"name": "", "called_aet": "", "endpoints": ()})  # which a product does not say


def completed(target: Target, product: Product, authorised: Authorised) -> Target:
    """``target`` with what it does not say itself and its user is served: a plugin may not be there, or elsewhere. What
    the file names goes before."""
    if not target.endpoints_of("web") or not target.users:
        return target
    try:
        routes = {**dict(_routes(target, product, authorised)), **target.routes}
        requests = [each for each in product.protected_requests if _is_served(target, each, authorised)]
    except Unmeasurable:
        return target  # the positive controls say what is wrong
    here = bool(requests) or any(routes.get(name) == path for name, path in product.routes.items())
    admin = (*target.admin_requests, *(product.admin_requests if here else ()))
    protected = (*target.protected_requests, *requests)
    return replace(
        target,
        routes=MappingProxyType(routes),
        protected_requests=tuple(dict.fromkeys(protected)),
        admin_requests=tuple(dict.fromkeys(admin)),
    )


def _routes(target: Target, product: Product, authorised: Authorised) -> Iterator[tuple[str, str]]:
    """Those of a path with an object in it where there is one to ask for, or beside a search that serves."""
    searches = target.routes.get("qido") or product.routes.get("qido", "")
    for name, path in product.routes.items():
        if name in target.routes or not path:
            continue
        if "{" in path and target.sample_study is None:
            path_served = bool(searches) and path.startswith(searches)
            asked = WebRequest(searches) if path_served else None
        else:
            asked = WebRequest(path)
        if asked is not None and _is_served(target, asked, authorised):
            yield name, path


def _is_served(target: Target, asked: WebRequest, authorised: Authorised) -> bool:
    if asked.method != "GET" or asked.absent:
        return False
    path, endpoint = filled(asked.path, target), target.endpoints_of("web")[0]
    return isinstance(ask(target, path, endpoint=endpoint, user=authorised.user()).response, Served)

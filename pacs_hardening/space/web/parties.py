"""Who has logged in and must be refused all the same: another site's page, and a user who asks for what is not his."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from math import inf
from typing import TypeAlias

from ...model import Endpoint, Impact, Target, WebRequest
from ..dimension import Base, Dimension, Kind, Layer, Value
from .ask import Asker
from .bases import ASKING
from .dimensions import ROOM
from .draft import DESTRUCTIVE, Asked, Atom, Party
from .draft import Kind as Part

# What says who asks is the user's own here; what says what is asked for could make it something else that he may have.
_NOT_VARIED = frozenset({
    "login", "token", "origin", "fetch metadata", "method", "method override", "original address",
    "body", "content type", "tls", "host", "left out", "query parameter", "cookie of a name",
})  # fmt: skip
_FIELDS = {  # of a dimension
    "login": "authorization",
    "origin": "origin",
    "fetch metadata": "sec-fetch-",
    "host": "host",
    "content type": "content-type",
}
# What a page asks for is compared with what the user gets who asks for the same; what a user asks for, with a path that
# nobody has: there what goes before would have to be that path, too.
_NOT_BY_USERS = _NOT_VARIED | {"before it on the connection", "repetition"}
_OTHER_TARGETS = ("absolute", "HTTP/0.9")  # of the protocol: what is asked for is written otherwise
_SITE = ("Origin", "Sec-Fetch-Site")
ELSEWHERE = "https://elsewhere.invalid"
# Origins of others: sandboxed, of a host whose name holds the archive's, of another port, of a program.
_ORIGINS = (
    "null", "{origin}.elsewhere.invalid", "https://elsewhere.invalid/{host}", "{origin}1", "https://localhost",
    "http://localhost", "http://127.0.0.1", "file://", "app://x", "chrome-extension://x", "https://x.{host}",
)  # fmt: skip
_OVERRIDING = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
REFUSING = (401, 403, 405, 501)
_NOTHING = Asked(Endpoint("web", "localhost", 443, tls=True), WebRequest("/"))


Dimensions: TypeAlias = Iterable[Dimension[Asked]]


def pages(name: str, target: Target, endpoint: Endpoint, asker: Asker, known: Dimensions) -> list[Base[Asked]]:
    """Another site's page at each request by which a user changes or searches something. None where it is refused
    nothing: then there is no need for tricks. ``known``: the dimensions, sorted out."""
    atoms = (Atom(Part.HEADER, ELSEWHERE, "Origin"), Atom(Part.HEADER, "cross-site", "Sec-Fetch-Site"))
    posts = [each for each in target.protected_requests if each.method == "POST"]
    if stow := target.routes.get("stow"):
        posts.append(WebRequest(stow, "POST"))
    starts = [Asked(endpoint, each, atoms, Party.PAGE) for each in dict.fromkeys(posts)]
    return list(_refused(name, starts, [*_origins(), *varied(known, _NOT_VARIED)], asker))


def users(name: str, target: Target, endpoint: Endpoint, asker: Asker, known: Dimensions) -> list[Base[Asked]]:
    """The user at each request that only an administrator may make and that he is refused."""
    starts = [Asked(endpoint, each, (), Party.USER) for each in target.admin_requests]
    return list(_refused(name, starts, list(varied(known, _NOT_BY_USERS)), asker))


def own_form(asked: Asked) -> Asked:
    """The same by the user himself."""
    return replace(asked, atoms=tuple(atom for atom in asked.atoms if atom.field not in _SITE), party=Party.NOBODY)


def _refused(name: str, starts: Iterable[Asked], varied: list[Dimension[Asked]], asker: Asker) -> Iterator[Base[Asked]]:
    alone = 5.0  # at the first; elsewhere all that can stand in one request does
    for start in starts:
        answer = asker.ask(start)
        if answer is not None and answer.status in REFUSING:
            called = f"{name}{ASKING}{start.request.method} {start.request.path}"
            said = (*varied, _said_otherwise(start)) if start.party is Party.USER else tuple(varied)
            yield Base(called, Kind.OVERREACHING, start, said, alone=alone, room=ROOM)
            alone, varied = inf, list(mixing(varied))


def _said_otherwise(start: Asked) -> Dimension[Asked]:
    """The same deed: another method in the request line, that of the base in what some servers take it from."""
    method = start.request.method
    by = [Atom(Part.HEADER, method, field) for field in _OVERRIDING]
    by += [Atom(Part.QUERY, f"{name}={method}") for name in ("_method", "method", "x-http-method-override")]

    def saying(carrier: str, atom: Atom) -> Callable[[Asked], Asked]:
        return lambda asked: asked.at(replace(asked.request, method=carrier)).having(atom)

    values = [
        Value(f"{carrier} with {atom.field or 'query'}: {atom.value}", saying(carrier, atom), 5.0, mixes=False)
        for carrier in ("POST", "GET", "PUT", "PATCH")
        for atom in by
        if carrier != method
    ]
    return Dimension("said otherwise", tuple(values), Layer.ASSOCIATION)


def varied(known: Dimensions, without: Container[str]) -> Iterator[Dimension[Asked]]:
    """Those but for ``without`` and what says the same in another dimension, and but for what leads elsewhere or might
    change something."""
    kept = tuple(field for name, field in _FIELDS.items() if name in without)
    for each in known:
        if each.name not in without and each.name != "route":
            values = tuple(value for value in each.values if value.impact <= Impact.ACTIVE and _is_harmless(value))
            values = tuple(value for value in values if value.name not in _OTHER_TARGETS and not _says(value, kept))
            yield replace(each, values=values)


def _says(value: Value[Asked], fields: tuple[str, ...]) -> bool:
    """It has one of ``fields`` (the begin of their names, in lower case), in whatever spelling."""
    for atom in value.change(_NOTHING).atoms:
        line = atom.kind in (Part.LINES, Part.LEADING)
        if line and any(field in atom.value.lower() for field in fields):
            return True
        if atom.kind is Part.HEADER and atom.field.lower().startswith(fields):
            return True
    return False


def mixing(known: Dimensions, most: int | None = None) -> Iterator[Dimension[Asked]]:
    """What can stand beside other values, ``most`` of each dimension."""
    for each in known:
        if values := tuple(value for value in each.values if value.mixes)[:most]:
            names = {value.name for value in values}
            yield replace(each, values=tuple(replace(v, parts=tuple(p for p in v.parts if p in names)) for v in values))


def _is_harmless(value: Value[Asked]) -> bool:
    """It makes no other request of this one that could change something."""
    atoms = value.change(_NOTHING).atoms
    return not any(atom.value in DESTRUCTIVE for atom in atoms)


def _origins() -> list[Dimension[Asked]]:
    def saying(field: str, value: str) -> Value[Asked]:
        return Value(value, lambda asked: asked.having(Atom(Part.HEADER, value, field)), weight=4)

    def unsaid(asked: Asked) -> Asked:
        return replace(asked, atoms=tuple(atom for atom in asked.atoms if atom.field != "Sec-Fetch-Site"))

    sites = (saying("Sec-Fetch-Site", "same-site"), Value("left out, as by an old browser", unsaid, 4.0))
    return [
        Dimension("foreign origin", tuple(saying("Origin", value) for value in _ORIGINS), Layer.ASSOCIATION),
        Dimension("foreign site", sites, Layer.ASSOCIATION),
    ]

"""A request as it will be sent: a base, and the atoms laid over it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from ...model import Endpoint, KeyPair, User, WebRequest
from ...wire.implementations import presented
from ...wire.login import fields as fields_of
from .framing import FRAMED, HEADS

_NAME, _BASIC = re.compile(r"\{(\w+)\}"), re.compile(r"\{basic:([^:}]*):?([^}]*)\}")
ABSENT = {"study": "2.25.1", "series": "2.25.2", "instance": "2.25.3"}  # UIDs that nobody has
DESTRUCTIVE = frozenset({"DELETE", "PUT", "PATCH", "POST"})


class Kind(Enum):
    """Which part of a request an atom sets, by the name of its list in values.toml."""

    HEADER = "headers"
    METHOD = "methods"
    QUERY = "query"
    BODY = "bodies"
    SPELLING = "spellings"
    VERSION = "versions"
    BEFORE = "before"
    REPEAT = "repeats"
    TLS = "tls"
    WITHOUT = "without"
    LINES = "lines_behind"
    LEADING = "lines_before"
    FRAMING = "framing"


@dataclass(frozen=True)
class Atom:
    """One part of a request, set to ``value``; of a header, the ``field``."""

    kind: Kind
    value: str
    field: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.value}" if self.kind is Kind.HEADER else self.value


class Party(Enum):
    """Who asks: nobody who has logged in, another site's page in the browser of a user who has, that user for what is
    not his, or for more of what is; or somebody who guesses passwords."""

    NOBODY = "nobody"
    PAGE = "page of another site"
    USER = "ordinary user"
    EAGER = "user who asks for much"
    GUESSER = "who guesses passwords"


@dataclass(frozen=True)
class Asked:
    """``request`` at ``endpoint`` by ``party``, with each of ``atoms`` laid over it."""

    endpoint: Endpoint
    request: WebRequest
    atoms: tuple[Atom, ...] = ()
    party: Party = Party.NOBODY
    payload: bytes = b""  # in the place of the request's body

    def at(self, request: WebRequest) -> Asked:
        return replace(self, request=request)

    def having(self, *atoms: Atom) -> Asked:
        return replace(self, atoms=(*self.atoms, *atoms))


@dataclass
class Draft:
    """The bytes of a request, part by part. ``before``: what is asked first on the same connection; ``repeats``: how
    often all of it is done; ``keys``: of a user who shows a certificate; ``leading`` and ``more``: field lines before
    and behind the others, as they are; ``framing``: one of `FRAMED`."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""
    version: str = "HTTP/1.1"
    before: str = ""
    repeats: int = 1
    tls: str = ""
    keys: KeyPair | None = None
    leading: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    framing: str = ""

    @property
    def is_plain(self) -> bool:
        """It can be sent on a connection that has served other requests, and leaves it as it was."""
        odd = self.before or self.tls or self.keys or self.leading or self.more or self.framing
        return self.version == "HTTP/1.1" and not odd and self.repeats == 1

    def encode(self) -> bytes:
        target = self.path + (f"?{self.query}" if self.query else "")
        if self.version == "HTTP/0.9":
            return f"{self.method} {target}\r\n\r\n".encode("latin-1", "replace")
        fields = dict(self.headers)
        version = self.version
        if version == "HTTP/1.0 keep-alive":
            version, fields["Connection"] = "HTTP/1.0", "keep-alive"
        elif version == "absolute":
            version, target = "HTTP/1.1", f"https://{fields.get('Host') or 'localhost'}{target}"
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            fields["Content-Length"] = str(len(self.body))
        framed, body = FRAMED[self.framing](self.body)
        if framed:
            fields = {name: value for name, value in fields.items() if name != "Content-Length"} | framed
        written = [*self.leading, *(f"{name}: {value}" for name, value in fields.items()), *self.more]
        lines = "".join(f"{line}\r\n" for line in written)
        head = f"{self.method} {target} {version}\r\n{lines}\r\n".encode("latin-1", "replace")
        return HEADS.get(self.framing, bytes)(head) + body


def basic(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()


def drafted(asked: Asked, names: dict[str, str], login: User | None = None, path: str = "") -> Draft:
    """``names`` fill the placeholders of values; ``login``: whose password goes with it in place of what the atoms say;
    ``path``: one in place of the base's. What might destroy something names an object that nobody has."""
    if any(atom.value in DESTRUCTIVE for atom in asked.atoms) or asked.request.method in DESTRUCTIVE:
        names = {**names, **ABSENT}
    base, _, query = fill(asked.request.path, names).partition("?")
    base = path or base
    fields = {"Host": names["authority"], "User-Agent": presented().agent, "Accept": "*/*"}
    draft = Draft(asked.request.method, base, query, fields, asked.payload or fill(asked.request.body, names).encode())
    if asked.request.type:
        draft.headers["Content-Type"] = asked.request.type
    names = {**names, "path": base}
    for atom in asked.atoms:
        _lay(atom, draft, names)
    if login is not None:
        draft.keys = login.keys
        draft.headers |= fields_of(login)
    return draft


def _lay(atom: Atom, draft: Draft, names: dict[str, str]) -> None:
    match atom.kind:
        case Kind.HEADER:
            draft.headers[atom.field] = fill(atom.value, names)
        case Kind.METHOD:
            draft.method = atom.value
        case Kind.QUERY:
            value = fill(atom.value, names)
            draft.query = f"{draft.query}&{value}" if draft.query else value
        case Kind.BODY:
            draft.method = "POST" if draft.method == "GET" else draft.method
            draft.body = fill(atom.value, names).encode()
            draft.headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        case Kind.SPELLING:
            draft.path = fill(atom.value, _spelt(draft.path) | {"host": names["host"], "port": names["port"]})
        case Kind.WITHOUT:
            for field in atom.value.split(", "):
                draft.headers.pop(field, None)
        case _:
            _lay_around(atom, draft, names)


def _lay_around(atom: Atom, draft: Draft, names: dict[str, str]) -> None:
    """What is no part of what the request says: how it is sent, and how often."""
    match atom.kind:
        case Kind.VERSION:
            draft.version = atom.value
        case Kind.BEFORE:
            draft.before = atom.value
        case Kind.REPEAT:
            draft.repeats = int(atom.value)
        case Kind.TLS:
            draft.tls = atom.value
        case Kind.LINES:
            draft.more = (*draft.more, fill(atom.value, names))
        case Kind.LEADING:
            draft.leading = (*draft.leading, fill(atom.value, names))
        case Kind.FRAMING:
            draft.framing = atom.value


@lru_cache(256)
def _spelt(path: str) -> dict[str, str]:
    bare = path.lstrip("/")
    return {
        "path": path,
        "bare": bare,
        "encoded": "/" + "".join(f"%{ord(c):02x}" if n == 0 else c for n, c in enumerate(bare)),
        "double": "/" + "".join(f"%25{ord(c):02x}" if n == 0 else c for n, c in enumerate(bare)),
        "upper": path.upper(),
        "lower": path.lower(),
        "title": "/".join(part.capitalize() for part in path.split("/")),
        "slashes": path.replace("/", "//"),
    }


def fill(text: str, names: dict[str, str]) -> str:
    """With ``names`` in their placeholders, and credentials of HTTP Basic in theirs."""
    if "{" not in text:
        return text
    text = _NAME.sub(lambda found: names.get(found[1], found[0]), text)
    return _BASIC.sub(lambda found: basic(found[1], found[2]), text)

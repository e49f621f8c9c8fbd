"""A target that runs already: read from a TOML file or a URL, and written for one that stays up."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..model import BadInput, KeyPair, Node, Target
from ..model.peers import AET
from . import logins, messages, research
from .reader import Reader, checked, endpoint, keys, pem, renamed
from .source import Source
from .table import Table
from .writer import Writer

_URL = "called calling cert key ca"


def read(text: str) -> Target:
    """``text`` is the path of a target file or a URL ``dicoms://host:port?called=AET&calling=AET[&cert=&key=&ca=]``.

    Raises BadInput: one line that names where, which key, and what is accepted.
    """
    if "://" in text:
        return _from_url(text)
    path = Path(text)
    try:
        written = path.read_bytes().decode()
        raw = tomllib.loads(written)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not a target file: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: not TOML: {error}") from error
    return _from_table(raw, path, Source(str(path), written))


def _from_table(raw: Mapping[str, Any], path: Path, source: Source) -> Target:
    for way, said in _by_value(raw):
        raise BadInput(f"{source.at(way)}: [{'.'.join(way[:-1])}]: {way[-1]}: {said}")
    table = Table(raw, source, " ".join(keys(Target)), renamed(Target))
    target = Reader(path.parent).read(Target, table, {"name": path.stem})
    logins.check(target.users, table)
    if target.audit and sum(map(bool, (target.audit.listen, target.audit.file, target.audit.command))) != 1:
        raise table.bad("audit", "accepted: one of listen, file and command")
    if target.research is not None:
        research.check(target.research, table, target.nodes, target.users)
    if target.hl7 is not None:
        messages.check(target.hl7, table, target.nodes)
    server_name = target.server_name if "server_name" in table else target.endpoints[0].host
    capabilities = target.capabilities | ({"host"} if target.hosts else set())
    return replace(
        target,
        server_name=server_name,
        capabilities=capabilities,
        notes=tuple(source.notes),
    )


def _by_value(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Secrets that are written into the file itself, for which there is no key: where, and what is accepted. They are
    not repeated."""
    places: list[tuple[str, str, tuple[str, ...]]] = [("nodes", "passcode", ("identity",))]
    places += [("users", word, ()) for word in ("password", "token", "client_secret")]
    for kind, word, below in places:
        for name, table in _pairs(raw.get(kind)):
            inner = _pairs(dict(_pairs(table)).get("identity")) if below else _pairs(table)
            if word in dict(inner):
                yield (kind, name, *below, word), f"never given by value; accepted: {word}_file or {word}_env"
    for name, url in _pairs(raw.get("hosts")):
        if isinstance(url, str) and ":" in url.partition("://")[2].rpartition("@")[0]:
            accepted = "accepted: ssh://user@host, with keys of that user"
            yield ("hosts", name), f"a URL holds no password; {accepted}"


def _pairs(value: object) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _from_url(url: str) -> Target:
    address = url.partition("?")[0]
    where = f"target {address.rpartition('@')[2]}"
    try:
        there = endpoint(address, ("dicom", "dicoms"))
    except ValueError as error:
        raise BadInput(f"{where}: {error}") from error
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    query = Table(dict(pairs), where, _URL)
    if len(pairs) != len(dict(pairs)):
        raise BadInput(f"{where}: each of {', '.join(_URL.split())} may be given once")
    here = Path.cwd()
    called, calling = (checked(query, word, query.text(word), AET) for word in ("called", "calling"))
    own = None
    if "cert" in query or "key" in query:
        own = KeyPair(pem(query, "cert", here, "CERTIFICATE"), pem(query, "key", here, "PRIVATE KEY"))
    return Target(
        name=f"{there.host}:{there.port}",
        called_aet=called,
        endpoints=(there,),
        nodes=MappingProxyType({"all": Node("all", calling, frozenset({"echo", "find"}), own)}),
        ca=pem(query, "ca", here, "CERTIFICATE") if "ca" in query else None,
        server_name=there.host,
    )


def write(target: Target, folder: Path) -> Path:
    """Write ``target.toml`` into ``folder``, each secret into a file beside it that only its owner can read.

    What is known at run time only (the ceiling, the sample_study) is not written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "target.toml"
    path.write_text(Writer(folder).render(replace(target, capabilities=target.capabilities - {"host"})))
    return path

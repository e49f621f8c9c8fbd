"""A target that runs already: read from a TOML file or a URL, and written for one that stays up."""

from __future__ import annotations

import json
import os
import re
import string
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..model import BadInput, Configuration, Door, Identity, KeyPair, Node, Secret, Target, User
from . import research, webrequests
from .table import Table

SCHEMES = {"dicom": ("dicom", False), "dicoms": ("dicom", True), "http": ("web", False), "https": ("web", True)}
PERMITS = ("echo", "find", "get", "move", "store")
_TOP = (
    "name called_aet doors ca server_name verify_server capabilities move_destination query_limit sop_classes"
    " transfer_syntaxes nodes bad_keys users routes further dangerous body_limit hosts config behind_guard research"
    " product"
)
_NODE = "aet permits certificate key identity"
_URL = "called calling cert key ca"
_HOST = r"(ssh://([a-z_][a-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?|docker://[A-Za-z0-9][\w.-]*)"
_FIELDS = {"study", "series", "instance"}


def read(text: str) -> Target:
    """``text`` is the path of a target file or a URL ``dicoms://host:port?called=AET&calling=AET[&cert=&key=&ca=]``.

    Raises BadInput: one line that names where, which key, and what is accepted.
    """
    if "://" in text:
        return _from_url(text)
    path = Path(text)
    try:
        raw = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not a target file: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: not TOML: {error}") from error
    return _from_table(raw, path)


def _from_url(url: str) -> Target:
    address = url.partition("?")[0]
    where = f"target {address.rpartition('@')[2]}"
    door = _door(address, where, ("dicom", "dicoms"))
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    query = Table(dict(pairs), where, _URL)
    if len(pairs) != len(dict(pairs)):
        raise BadInput(f"{where}: each of {', '.join(_URL.split())} may be given once")
    here = Path.cwd()
    calling = Node("all", _aet(query, "calling"), frozenset({"echo", "find"}), _pair(query, here, "cert", "key"))
    return Target(
        name=f"{door.host}:{door.port}",
        called_aet=_aet(query, "called"),
        doors=(door,),
        nodes=MappingProxyType({"all": calling}),
        ca=_pem(query, "ca", here, "CERTIFICATE") if "ca" in query else None,
        server_name=door.host,
    )


def _from_table(raw: Mapping[str, Any], path: Path) -> Target:
    for kind, word in (("nodes", "passcode"), ("users", "password")):
        _no_value(raw.get(kind), word, f"{path}: [{kind}")
    table, here = Table(raw, str(path), _TOP), path.parent
    doors = tuple(_door(each, f"{path}: doors", tuple(SCHEMES)) for each in table.texts("doors"))
    if not doors:
        raise table.bad("doors", 'is empty; accepted: a list such as ["dicoms://pacs.example:2762"]')
    nodes = table.named("nodes", _NODE)
    bad = table.named("bad_keys", "certificate key")
    users = table.named("users", "username password_file password_env")
    limits = {key: table.number(key) if key in table else None for key in ("query_limit", "body_limit")}
    for key, limit in limits.items():
        if limit is not None and limit < 1:
            raise table.bad(key, f"{limit} is not 1 or more")
    side = research.read(table, nodes, users) if "research" in table else None
    for name, each in side.routes.items() if side else ():
        _route(table, f"research {name}", each)
    return Target(
        name=table.text("name", path.stem, pattern=r"[^\x00-\x1f\x7f]{1,100}"),
        called_aet=_aet(table, "called_aet"),
        doors=doors,
        nodes=MappingProxyType({role: _node(role, each, here) for role, each in nodes.items()}),
        bad_keys=MappingProxyType({name: _keys(each, here) for name, each in bad.items()}),
        users=MappingProxyType({name: _user(each, here) for name, each in users.items()}),
        routes=MappingProxyType({name: _route(table, name, each) for name, each in table.pairs("routes").items()}),
        further=webrequests.read(table, "further"),
        dangerous=webrequests.read(table, "dangerous"),
        body_limit=limits["body_limit"],
        ca=_pem(table, "ca", here, "CERTIFICATE") if "ca" in table else None,
        server_name=table.text("server_name", doors[0].host, pattern=r"[0-9A-Za-z.:_-]{1,253}"),
        capabilities=frozenset(_like(table, "capabilities", r"[a-z][a-z0-9-]*"))
        | ({"host"} if table.pairs("host") else set()),
        move_destination=_aet(table, "move_destination") if "move_destination" in table else None,
        query_limit=limits["query_limit"],
        sop_classes=_like(table, "sop_classes", r"(?=.{1,64}$)\d+(\.\d+)+"),
        transfer_syntaxes=_like(table, "transfer_syntaxes", r"(?=.{1,64}$)\d+(\.\d+)+"),
        research=side,
        verify_server=table.flag("verify_server", True),
        hosts=MappingProxyType({name: _host(table, name, url) for name, url in table.pairs("hosts").items()}),
        configurations=MappingProxyType(_configuration(table, here)),
        product=table.text("product", ""),
    )


def _host(table: Table, name: str, url: str) -> str:
    """It becomes part of a command line: a name or address and nothing else, and no option."""
    if ":" in url.partition("://")[2].rpartition("@")[0]:
        raise table.bad(f"hosts.{name}", "a URL holds no password; accepted: ssh://user@host, with keys of that user")
    ssh = r"ssh://([a-z_][a-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?"
    if not re.fullmatch(rf"local://|{ssh}|docker://[A-Za-z0-9][\w.-]*", url):
        accepted = "accepted: docker://name, ssh://user@host, local://"
        raise table.bad(f"hosts.{name}", f"{url!r} is not a host to look into; {accepted}")
    return url


def _configuration(table: Table, here: Path) -> dict[str, Configuration]:
    if "config" not in table:
        return {}
    path = here / table.text("config")
    if not path.exists():
        raise table.bad("config", f"{path}: there is no such file or folder")
    return {"archive": Configuration(path, table.flag("behind_guard", False))}


def _no_value(tables: object, word: str, where: str) -> None:
    """A secret written into the file is refused without being repeated."""
    for name, table in tables.items() if isinstance(tables, Mapping) else ():
        inner = table.get("identity") if isinstance(table, Mapping) and word == "passcode" else table
        if isinstance(inner, Mapping) and word in inner:
            raise BadInput(f"{where}.{name}]: {word}: never given by value; accepted: {word}_file or {word}_env")


def _door(url: str, where: str, schemes: Iterable[str]) -> Door:
    accepted = f"accepted: {', '.join(f'{s}://host:port' for s in schemes)}, port 1 to 65535"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadInput(f"{where}: {error}; {accepted}") from error
    if parts.username is not None or parts.password is not None:
        raise BadInput(f"{where}: a URL holds no user or password; {accepted}")
    if parts.scheme not in schemes or not host or not port or parts.path.strip("/") or parts.query or parts.fragment:
        raise BadInput(f"{where}: {url!r} is not a door; {accepted}")
    service, tls = SCHEMES[parts.scheme]
    return Door(service, host, port, tls)


def _aet(table: Table, key: str) -> str:
    aet = table.text(key)
    if not re.fullmatch(r"[ -\[\]-~]{1,16}", aet) or not aet.strip():  # PS3.5 6.2, AE
        raise table.bad(key, f"{aet!r} is not an AE title; accepted: 1 to 16 printable ASCII characters, no backslash")
    return aet


def _like(table: Table, key: str, pattern: str) -> tuple[str, ...]:
    texts = table.texts(key, ())
    for text in texts:
        if not re.fullmatch(pattern, text):
            raise table.bad(key, f"{text!r} does not match {pattern}")
    return texts


def _route(table: Table, name: str, path: str) -> str:
    try:
        plain = all(field is None or (field in _FIELDS and not (spec or conversion))
                    for _, field, spec, conversion in string.Formatter().parse(path))  # fmt: skip
    except ValueError:
        plain = False
    if path and (not plain or not re.fullmatch(r"/[!-~]*", path)):
        raise table.bad(
            f"routes.{name}",
            f'{path!r} is not a path; accepted: /…, with {{study}}, {{series}}, {{instance}}; "" for none',
        )
    return path


def _pem(table: Table, key: str, here: Path, kind: str) -> Path:
    path = here / table.text(key)
    try:
        text = path.read_text("latin-1")
    except (OSError, ValueError) as error:
        raise table.bad(key, f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not re.search(rf"^-----BEGIN [A-Z ]*{kind}-----", text, re.MULTILINE):
        raise table.bad(key, f"{path}: holds no {kind.lower()} in PEM form")
    if re.search(r"^(-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED)", text, re.MULTILINE):
        raise table.bad(key, f"{path}: the key has a password; accepted: a key without one")
    return path


def _keys(table: Table, here: Path, certificate: str = "certificate", key: str = "key") -> KeyPair:
    return KeyPair(_pem(table, certificate, here, "CERTIFICATE"), _pem(table, key, here, "PRIVATE KEY"))


def _pair(table: Table, here: Path, certificate: str = "certificate", key: str = "key") -> KeyPair | None:
    return _keys(table, here, certificate, key) if certificate in table or key in table else None


def _node(role: str, table: Table, here: Path) -> Node:
    identity = table.table("identity", "username passcode_file passcode_env") if "identity" in table else None
    return Node(
        name=role,
        aet=_aet(table, "aet"),
        permits=frozenset(table.texts("permits", (), PERMITS)),
        keys=_pair(table, here),
        identity=Identity(identity.text("username"), _secret(identity, "passcode", here)) if identity else None,
    )


def _user(table: Table, here: Path) -> User:
    return User(table.text("username"), _secret(table, "password", here))


def _secret(table: Table, word: str, here: Path) -> Secret:
    file, variable = f"{word}_file", f"{word}_env"
    if (file in table) == (variable in table):
        raise table.bad(word, f"accepted: one of {file} and {variable}")
    if variable in table:
        name = table.text(variable)
        if not os.environ.get(name):
            raise table.bad(variable, f"the environment variable {name!r} is not set")
        return Secret(os.environ[name])
    path = here / table.text(file)
    try:
        value = path.read_bytes().decode().removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        raise table.bad(file, f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not text'}") from error
    if not value:
        raise table.bad(file, f"{path}: is empty")
    return Secret(value)


def write(target: Target, folder: Path) -> Path:
    """Write ``target.toml`` into ``folder``, each secret into a file beside it that only its owner can read.

    What is known at run time only (the ceiling, the specimen, the hosts) is not written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    head: dict[str, object] = {
        "name": target.name,
        "product": target.product or None,
        "called_aet": target.called_aet,
        "doors": [str(door) for door in target.doors],
        "ca": target.ca,
        "server_name": target.server_name,
        "verify_server": target.verify_server,
        "capabilities": sorted(target.capabilities - {"host"}),
        "move_destination": target.move_destination,
        "query_limit": target.query_limit,
        "body_limit": target.body_limit,
        "sop_classes": list(target.sop_classes),
        "transfer_syntaxes": list(target.transfer_syntaxes),
    }
    sections = {"": head}
    for role, node in target.nodes.items():
        sections[f"nodes.{role}"] = {"aet": node.aet, "permits": sorted(node.permits), **_paths(node.keys)}
        if node.identity is not None:
            beside = _lay(folder / f"{role}.passcode", node.identity.passcode)
            sections[f"nodes.{role}.identity"] = {"username": node.identity.username, "passcode_file": beside}
    for defect, keys in target.bad_keys.items():
        sections[f"bad_keys.{defect}"] = _paths(keys)
    for name, user in target.users.items():
        beside = _lay(folder / f"{name}.password", user.password)
        sections[f"users.{name}"] = {"username": user.username, "password_file": beside}
    sections["routes"] = dict(target.routes)
    sections["hosts"] = dict(target.hosts)
    if target.research is not None:
        side = target.research
        sections["research"] = {"called_aet": side.called_aet, "sender": side.sender}
        sections["research"] |= {"reader": side.reader, "user": side.user}
        sections["research"] |= {"move_destination": side.move_destination} if side.move_destination else {}
        sections["research.routes"] = dict(side.routes)
        sections["research.lists"] = {path: list(below) for path, below in side.lists.items()}
    path = folder / "target.toml"
    arrays = {"[further]": target.further, "[dangerous]": target.dangerous}
    rows = [(name, webrequests.told(each)) for name, requests in arrays.items() for each in requests]
    path.write_text("\n".join(_section(name, values, folder) for name, values in [*sections.items(), *rows]))
    return path


def _paths(keys: KeyPair | None) -> dict[str, object]:
    return {"certificate": keys.certificate, "key": keys.key} if keys else {}


def _lay(path: Path, secret: Secret) -> Path:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret.reveal() + "\n")
    return path


def _section(name: str, values: Mapping[str, object], folder: Path) -> str:
    lines = [f"[{name}]"] if name else []
    lines += [f"{_quoted(key)} = {_literal(value, folder)}" for key, value in values.items() if value is not None]
    return "\n".join(lines) + "\n"


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _literal(value: object, folder: Path) -> str:
    if isinstance(value, Path):
        path = value.absolute()
        value = str(path.relative_to(folder.absolute()) if path.is_relative_to(folder.absolute()) else path)
    # a JSON literal is a TOML one, except that TOML wants DEL escaped and no surrogate pairs
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

"""A declared dataclass read from a TOML table. Whatever is unknown, missing or wrong is BadInput, which says where."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ..model import Endpoint, Secret
from ..model.declared import (
    FILE,
    Declared,
    Existing,
    Flag,
    Hidden,
    Inline,
    Lists,
    Many,
    Named,
    Number,
    One,
    Pem,
    Ports,
    Strings,
    Text,
    Texts,
    Urls,
    declared,
    flat,
)
from .table import Table

SCHEMES = {
    "dicom": ("dicom", False),
    "dicoms": ("dicom", True),
    "http": ("web", False),
    "https": ("web", True),
    "mllp": ("hl7", False),
    "mllps": ("hl7", True),
}
_T = TypeVar("_T")


def keys(of: type, place: str = FILE) -> list[str]:
    """The keys of a table that becomes an ``of``, those included that stand in for a field's own."""
    return [name for each in flat(of, place) for name in _ways(each)]


def _ways(each: Declared) -> tuple[str, ...]:
    return (f"{each.name}_file", f"{each.name}_env") if isinstance(each.key.kind, Hidden) else (each.name,)


def renamed(of: type, place: str = FILE) -> dict[str, str]:
    """Old name -> name."""
    return {each.key.was: each.name for each in declared(of, place) if each.key.was}


@dataclass(frozen=True)
class Reader:
    """Paths are relative to ``here``. ``place`` is the kind of file."""

    here: Path
    place: str = FILE

    def read(self, of: type[_T], table: Table, given: Mapping[str, Any] = MappingProxyType({})) -> _T:
        """``given``: fields that the table need not hold, or does not."""
        return of(**{**given, **self.values(of, table, given)})

    def values(self, of: type, table: Table, given: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        """By field; what the table does not say, and need not, is not there."""
        found = {}
        for each in declared(of, self.place):
            if self._says(each, table) or (each.required and each.field not in given):
                found[each.field] = self._value(each, table)
        return found

    def _says(self, each: Declared, table: Table) -> bool:
        match each.key.kind:
            case Inline(of):
                return any(inner.required and self._says(inner, table) for inner in declared(of, self.place))
            case Hidden():
                return any(name in table for name in _ways(each))
            case _:
                return each.name in table

    def _value(self, each: Declared, table: Table) -> Any:  # noqa: C901, PLR0912 - a branch for each case of a closed type
        name, below = each.name, self.below
        match each.key.kind:
            case Text() as kind:
                return checked(table, name, table.text(name), kind)
            case Number(least, most):
                return _number(table, name, least, most)
            case Flag():
                return table.flag(name)
            case Texts(item, among, ordered):
                texts = [checked(table, name, text, item) for text in table.texts(name, among=among)]
                return tuple(texts) if ordered else frozenset(texts)
            case Urls() as kind:
                return _endpoints(table, name, kind)
            case Ports():
                return table.ports(name)
            case Pem(holds):
                return pem(table, name, self.here, holds)
            case Existing():
                return _existing(table, name, self.here)
            case Hidden():
                return _secret(table, name, self.here)
            case Strings(item):
                pairs = table.pairs(name).items()
                return MappingProxyType({key: checked(table, name, text, item, key) for key, text in pairs})
            case Lists():
                lists = table.table(name, " ".join(table.free(name)))
                return MappingProxyType({key: lists.texts(key) for key in table.free(name)})
            case One(of):
                return self.read(of, table.table(name, *below(of)))
            case Many(of):
                return tuple(self.read(of, each) for each in table.tables(name, *below(of)))
            case Named(of, title):
                tables = table.named(name, *below(of)).items()
                return MappingProxyType(
                    {key: self.read(of, each, {title: key} if title else {}) for key, each in tables}
                )
            case Inline(of, under):
                found: Any = self.read(of, table)
                return MappingProxyType({under: found}) if under else found

    def below(self, of: type) -> tuple[str, dict[str, str]]:
        """The keys of a table that becomes an ``of``, and old ones."""
        return " ".join(keys(of, self.place)), renamed(of, self.place)


def checked(table: Table, key: str, text: str, kind: Text, *below: str) -> str:
    if re.fullmatch(kind.pattern, text, re.DOTALL):
        return text
    said = f"is not {kind.what}; accepted: {kind.accepted}" if kind.what else f"does not match {kind.pattern}"
    raise table.bad(key, f"{text!r} {said}", *below)


def _number(table: Table, key: str, least: int, most: int | None) -> int:
    number = table.number(key)
    if number < least:
        raise table.bad(key, f"{number} is not {least} or more")
    if most is not None and number > most:
        raise table.bad(key, f"{number} is more than {most}, which is the most that this version knows")
    return number


def _endpoints(table: Table, key: str, kind: Urls) -> tuple[Endpoint, ...]:
    found = []
    for url in table.texts(key):
        try:
            found.append(endpoint(url, kind.schemes))
        except ValueError as error:
            raise table.bad(key, str(error)) from error
    if not found:
        raise table.bad(key, f'is empty; accepted: a list such as ["{kind.example}"]')
    return tuple(found)


def endpoint(url: str, schemes: Iterable[str]) -> Endpoint:
    """Raises ValueError, with what is accepted."""
    accepted = f"accepted: {', '.join(f'{s}://host:port' for s in schemes)}, port 1 to 65535"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{error}; {accepted}") from error
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"a URL holds no user or password; {accepted}")
    if parts.scheme not in schemes or not host or not port or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is not an endpoint; {accepted}")
    service, tls = SCHEMES[parts.scheme]
    return Endpoint(service, host, port, tls)


def _existing(table: Table, key: str, here: Path) -> Path:
    path = here / table.text(key)
    if not path.exists():
        raise table.bad(key, f"{path}: there is no such file or folder")
    return path


def pem(table: Table, key: str, here: Path, holds: str) -> Path:
    path = here / table.text(key)
    try:
        text = path.read_text("latin-1")
    except (OSError, ValueError) as error:
        raise table.bad(key, f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not re.search(rf"^-----BEGIN [A-Z ]*{holds}-----", text, re.MULTILINE):
        raise table.bad(key, f"{path}: holds no {holds.lower()} in PEM form")
    if re.search(r"^(-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED)", text, re.MULTILINE):
        raise table.bad(key, f"{path}: the key has a password; accepted: a key without one")
    return path


def _secret(table: Table, word: str, here: Path) -> Secret:
    file, variable = f"{word}_file", f"{word}_env"
    if (file in table) == (variable in table):
        raise table.bad(word, f"accepted: one of {file} and {variable}")
    if variable in table:
        name = table.text(variable)
        if not os.environ.get(name):
            raise table.bad(variable, f"the environment variable {name!r} is not set")
        return Secret(_text(os.fsencode(os.environ[name])))
    path = here / table.text(file)
    try:
        value = _text(path.read_bytes()).removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise table.bad(file, f"{path}: cannot be read: {error.strerror}") from error
    if not value:
        raise table.bad(file, f"{path}: is empty")
    return Secret(value)


def _text(raw: bytes) -> str:
    """Whoever keeps a password in Latin-1 has one that is not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")

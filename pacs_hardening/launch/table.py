"""One TOML table read key by key, so that a misspelt key or a wrong type is named, never ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from ..model import BadInput

_T = TypeVar("_T")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class Table:
    """``keys`` are the accepted ones, separated by blanks. Every method raises BadInput with ``where`` and the key;
    without a default, the key has to be there."""

    def __init__(self, value: object, where: str, keys: str) -> None:
        if not isinstance(value, Mapping):
            raise BadInput(f"{where}: must be a table")
        self.where, self._value = where, value
        for key in value:
            if key not in keys.split():
                raise BadInput(f"{where}: unknown key {key!r}; accepted: {', '.join(sorted(keys.split()))}")

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def bad(self, key: str, what: str) -> BadInput:
        return BadInput(f"{self.where}: {key}: {what}")

    def text(self, key: str, default: str | None = None, pattern: str = ".*") -> str:
        text = self._get(key, str, default)
        if not re.fullmatch(pattern, text, re.DOTALL):
            raise self.bad(key, f"{text!r} does not match {pattern}")
        return text

    def number(self, key: str, default: int | None = None) -> int:
        return self._get(key, int, default)

    def flag(self, key: str, default: bool | None = None) -> bool:
        return self._get(key, bool, default)

    def texts(self, key: str, default: tuple[str, ...] | None = None, among: tuple[str, ...] = ()) -> tuple[str, ...]:
        found = tuple(self._get(key, list, None if default is None else list(default)))
        for each in found:
            if not isinstance(each, str) or (among and each not in among):
                raise self.bad(key, f"{each!r} is not {'one of ' + ', '.join(among) if among else 'a string'}")
        return found

    def ports(self, key: str) -> tuple[int, ...]:
        """TCP ports; none where there is no list."""
        found = tuple(self._get(key, list, []))
        for each in found:
            if type(each) is not int or not 0 < each < 65536:
                raise self.bad(key, f"{each!r} is not a port, 1 to 65535")
        return found

    def pairs(self, key: str) -> dict[str, str]:
        """A table of strings; empty where there is none."""
        found = self.free(key)
        table = Table(found, f"{self.where}: {key}", " ".join(found))
        return {name: table.text(name) for name in found}

    def free(self, key: str) -> Mapping[str, Any]:
        """A table of anything; empty where there is none."""
        return self._get(key, Mapping, {})  # type: ignore[type-abstract]

    def tables(self, key: str, keys: str) -> tuple[Table, ...]:
        """An array of tables; empty where there is none."""
        found = self._get(key, list, [])
        return tuple(Table(each, f"{self.where}: {key}[{number}]", keys) for number, each in enumerate(found))

    def named(self, key: str, keys: str) -> dict[str, Table]:
        """A table of tables by name (lower case, digits, ``-``); empty where there is none."""
        for name in self.free(key):
            if not _NAME.fullmatch(name):
                raise self.bad(key, f"{name!r} must be lower-case letters, digits and '-', at most 32")
        return {name: Table(value, f"{self.where}: [{key}.{name}]", keys) for name, value in self.free(key).items()}

    def table(self, key: str, keys: str) -> Table:
        """A table, empty where there is none."""
        return Table(self.free(key), f"{self.where}: [{key}]", keys)

    def _get(self, key: str, kind: type[_T], default: _T | None) -> _T:
        value = self._value.get(key, default)
        if value is None:
            raise self.bad(key, "is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.bad(
                key, f"{value!r} is not a {kind.__name__.replace('Mapping', 'table').replace('str', 'string')}"
            )
        return value

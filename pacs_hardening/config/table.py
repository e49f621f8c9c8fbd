"""One TOML table read key by key, so that a misspelt key or a wrong type is named, never ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from ..model import BadInput
from .source import Source, Step

RENAMED_IN, OLD_UNTIL = "0.2", "1.0"  # versions of the suite: when keys got their names, and until when old ones do
_T = TypeVar("_T")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NONE: Mapping[str, str] = MappingProxyType({})


class Table:
    """``keys`` are the accepted ones, separated by blanks. Every method raises BadInput with where it stands and the
    key; without a default, the key has to be there. ``renamed``: old keys that are still read, each with its new name,
    and each noted in ``source``. ``steps`` lead from the whole file to this table."""

    def __init__(
        self,
        value: object,
        source: Source | str,
        keys: str,
        renamed: Mapping[str, str] = _NONE,
        inside: tuple[str, ...] = (),
        steps: tuple[Step, ...] = (),
    ) -> None:
        self.source = Source(source) if isinstance(source, str) else source
        self._inside, self._steps, self._old = inside, steps, dict[str, str]()
        if not isinstance(value, Mapping):
            raise BadInput(f"{self._at()}: must be a table")
        self._old = {renamed[old]: old for old in renamed.keys() & value.keys()}
        self._value = {renamed.get(key, key): each for key, each in value.items()}
        for new, old in sorted(self._old.items()):
            if new in value:
                raise BadInput(f"{self._at(new)}: {old}: {new} is there, too, which is its name now")
            said = f"`{old}` is called `{new}` since {RENAMED_IN}; both work until {OLD_UNTIL}"
            self.source.notes.append(f"{self._at(new)}: {said}")
        for key in self._value:
            if key not in keys.split():
                accepted = ", ".join(sorted(keys.split()))
                raise BadInput(f"{self._at(key)}: unknown key {key!r}; accepted: {accepted}")

    def _at(self, key: str = "", *more: Step) -> str:
        steps = (*self._steps, self._old.get(key, key), *more) if key else self._steps
        return ": ".join((self.source.at(steps), *self._inside))

    def _below(self, value: object, key: str, says: str, keys: str, renamed: Mapping[str, str], *more: Step) -> Table:
        steps = (*self._steps, self._old.get(key, key), *more)
        return Table(value, self.source, keys, renamed, (*self._inside, says), steps)

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def bad(self, key: str, what: str, *below: str) -> BadInput:
        """``below``: the key inside the table of that ``key``, where it is that one."""
        return BadInput(f"{self._at(key, *below)}: {'.'.join((key, *below))}: {what}")

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
        table = self._below(found, key, key, " ".join(found), _NONE)
        return {name: table.text(name) for name in found}

    def free(self, key: str) -> Mapping[str, Any]:
        """A table of anything; empty where there is none."""
        return self._get(key, Mapping, {})  # type: ignore[type-abstract]

    def tables(self, key: str, keys: str, renamed: Mapping[str, str] = _NONE) -> tuple[Table, ...]:
        """An array of tables; empty where there is none."""
        found = enumerate(self._get(key, list, []))
        return tuple(self._below(each, key, f"{key}[{place}]", keys, renamed, place) for place, each in found)

    def named(self, key: str, keys: str, renamed: Mapping[str, str] = _NONE) -> dict[str, Table]:
        """A table of tables by name (lower case, digits, ``-``); empty where there is none."""
        for name in self.free(key):
            if not _NAME.fullmatch(name):
                raise self.bad(key, f"{name!r} must be lower-case letters, digits and '-', at most 32")
        return {
            name: self._below(value, key, f"[{key}.{name}]", keys, renamed, name)
            for name, value in self.free(key).items()
        }

    def table(self, key: str, keys: str, renamed: Mapping[str, str] = _NONE) -> Table:
        """A table, empty where there is none."""
        return self._below(self.free(key), key, f"[{key}]", keys, renamed)

    def _get(self, key: str, kind: type[_T], default: _T | None) -> _T:
        value = self._value.get(key, default)
        if value is None:
            raise self.bad(key, "is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.bad(
                key, f"{value!r} is not a {kind.__name__.replace('Mapping', 'table').replace('str', 'string')}"
            )
        return value

"""A declared dataclass written as TOML, each secret into a file beside it that only its owner can read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model import Endpoint, Secret
from ..model.declared import Declared, Hidden, Inline, Lists, Many, Named, One, Strings, declared

Section = tuple[str, dict[str, object]]  # its header as it stands in the brackets, and its keys


@dataclass(frozen=True)
class Writer:
    folder: Path

    def render(self, it: object) -> str:
        return "\n".join(self._section(header, rows) for header, rows in self._sections("", "", it))

    def _sections(self, header: str, owner: str, it: object) -> Iterator[Section]:
        """Those of ``it`` itself, its tables after it. ``owner``: the name of the entry that it belongs to."""
        said = [(each, getattr(it, each.field)) for each in declared(type(it)) if each.key.written]
        said = [(each, value) for each, value in said if value is not None and value != each.default]
        own: dict[str, object] = {}
        for each, value in said:
            own |= self._rows(each, value, owner)
        if own or not header.startswith("["):
            yield header, own
        for each, value in said:
            yield from self._tables(each, value, f"{header}.{each.name}".lstrip("."), owner)

    def _rows(self, each: Declared, value: Any, owner: str) -> dict[str, object]:
        match each.key.kind:
            case One() | Named() | Many() | Strings() | Lists():
                return {}
            case Inline(of, under):
                inner = value[under] if under else value
                return {key.name: getattr(inner, key.field) for key in declared(of)}
            case Hidden():
                return {f"{each.name}_file": _lay(self.folder / f"{owner}.{each.name}", value)}
            case _:
                return {each.name: value}

    def _tables(self, each: Declared, value: Any, header: str, owner: str) -> Iterator[Section]:
        match each.key.kind:
            case One():
                yield from self._sections(header, owner, value)
            case Named():
                for name, inner in value.items():
                    yield from self._sections(f"{header}.{name}", name, inner)
            case Many():
                for inner in value:
                    yield from self._sections(f"[{header}]", owner, inner)
            case Strings() | Lists():
                yield header, dict(value)
            case _:
                pass

    def _section(self, header: str, rows: Mapping[str, object]) -> str:
        lines = [f"[{header}]"] if header else []
        lines += [f"{_quoted(key)} = {self._literal(value)}" for key, value in rows.items()]
        return "\n".join(lines) + "\n"

    def _literal(self, value: object) -> str:
        match value:
            case Path():
                path, here = value.absolute(), self.folder.absolute()
                return _json(str(path.relative_to(here) if path.is_relative_to(here) else path))
            case frozenset():
                return _json(sorted(value))
            case tuple():
                return _json([str(each) if isinstance(each, Endpoint) else each for each in value])
            case _:
                return _json(value)


def _json(value: object) -> str:
    """A JSON literal is a TOML one, except that TOML wants DEL escaped and no surrogate pairs."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _lay(path: Path, secret: Secret) -> Path:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret.reveal() + "\n")
    return path


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)

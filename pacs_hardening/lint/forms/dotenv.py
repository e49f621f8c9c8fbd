"""Files of variables, as Compose reads ``env_file`` and ``.env``: quotation marks, comments behind values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..node import Placeholder, Text
from .interpolate import interpolated
from .setup import Variable

_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*(?P<is>[=:])?[ \t]*", re.ASCII)
_QUOTED = re.compile(r"'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"", re.DOTALL)
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_COMMENT = re.compile(r"[ \t]#.*|[ \t]+$")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read(text: str, file: str, known: Mapping[str, str]) -> tuple[list[Variable], list[tuple[str, int]]]:
    """The variables, and (name, line) of those with a comment behind the value, which `docker run --env-file` takes
    for a part of it. ``known``: what ``${NAME}`` may stand for, beside what stands above in the file."""
    found: list[Variable] = []
    commented: list[tuple[str, int]] = []
    said = dict(known)
    for name, value, line, comment in _lines(text.replace("\r\n", "\n"), said):
        found.append(Variable(name, value, file, line))
        if comment:
            commented.append((name, line))
        if not isinstance(value, Placeholder):
            said[name] = value
    return found, commented


def _lines(text: str, said: Mapping[str, str]) -> Iterator[tuple[str, str, int, bool]]:
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        start = at
        line = text.count("\n", 0, start) + 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        at = end + 1
        named = _NAME.match(text, start, end)
        if named is None:
            continue
        name, value = named["name"], text[named.end() : end]
        if not named["is"]:
            if not value.strip():  # a name alone: whoever starts it hands it over
                yield name, Placeholder(f"${{{name}}}"), line, False
            continue
        quoted = _QUOTED.match(text, named.end())
        if quoted and (rest := _REST.match(text, quoted.end())):
            at = max(rest.end(), at)
            first = line if "\n" in quoted.group() else 0
            if quoted["single"] is not None:
                yield name, Text(quoted["single"], first, quoted=True), line, False
            else:
                plain = re.sub(
                    r"\\([nrt\"\\$])", lambda m: _ESCAPES.get(m[1], "$$" if m[1] == "$" else m[1]), quoted["double"]
                )
                yield name, Text(interpolated(plain, said), first, quoted=True), line, False
            continue
        bare = _COMMENT.sub("", value)
        yield name, Text(interpolated(bare, said)), line, "#" in value[len(bare) :]

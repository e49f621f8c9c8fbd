"""A commented target file to fill in, with an example of every key."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..model import Target
from ..model.declared import Declared, Entry, Many, Named, One, declared, flat

_HEAD = """\
# An archive to judge. Check this file with `pacs-hardening target check FILE`, judge the archive with
# `pacs-hardening gate --target FILE`. Paths are relative to this file. No secret stands in it, only where one is.
# What is left out is never taken for safe: what needs it is listed as NOT RUN, or as ERROR where it is critical.
# The lines that begin with `# ` and a key or a table are examples: take the `# ` away.
"""
_NEEDED = ("called_aet", "endpoints", "aet", "permits")  # without which a file is hardly of use
_COLUMN, _WIDTH = 52, 120


def render() -> str:
    lines = [_HEAD]
    for each in flat(Target):
        if each.key.example:
            lines += _row(each.name, each.key.example, each.key.says, commented=each.name not in _NEEDED)
    for each in declared(Target):
        if each.key.entries:
            lines += ["", *_words(each.key.says)]
            lines += _tables(each) if isinstance(each.key.kind, Named | Many | One) else _pairs(each)
    return "\n".join(lines) + "\n"


def _tables(each: Declared) -> Iterator[str]:
    assert isinstance(each.key.kind, Named | Many | One)
    says = {key.name: key.key.says for key in flat(each.key.kind.of)}
    for entry in each.key.entries:
        assert not isinstance(entry.example, str)
        yield from ("", *_words(entry.says)) if entry.says else ()
        yield _header(each, entry)
        for name, literal in entry.example.items():
            commented = not (entry.essential and name in _NEEDED)
            words = says.pop(name, "") or says.pop(name.removesuffix("_env"), "")  # once
            yield from _row(name, literal, words, commented)


def _header(each: Declared, entry: Entry) -> str:
    header = f"[{each.name}.{entry.name}]" if entry.name else f"[{each.name}]"
    header = f"[{header}]" if isinstance(each.key.kind, Many) else header
    return header if entry.essential else f"# {header}"


def _pairs(each: Declared) -> Iterator[str]:
    yield f"# [{each.name}]"
    for entry in each.key.entries:
        yield from _row(entry.name, str(entry.example), entry.says, commented=True)


def _row(name: str, literal: str, says: str, commented: bool) -> list[str]:
    """With its words beside it where they fit, otherwise above it."""
    line = f"{'# ' if commented else ''}{name} = {literal}"
    beside = f"{line:<{_COLUMN}}# {says}"
    if not says or (len(line) < _COLUMN and len(beside) <= _WIDTH):
        return [beside if says else line]
    return [*_words(says), line]


def _words(says: str) -> list[str]:
    return textwrap.wrap(says, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)

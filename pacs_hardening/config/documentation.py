"""docs/target-file.md: what a target file may hold, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Target
from ..model.declared import (
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
from . import template
from .table import OLD_UNTIL, RENAMED_IN

_HEAD = """# The target file

Written by `pacs-hardening target keys`; do not edit. It says where an archive is, who may talk to it, and what it is
meant to refuse. For a first look a URL is enough:

```
pacs-hardening gate --target 'dicoms://pacs.example:2762?called=PACS&calling=GATE&cert=gate.pem&key=gate.key&ca=ca.pem'
```

Everything else needs a file. `pacs-hardening target new FILE` writes the one at the end of this page,
`pacs-hardening target check FILE` says whether the archive is there, whom it serves, and what the file leaves
unmeasured; `pacs-hardening target new --schema` prints a JSON Schema for editors.

- Paths are relative to the file. No secret stands in it, only where one is: a file (`…_file`) or an environment
  variable (`…_env`).
- What is left out is never taken for safe: a critical control that lacks something is an ERROR, any other is listed as
  NOT RUN. What the file says is not there (`""`) is asked for all the same.
- An unknown key, a wrong type and a file that cannot be read are one line and exit status 4; nothing is started.
"""


def render() -> str:
    body = "".join(f"\n{line}" for line in _tables())
    return f"{_HEAD}{body}\n\n## All of it\n\n```toml\n{template.render()}```\n"


def _tables() -> Iterator[str]:
    yield "## Keys\n"
    yield from _keys([each for each in flat(Target) if not _is_table(each)])
    for each in declared(Target):
        if _is_table(each):
            yield from _section(each)
    yield "\n## Old names\n"
    yield f"Since {RENAMED_IN} some keys are called otherwise. Until {OLD_UNTIL} the old names are read, with a note.\n"
    yield "| old | now |\n|---|---|"
    yield from _old(Target, "")


def _is_table(each: Declared) -> bool:
    return isinstance(each.key.kind, One | Named | Many | Strings)


def _section(each: Declared) -> Iterator[str]:
    kind = each.key.kind
    header = {Named: f"[{each.name}.NAME]", Many: f"[[{each.name}]]"}.get(type(kind), f"[{each.name}]")
    yield f"\n## `{header}`\n\n{each.key.says}{_unmeasured(each.key.unmeasured)}\n"
    if isinstance(kind, Strings):
        yield f"Each: {_holds(Declared('', '', each.key, False, None), kind.item)}\n"
    named = [entry for entry in each.key.entries if entry.name and (entry.says or entry.unmeasured)]
    if named:
        yield "| name | | without it nobody knows |\n|---|---|---|"
        yield from (_row(f"`{entry.name}`", entry.says, entry.unmeasured) for entry in named)
    if isinstance(kind, One | Named | Many):
        yield from ("",) if named else ()
        yield from _keys(list(flat(kind.of)))


def _keys(keys: list[Declared]) -> Iterator[str]:
    yield "| key | holds | |\n|---|---|---|"
    for each in keys:
        needed = " **Needed.**" if each.required and each.name != "name" else ""
        says = f"{each.key.says}{needed}{_unmeasured(each.key.unmeasured)}"
        yield _row(_name(each), _holds(each, each.key.kind), says)


def _name(each: Declared) -> str:
    hidden = isinstance(each.key.kind, Hidden)
    return f"`{each.name}_file` or `{each.name}_env`" if hidden else f"`{each.name}`"


def _unmeasured(what: str) -> str:
    return f" Without it nobody knows {what}." if what else ""


def _holds(each: Declared, kind: object) -> str:  # noqa: C901, PLR0912 - a branch for each case of a closed type
    match kind:
        case Text(pattern, what, accepted):
            return f"{what}: {_code(accepted)}" if what else "text" if pattern == ".*" else f"text like `{pattern}`"
        case Number(least, most):
            return f"a whole number, {least} or more" if most is None else f"a whole number, {least} to {most}"
        case Flag():
            return "`true` or `false`"
        case Texts(item, among):
            return f"a list of {', '.join(among)}" if among else f"a list, each {_holds(each, item)}"
        case Urls(schemes):
            return f"a list of {', '.join(f'`{scheme}://host:port`' for scheme in schemes)}"
        case Ports():
            return "a list of TCP ports"
        case Pem(holds):
            return f"the path of a PEM file with a {holds.lower()}"
        case Existing():
            return "the path of a file or folder"
        case Hidden():
            return "the path of a file, or the name of an environment variable"
        case Lists():
            return "a table of lists"
        case Strings(item):
            return f"a table, each {_holds(each, item)}"
        case One(of):
            return f"a table: {', '.join(_name(inner) for inner in flat(of))}"
        case _:
            return ""


def _code(accepted: str) -> str:
    return accepted.replace("{study}, {series}, {instance}", "`{study}`, `{series}`, `{instance}`")


def _old(of: type, inside: str) -> Iterator[str]:
    for each in declared(of):
        if each.key.was:
            yield _row(f"{inside}`{each.key.was}`", f"`{each.name}`")
        if isinstance(each.key.kind, One | Named | Many | Inline) and (each.key.entries or each.key.was):
            yield from _old(each.key.kind.of, f"in `{each.name}`: ")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

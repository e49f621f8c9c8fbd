"""What a Dockerfile says of the image it makes: from which one, with which variables, and with which files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from ..node import Node, Text
from ..source import entries, text_of
from .setup import Variable

_LINE = re.compile(r"\s*(?P<word>FROM|ENV|COPY|ADD)\s+(?P<rest>.*)", re.IGNORECASE)
_PAIR = re.compile(r"([A-Za-z_]\w*)=(\"(?:\\.|[^\"\\])*\"|'[^']*'|(?:\\.|\S)*)")


@dataclass
class Built:
    image: str = ""
    variables: list[Variable] = field(default_factory=list)
    copies: list[tuple[Path, str]] = field(default_factory=list)


def of_service(build: Node | None, folder: Path) -> Built:
    """``build`` of a Compose service: a folder, or a mapping with ``context`` and ``dockerfile``."""
    said = build.plain() if build is not None else None
    if said is None:
        return Built()
    if isinstance(said, dict):
        context = folder / str(said.get("context") or ".")
        if inline := said.get("dockerfile_inline"):
            return read(str(inline), "", context)
        return of_file(context / str(said.get("dockerfile") or "Dockerfile"), context)
    return of_file(folder / str(said) / "Dockerfile", folder / str(said))


def of_file(file: Path, context: Path) -> Built:
    return read(text_of(file), str(file), context) if file.is_file() else Built()


def read(text: str, file: str, context: Path) -> Built:
    built, stages = Built(), dict[str, str]()
    number, lines = 0, text.split("\n")
    while number < len(lines):
        line, at = lines[number], number + 1
        while line.rstrip().endswith("\\") and number + 1 < len(lines):
            number += 1
            line = line.rstrip()[:-1] + " " + lines[number]
        number += 1
        found = _LINE.match(line)
        if found is None:
            continue
        word, rest = found["word"].upper(), found["rest"].strip()
        if word == "FROM":
            names = [each for each in rest.split() if not each.startswith("--")]
            built = Built(stages.get(names[0], names[0])) if names else Built()
            if len(names) > 2:
                stages[names[2]] = built.image
        elif word == "ENV":
            built.variables += [Variable(n, Text(_bare(v)), file, at) for n, v in _pairs(rest)]
        elif "--from" not in rest:
            paths = [each.strip("\"',[]") for each in rest.split() if not each.startswith("--")]
            target = paths[-1] if paths else ""
            found_here = [each for source in paths[:-1] for each in _matching(context, source)]
            several = len(found_here) > 1 or target.endswith("/")
            for each in found_here:  # of a folder what is in it is laid, and what the image had there stays
                inside = entries(each) if each.is_dir() else [each]
                whole = several or each.is_dir()
                built.copies += [(f, f"{target.rstrip('/')}/{f.name}" if whole else target) for f in inside]
    return built


def _matching(context: Path, source: str) -> list[Path]:
    if re.search(r"[*?\[]", source):
        return sorted(context.glob(source.lstrip("/")))
    return [context / source.lstrip("/")]


def _pairs(rest: str) -> list[tuple[str, str]]:
    if found := _PAIR.findall(rest):
        return found
    name, _, value = rest.partition(" ")  # ENV NAME VALUE
    return [(name, value.strip())] if value else []


def _bare(value: str) -> str:
    if value[:1] == "'":
        return value[1:-1]
    return re.sub(r"\\(.)", r"\1", value[1:-1] if value[:1] == '"' else value)

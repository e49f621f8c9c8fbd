"""``${NAME}`` as Compose replaces it (compose-spec, "Interpolation"). What no file says stays ``${NAME}``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..node import Text

_START = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?P<how>:?[-?+])?)", re.ASCII
)


def interpolated(text: str, known: Mapping[str, str]) -> Text:
    """``known``: the variables that a file beside says. Of the others a default is taken, since it is what the author
    wrote down for whoever sets nothing."""
    made, at = [], 0
    while found := _START.search(text, at):
        made.append(text[at : found.start()])
        at = found.end()
        if found["escaped"]:
            made.append("$")
        elif found["name"]:
            made.append(known.get(found["name"], f"${{{found['name']}}}"))
        else:
            end = _end(text, at)
            if end < 0:  # no closing bracket: Compose refuses the file, and nothing is replaced
                made.append(found.group())
                continue
            made.append(_braced(found["braced"], found["how"] or "", text[at:end], known))
            at = end + 1
    made.append(text[at:])
    first, quoted = (text.first, text.quoted) if isinstance(text, Text) else (0, False)
    return Text("".join(made), first, quoted=quoted)


def _braced(name: str, how: str, word: str, known: Mapping[str, str]) -> str:
    value = known.get(name)
    unset = value is None or (how.startswith(":") and value == "")
    if how.endswith("-"):
        return str(interpolated(word, known)) if unset else str(value)
    if how.endswith("+"):
        return f"${{{name}}}" if value is None else "" if unset else str(interpolated(word, known))
    return f"${{{name}}}" if value is None else value


def _end(text: str, at: int) -> int:
    depth = 1
    for place in range(at, len(text)):
        if text.startswith("${", place):
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if not depth:
                return place
    return -1

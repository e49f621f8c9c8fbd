"""``{name}`` in a declaration stands for what one archive calls it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_PLACE = re.compile(r"\{(\w+)(?::([\w-]+))?\}")
_SHAPES: Mapping[str, Callable[[str], str]] = {"lower": str.lower, "plain": lambda text: re.sub(r"\W|_", "", text)}


def fill(value: str, names: Mapping[str, str]) -> str:
    """``{name}``, or with a shape: ``lower``, ``plain``, the first so many characters, or the last."""

    def meant(found: re.Match[str]) -> str:
        if found[1] not in names:
            return found[0]
        text, shape = names[found[1]], found[2] or ""
        if shape in _SHAPES:
            return _SHAPES[shape](text)
        number = int(shape or 0)
        return text[:number] if number > 0 else text[number:] if number else text

    return _PLACE.sub(meant, value)

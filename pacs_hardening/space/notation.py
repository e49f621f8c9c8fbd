"""A way as one line of text that can be read back: ``unknown-device | calling=own-title | level=SERIES``."""

from __future__ import annotations

from ..model import BadInput
from .dimension import Way

_BETWEEN = " | "


def write(way: Way) -> str:
    return _BETWEEN.join([way.base, *(f"{dimension}={value}" for dimension, value in way.values)])


def read(text: str) -> Way:
    """Raises BadInput for what `write` does not write."""
    base, *rest = text.strip().split(_BETWEEN)
    pairs = [part.partition("=") for part in rest]
    if not base or not all(dimension and equals and value for dimension, equals, value in pairs):
        raise BadInput(f"{text!r} is no way: accepted: BASE | DIMENSION=VALUE | …")
    names = [dimension for dimension, _, _ in pairs]
    if len(set(names)) != len(names):
        raise BadInput(f"{text!r} names a dimension twice")
    return Way.of(base, [(dimension, value) for dimension, _, value in pairs])

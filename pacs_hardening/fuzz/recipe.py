"""A small notation for bytes that need not make sense, and its compiler: a malformed PDU as text that a person can
read, that fits any target, and that can be replayed.

    01 00 ff      bytes in hexadecimal                <4 …>         a big endian length of 4 bytes, then what it counts
    "text"        ASCII                               <2L …>        the same, little endian
    00*32         one byte, so many times             <4+3 …>       a lie: 3 more (or <4-3 …> fewer) than there are
    3*( … )       whatever is in it, so many times    <4=ffff …>    a lie: this number
    {called}      what belongs to the target
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_BYTES = 64 << 20  # a recipe may repeat; what it makes has a bound
_TOKEN = re.compile(
    r"""(?P<hex>(?:[0-9a-fA-F]{2})+)(?:\*(?P<times>\d+))?(?=[\s>)]|$)
      | "(?P<text>[^"]*)"
      | (?P<open>\d+)\*\(
      | <(?P<width>[124])(?P<little>L?)(?:(?P<delta>[+-]\d+)|=(?P<value>[0-9a-fA-F]+))?(?=[\s>])
      | \{(?P<slot>\w+)\}
      | (?P<close>[)>])
      | (?P<blank>\s+)""",
    re.VERBOSE,
)


class Unreadable(ValueError):
    """A recipe that does not follow the notation; says where."""


def compile_recipe(text: str, slots: Mapping[str, bytes]) -> bytes:
    """The bytes that ``text`` describes. Raises Unreadable, also for an unknown slot and for more than 64 MiB."""
    stack: list[tuple[re.Match[str] | None, bytearray]] = [(None, bytearray())]
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise Unreadable(f"not understood at {at}: {text[at : at + 20]!r}")
        at = found.end()
        kind = found.lastgroup
        out = stack[-1][1]
        if kind == "blank":
            continue
        if kind == "times" or kind == "hex":
            out += bytes.fromhex(found["hex"]) * int(found["times"] or 1)
        elif kind == "text":
            out += found["text"].encode("ascii")
        elif kind == "slot":
            if found["slot"] not in slots:
                raise Unreadable(f"unknown slot {{{found['slot']}}}")
            out += slots[found["slot"]]
        elif kind == "close":
            opened, inner = stack.pop()
            if opened is None or (found["close"] == ")") != (opened["open"] is not None):
                raise Unreadable(f"{found['close']!r} at {found.start()} closes nothing")
            stack[-1][1].extend(_closed(opened, bytes(inner)))
        else:
            stack.append((found, bytearray()))
        if len(stack[-1][1]) > MAX_BYTES:
            raise Unreadable(f"more than {MAX_BYTES >> 20} MiB")
    if len(stack) != 1:
        raise Unreadable("something is not closed")
    return bytes(stack[0][1])


def _closed(opened: re.Match[str], inner: bytes) -> bytes:
    if opened["open"] is not None:
        if int(opened["open"]) * len(inner) > MAX_BYTES:
            raise Unreadable(f"more than {MAX_BYTES >> 20} MiB")
        return inner * int(opened["open"])
    width = int(opened["width"])
    number = int(opened["value"], 16) if opened["value"] else len(inner) + int(opened["delta"] or 0)
    order = "little" if opened["little"] else "big"
    return (number % (1 << 8 * width)).to_bytes(width, order) + inner  # type: ignore[arg-type]


def literal(data: bytes) -> str:
    """``data`` as a recipe: runs of one byte are counted."""
    return " ".join(
        f"{run[0][0]:02x}" + (f"*{len(run[0])}" if len(run[0]) > 1 else "")
        for run in re.finditer(rb"(.)\1*", data, re.DOTALL)
    )


class Recipes:
    """Each is compiled once; ``slots`` fill them."""

    def __init__(self, slots: Mapping[str, bytes]) -> None:
        self._slots, self._compiled = dict(slots), dict[str, bytes]()

    def compiled(self, recipe: str) -> bytes:
        made = self._compiled.get(recipe)
        if made is None:
            made = self._compiled[recipe] = compile_recipe(recipe, self._slots)
            if len(self._compiled) > 4096:  # a fuzzer that runs for days must not grow
                self._compiled = {recipe: made}
        return made

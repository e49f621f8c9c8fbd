"""Events of PS3.8 9.2 by name, and walks through its states as lines of such names."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from . import parts
from .conversation import Expectation, Step
from .parts import ABORT, ECHO, FIND_RQ, RELEASE, REQUEST

Made = tuple[tuple[Step, ...], Expectation]
ACCEPT = parts.rq(kind="02")
REJECT = "03 00 <4 00 01 01 01>"
RELEASED = "06 00 <4 00*4>"
BATCH = 8  # walks of one seed
EVENTS = {
    "request": REQUEST,
    "accept": ACCEPT,
    "reject": REJECT,
    "release": RELEASE,
    "released": RELEASED,
    "abort": ABORT,
    "echo": ECHO,
    "find": FIND_RQ,
    "query": f"{FIND_RQ} {parts.payload(parts.FIND_ID, parts.identifier())}",
    "data": parts.payload(parts.FIND_ID, parts.identifier()),
    "half": parts.p_data(parts.pdv(parts.ECHO_ID, 1, "00*16")),
    "unknown": "09 00 <4 00*4>",
}


@cache
def written() -> list[Made]:
    """Walks that the state machine made once (``python -m pacs_hardening.fuzz.walk``). What Hypothesis makes of a
    seed depends on its version and on what else is imported: a gate plays these, which are the same everywhere."""
    text = files(__package__).joinpath("walks.txt").read_text(encoding="ascii")
    return [read(each) for each in text.splitlines() if not each.startswith("#")]


def read(text: str) -> Made:
    """What ``line`` wrote."""
    expects, _, walk = text.partition(": ")
    steps = []
    for verb, _, what in (words.partition(" ") for words in walk.split("; ")):
        recipe = REQUEST if verb == "associate" else EVENTS[what] if verb == "send" else what
        steps.append(Step(verb, recipe))
    return tuple(steps), Expectation(expects)


def line(made: Made) -> str:
    """As ``read`` reads it."""
    names = {recipe: f"send {name}" for name, recipe in EVENTS.items()}
    steps, expects = made
    said = [names[step.recipe] if step.verb == "send" else step.verb for step in steps]
    said = [f"peer {step.recipe}" if step.verb == "peer" else word for step, word in zip(steps, said, strict=True)]
    return f"{expects.value}: {'; '.join(said)}"

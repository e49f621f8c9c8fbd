"""Conditions that compare, and what passes for the known value where they compare loosely."""

from __future__ import annotations

from collections.abc import Iterator

from .mutant import NAMED, Mutant, opening

TITLES = {  # comparison -> what is given for {x}
    "case": "{x:lower}",
    "first-8": "{x:8}ZZ",
    "prefix": "{x:5}",
    "longer": "{x}-2",
    "substring": "X{x}Y",
    "suffix": "{x:-6}",
    "punctuation": "{x:plain}",
    "trimmed": " {x}",
    "any": "NOBODY",
}
SECRETS = {**TITLES, "longer": "{x}1", "any": "x"}
del SECRETS["punctuation"]


def mutants() -> Iterator[Mutant]:
    """Each comparison in each of its looser forms."""
    for how, given in TITLES.items():
        for condition, fact, known in (("node-known", "calling", "all"), ("called-title", "called", "called")):
            title = given.replace("{x", f"{{{known}")
            play = {"calling-as-sent" if fact == "calling" and how == "trimmed" else fact: title}
            yield _loose("identity", "authorised", condition, how, play, "find")
    yield _loose("identity", "colleague", "certificate-bound", "any", {}, "store")
    for how, given in SECRETS.items():
        yield _loose("identity", "authorised", "passcode", how, {"passcode": given.replace("{x", "{passcode")}, "find")
        yield _loose("web", "user", "password", how, {"password": given.replace("{x", "{password")}, "system")
        if how != "any":
            yield _loose("web", "user", "user-name", how, {"user": given.replace("{x", "{user")}, "system")
    yield _loose("web", "user", "user-name", "any", {"user": "nobody"}, "system")


def _loose(area: str, base: str, condition: str, how: str, play: dict[str, str], goal: str) -> Mutant:
    title = f"{condition} is compared by {how}"
    return Mutant(area, NAMED, "weakened", base, goal, title, (opening(condition, how=how),), play)

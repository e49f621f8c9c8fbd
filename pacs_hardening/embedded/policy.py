"""The archive's named conditions, and how each can be loosened: the hardened archive has no opening, a mutant has.

An opening loosens one condition: it waives it, or compares loosely where the hardened archive asks for equality;
always, or only where facts of the peer, its message or its request pass tests. Facts have names (facts.py) and are
text, numbers or several texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..config.table import Table
from ..model import BadInput
from .substitutes import SHIFTS, SUBSTITUTES

CONDITIONS = {
    "certificate": "TLS asks for a certificate of the CA",
    "called-title": "the called AE title is the archive's",
    "node-known": "the calling AE title is compared with those of the known nodes, and must be one of them",
    "certificate-bound": "the certificate bears the calling AE title",
    "identity": "a known node gives a user name and its passcode",
    "passcode": "the passcode is compared with that of the user",
    "service-permitted": "the node may use this service, asked of every message",
    "sop-class": "only declared SOP classes are negotiated",
    "transfer-syntax": "only declared transfer syntaxes are negotiated",
    "protocol-version": "version 1 of the upper layer protocol is offered",
    "application-context": "the application context is that of DICOM",
    "query-limit": "a query has at most so many answers",
    "overwrite": "a stored object is not replaced",
    "destination": "a C-MOVE goes to a declared destination",
    "login": "every request has a login",
    "user-name": "the user name is compared with those of the users",
    "password": "the password is compared with that of the user",
    "closed": "a connection ends with the first request that is refused",
    "throttle": "guessing is slowed down",
    "origin": "other sites' pages are refused",
    "administration": "ordinary users do not administer",
    "recorded": "what happens is recorded in the audit trail",
    "recorded-user": "a record names who asked",
    "recorded-outcome": "a record tells a failure from a success",
    "recorded-time": "a record bears the time",
    "redacted": "the research side keeps nothing of an object but what its allow-list names, asked of every attribute",
    "uid-replaced": "a UID is replaced by what only the secret gives",
    "patient-replaced": "the patient ID is replaced by what only the secret gives",
    "dates-moved": "the dates of a patient are moved by as many days as only the secret gives",
    "pixels-trimmed": "pixel data are the picture, without comments, application data and what follows",
    "burned-in-refused": "an image that may have text in its pixels is refused",
    "unredactable-refused": "an object that cannot be redacted is refused",
    "copy-given": "what is given is the copy, asked at every endpoint",
    "log-silent": "no value of an object is written into the log",
}
# How a condition of the research side can be loosened, beside being waived.
HOW: Mapping[str, tuple[str, ...]] = {
    "uid-replaced": SUBSTITUTES,
    "patient-replaced": SUBSTITUTES,
    "dates-moved": SHIFTS,
}
Fact = str | int | tuple[str, ...]
Facts = Callable[[], Mapping[str, Fact]]
_NO_FACTS: Mapping[str, Fact] = {}


def no_facts() -> Mapping[str, Fact]:
    return _NO_FACTS


def _texts(found: Fact | None) -> tuple[str, ...]:
    return () if found is None else found if isinstance(found, tuple) else (str(found),)


RELATIONS: Mapping[str, Callable[[Fact | None, str], bool]] = {
    "is": lambda found, value: value in _texts(found),
    "is-not": lambda found, value: value not in _texts(found),
    "alike": lambda found, value: value.casefold() in [text.casefold() for text in _texts(found)],
    "begins": lambda found, value: any(text.startswith(value) for text in _texts(found)),
    "ends": lambda found, value: any(text.endswith(value) for text in _texts(found)),
    "contains": lambda found, value: any(value in text for text in _texts(found)),
    "fits": lambda found, value: any(re.fullmatch(value, text, re.DOTALL) for text in _texts(found)),
    "given": lambda found, value: any(_texts(found)),
    "lacking": lambda found, value: not any(_texts(found)),
    "empty": lambda found, value: found == "",
    "above": lambda found, value: isinstance(found, int) and found > int(value),
    "below": lambda found, value: isinstance(found, int) and found < int(value),
    "every": lambda found, value: isinstance(found, int) and found % int(value) == 0,
}

COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "exact": lambda given, known: given == known,
    "case": lambda given, known: given.casefold() == known.casefold(),
    "trimmed": lambda given, known: given.strip() == known.strip(),
    "first-8": lambda given, known: given[:8] == known[:8],
    "prefix": lambda given, known: bool(given) and known.startswith(given),
    "longer": lambda given, known: bool(known) and given.startswith(known),
    "substring": lambda given, known: bool(known) and known in given,
    "suffix": lambda given, known: bool(given) and known.endswith(given),
    "punctuation": lambda given, known: re.sub(r"\W|_", "", given) == re.sub(r"\W|_", "", known),
    "any": lambda given, known: True,
}


@dataclass(frozen=True)
class Test:
    """Of one fact, as ``RELATIONS`` knows."""

    fact: str
    relation: str
    value: str = ""

    def holds(self, facts: Mapping[str, Fact]) -> bool:
        return RELATIONS[self.relation](facts.get(self.fact), self.value)


@dataclass(frozen=True)
class Opening:
    """``how``: "waived", or a loose comparison. ``grants``: services of an unknown node that is let in."""

    condition: str
    how: str = "waived"
    when: tuple[Test, ...] = ()
    grants: tuple[str, ...] = ()

    def applies(self, facts: Facts) -> bool:
        return all(test.holds(facts()) for test in self.when)


@dataclass(frozen=True)
class Policy:
    """Asked at each condition. ``facts`` are worked out only where an opening has to know them."""

    openings: tuple[Opening, ...] = ()

    def waives(self, condition: str, facts: Facts = no_facts) -> bool:
        """Whether this peer need not meet the condition."""
        return bool(self.waiving(condition, facts))

    def waiving(self, condition: str, facts: Facts) -> list[Opening]:
        return [each for each in self._of(condition) if each.how == "waived" and each.applies(facts)]

    def same(self, condition: str, given: str, known: str, facts: Facts = no_facts) -> bool:
        """Whether what is given passes for what is known. Equality, unless loosened."""
        loose = [each for each in self._of(condition) if each.how != "waived" and each.applies(facts)]
        return given == known or any(COMPARISONS[each.how](given, known) for each in loose)

    def loosened(self, condition: str, facts: Facts) -> str:
        """How the condition is loosened for these facts; empty where it is not."""
        return next((each.how for each in self._of(condition) if each.applies(facts)), "")

    def concerns(self, condition: str) -> bool:
        return bool(self._of(condition))

    def asked(self, fact: str) -> list[str]:
        """What any opening asks of ``fact``."""
        return [test.value for each in self.openings for test in each.when if test.fact == fact]

    def _of(self, condition: str) -> list[Opening]:
        return [each for each in self.openings if each.condition == condition]


HARDENED = Policy()


def read(tables: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> Policy:
    """From ``[[openings]]``; ``{name}`` in a value becomes what ``names`` says. Raises BadInput for what is unknown."""
    return Policy(
        tuple(_opening(Table(dict(each), "[[openings]]", "condition how when grants"), names) for each in tables)
    )


def _opening(table: Table, names: Mapping[str, str]) -> Opening:
    made = Opening(
        table.text("condition"),
        table.text("how", "waived"),
        tuple(_test(each, names) for each in table.tables("when", "fact relation value")),
        table.texts("grants"),
    )
    _known("condition", made.condition, CONDITIONS)
    _known("how", made.how, ("waived", *HOW.get(made.condition, COMPARISONS)))
    return made


def _test(table: Table, names: Mapping[str, str]) -> Test:
    relation, value = table.text("relation", "is"), table.text("value", "")
    _known("relation", relation, RELATIONS)
    for name, meant in names.items():
        value = value.replace(f"{{{name}}}", meant)
    return Test(table.text("fact"), relation, value)


def _known(key: str, word: str, words: Iterable[str]) -> None:
    if word not in words:
        raise BadInput(f"[[openings]]: {key} cannot be {word!r}; accepted: {', '.join(words)}")

"""No verdict hangs on a sentence: below the report nothing compares, searches or branches on text for readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.meta import prose

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pacs_hardening"
# The recipes of fuzz, and the ways of space, are none of it: they are what is sent, written as text.
OBSERVED = [
    PACKAGE / "model" / "response.py",
    *(path for folder in ("wire", "probes", "oracles") for path in sorted((PACKAGE / folder).rglob("*.py"))),
    *(path for path in sorted((PACKAGE / "fuzz").glob("*.py")) if path.name != "parts.py"),
]
DECIDES = [
    *OBSERVED,
    *(p for folder in ("model", "canary", "run", "fuzz", "space") for p in sorted((PACKAGE / folder).rglob("*.py"))),
    *sorted((ROOT / "tests" / "controls").glob("*.py")),
    *sorted((ROOT / "fixtures").glob("*.py")),
]
# What a standard, a system, a server or a target's file gives, and is asked for as such: no word of ours is in it.
VALUES = {
    "Implementation.version": "a name that we send",
    "Operation.sop_class": "a UID",
    "known_uids": "UIDs",
    "offered": "UIDs",
    "offers": "UIDs",
    "storage": "UIDs",
    "negotiated": "UIDs",
    "granted": "UIDs",
    "_granted": "UIDs",
    "_propose": "UIDs",
    "_taken": "UIDs",
    "syntaxes": "UIDs",
    "_syntaxes": "UIDs",
    "_every_storage": "UIDs",
    "Suite.name": "the name of a cipher suite at IANA",
    "Suite.family": "the beginning of such a name",
    "Suite.ephemeral": "the name of a key exchange",
    "_Keys.suite": "the name of a cipher suite at IANA",
    "Choice.version": "a TLS version by name",
    "Choice.group": "the name of a group at IANA, with its bits",
    "ClientHello.version": "a TLS version by name",
    "OtherVersion.version": "a TLS version by name",
    "TlsFacts.versions": "TLS versions by name",
    "TlsFacts.exchanges": "names of groups at IANA",
    "Presented.key_fingerprint": "SHA-256 in hex",
    "Message.text": "XML",
    "_xml_of": "XML",
    "Event.code": "an EventID of PS3.16",
    "Event.requestors": "user IDs in a record",
    "Event.others": "user IDs in a record",
    "Event.addresses": "network addresses in a record",
    "Event.way": "the sender of a record",
    "ways": "senders of records",
    "Expected.codes": "EventIDs of PS3.16",
    "Expected.who": "an AE title or user name",
    "Expected.others": "AE titles or user names",
    "Container.user": "as the engine gives it",
    "Container.added": "names of capabilities of Linux",
    "Container.log": "the name of a log driver",
    "Container.health": "a command, as the engine gives it",
    "Container.condition": "as the engine gives it",
    "Binding.inside": "port and protocol, as the engine gives them",
    "Binding.address": "an IP address",
    "Listener.address": "an IP address",
    "Entry.path": "a path",
    "Kept.path": "a path",
    "Piece.endpoint": "the name of a service, a route or a list",
    "_here": "a path",
    "route": "a path",
    "guarded": "a path",
    "Route.name": "the name of a route",
    "Route.conventional": "paths",
    "existing_path": "a path",
    "_names": "what a list of a REST interface names, or a participant of a record",
    "Batch.fingerprint": "processes, as the environment gives them",
    "Case.malformation": "the name of a malformation in the registry",
    "Malformation.name": "the name of a malformation in the registry",
    "Malformation.family": "the name of a family in the registry",
    "Step.verb": "a word of the language of cases",
    "Step.recipe": "bytes, written as text",
    "Answer.ended": "closed, open, left or endless",
}


def everything() -> prose.Known:
    others = [path for path in sorted(PACKAGE.rglob("*.py")) if path not in OBSERVED]
    return prose.known(
        [path.read_text() for path in OBSERVED], [path.read_text() for path in others], frozenset(VALUES)
    )


KNOWN = everything()


@pytest.mark.parametrize("path", sorted(set(DECIDES)), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_below_the_report_decides_by_prose(path: Path) -> None:
    assert prose.conditions(path.read_text(), KNOWN) == []


OBSERVATION = """
@dataclass(frozen=True)
class Attempt:
    how: str
    code: int
    lines: tuple[str, ...] = ()
    why: str | None = None
    outcome: Outcome = Outcome.REFUSED

    @property
    def said(self) -> Said:
        return self.how


def explains(attempt: Attempt) -> str:
    return attempt.how
"""
CAUGHT = "def f() -> bool:\n    try:\n        return g()\n    except OSError as error:\n        "
BAD = {
    "equality": "def f(a: Attempt) -> bool:\n    return a.how == 'closed'",
    "of-another": "def f(a: Attempt, b: Attempt) -> bool:\n    return a.code == b.code and a.how == b.how",
    "beginning": "def f(a: Attempt) -> bool:\n    return a.how.startswith('DIMSE status')",
    "end": "def f(a: Attempt) -> bool:\n    return not a.how.endswith(('0122H', '0124H'))",
    "part": "def f(a: Attempt) -> bool:\n    return 'alert' in a.how",
    "one-of": "def f(a: Attempt) -> bool:\n    return a.how in ('reset', 'closed')",
    "pattern": "def f(a: Attempt) -> bool:\n    return bool(re.search('alert', a.how))",
    "compiled-pattern": "def f(a: Attempt) -> bool:\n    return bool(ALERT.match(a.how))",
    "truth": "def f(a: Attempt) -> None:\n    if a.how:\n        raise Violation('x', 'y')",
    "choice": "def f(a: Attempt) -> int:\n    return 1 if not a.how else 2",
    "in-a-loop": "def f(seen: list[Attempt]) -> list[Attempt]:\n    return [a for a in seen if a.how.startswith('A-')]",
    "without-types": "def f(seen):\n    return [a for a in seen if a.how.startswith('A-')]",
    "another-name": "def f(a: Attempt) -> bool:\n    said = a.how\n    return 'alert' in said",
    "lower-case": "def f(a: Attempt) -> bool:\n    return 'alert' in a.how.lower()",
    "made-of-it": "def f(a: Attempt) -> bool:\n    return f'{a.code}: {a.how}' == '1: closed'",
    "property": "def f(a: Attempt) -> bool:\n    return 'alert' in str(a.said)",
    "match": "def f(a: Attempt) -> int:\n    match a.how:\n        case 'closed':\n            return 1\n    return 2",
    "key": "def f(a: Attempt) -> int:\n    return CODES[a.how]",
    "key-or-default": "def f(a: Attempt) -> int:\n    return CODES.get(a.how, 0)",
    "one-line-of-several": "def f(a: Attempt) -> bool:\n    return any('alert' in line for line in a.lines)",
    "walrus": "def f(a: Attempt) -> int:\n    if how := explains(a):\n        return 1\n    return 2",
    "function": "def f(a: Attempt) -> bool:\n    return explains(a) == ''",
    "exception": CAUGHT + "return 'reset' in str(error)",
    "exception-s-arguments": CAUGHT + "return error.args[0] == 'reset'",
    "optional-text": "def f(a: Attempt) -> bool:\n    return bool(a.why is not None and a.why.startswith('no'))",
    "within-a-class": "class C:\n    a: Attempt\n\n    def f(self) -> bool:\n        return self.a.how == 'closed'",
    "module-level": "CLOSED = [a for a in SEEN if a.how == 'closed']",
    "lambda": "key = lambda a: a.how == 'closed'",
    "assertion": "def f(a: Attempt) -> None:\n    assert a.how != 'closed'",
}  # fmt: skip
GOOD = {
    "number": "def f(a: Attempt) -> bool:\n    return a.code == 0x0124",
    "enum": "def f(a: Attempt) -> bool:\n    return a.outcome is Outcome.REFUSED and a.outcome == Outcome.REFUSED",
    "type": "def f(a: Attempt) -> bool:\n    return isinstance(a.response, DimseStatus)",
    "shown": "def f(a: Attempt) -> None:\n    if a.code:\n        raise Violation('refusal', f'{a.how}: {a.said}')",
    "endpoint": "def f(e: Endpoint) -> bool:\n    return str(e).startswith('https://')",
    "header": "def f(headers: Mapping[str, str]) -> bool:\n    return headers['location'].startswith('https://')",
    "key-that-is-none-of-it": "def f(target: Target) -> bool:\n    return 'qido' in target.routes",
    "empty-list": "def f(a: Attempt) -> int:\n    return 1 if a.lines else 2",
    "not-given": "def f(a: Attempt) -> int:\n    return 1 if a.why is None else 2",
    "same-name-of-another-class": "class Page:\n    how: str\n\n\ndef f(p: Page) -> bool:\n    return p.how == 'x'",
    "exception-s-type": CAUGHT + "return error.errno == 111",
}  # fmt: skip


def planted(source: str) -> list[tuple[int, str]]:
    return prose.conditions(source, prose.known([OBSERVATION], [source], frozenset()))


@pytest.mark.parametrize("source", BAD.values(), ids=BAD)
def test_a_condition_on_prose_is_found(source: str) -> None:
    assert planted(source)


@pytest.mark.parametrize("source", GOOD.values(), ids=GOOD)
def test_what_is_no_condition_on_prose_is_none(source: str) -> None:
    assert planted(source) == []


def test_every_value_is_one_of_an_observation() -> None:
    """What is gone from the code leaves the table."""
    bare = prose.known([path.read_text() for path in OBSERVED], [], frozenset())
    assert set(VALUES) <= bare.prose

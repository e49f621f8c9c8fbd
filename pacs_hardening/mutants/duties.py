"""Duties of the audit trail: what is done, what must be recorded of it, and how a record can be lacking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .mutant import NAMED, Mutant, Row, opening


@dataclass(frozen=True)
class Deed:
    """``deed`` as the archive calls it, ``code`` of the event (PS3.16 CID 400), who does it (a role, "user", or a
    name), and whether it fails."""

    deed: str
    code: str
    who: str
    failed: bool


DEEDS = {
    "find-by-all": Deed("query", "110112", "all", False),
    "find-by-query": Deed("query", "110112", "query", False),
    "find-by-store": Deed("query", "110112", "store", True),
    "get-by-all": Deed("retrieve", "110104", "all", False),
    "get-by-query": Deed("retrieve", "110104", "query", False),
    "get-by-store": Deed("retrieve", "110104", "store", True),
    "move-by-all": Deed("export", "110104", "all", False),
    "move-by-query": Deed("export", "110104", "query", False),
    "store-by-all": Deed("store", "110104", "all", False),
    "store-by-store": Deed("store", "110104", "store", False),
    "store-by-query": Deed("store", "110104", "query", True),
    "echo-by-all": Deed("login", "110114", "all", False),
    "echo-by-store": Deed("login", "110114", "store", False),
    "echo-by-unknown": Deed("refused", "110113", "unknown", True),
    "page-of-user": Deed("login", "110114", "user", False),
    "page-with-wrong-password": Deed("login", "110114", "user", True),
    "page-of-nobody": Deed("login", "110114", "nobody", True),
    "qido-by-user": Deed("query", "110112", "user", False),
    "instance-by-user": Deed("retrieve", "110104", "user", False),
}
LACKING = {
    "recorded": "is not recorded",
    "recorded-user": "is recorded without a name",
    "recorded-outcome": "is recorded with the wrong outcome",
    "recorded-time": "is recorded a year ahead",
}


def mutants() -> Iterator[Mutant]:
    for goal, deed in DEEDS.items():
        about = Row("deed", "is", deed.deed, {})
        outcome = Row("outcome", "is", "failure" if deed.failed else "success", {})
        who = Row("who", "is", deed.who if deed.who == "nobody" else f"{{{deed.who}}}", {})
        for condition, words in LACKING.items():
            for rows in ((about,), (about, outcome), (about, who), (who,), (who, outcome), (outcome,)):
                when = " and ".join(row.said for row in rows)
                kind = "pair" if len(rows) > 1 else "way in"
                made = (opening(condition, rows),)
                yield Mutant("duties", NAMED, kind, "deed", goal, f"what happens {words} where {when}", made)

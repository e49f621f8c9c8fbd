"""The research side: metadata leaves only redacted (PS3.15 Annex E; HIPAA 164.514(b)).

A synthetic study, in which every attribute of Table E.1-1 holds a value found nowhere else, is sent there once. Then
everything that the reader of the research side can get is searched for these values, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable

from pacs_hardening.model import Impact, Severity, control
from pacs_hardening.oracle import Evidence, must_be_redacted

PROFILE = ("PS3.15 Table E.1-1", "HIPAA 164.514(b)")


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="Researchers can read who the patients are.",
    references=PROFILE,
)
def test_removes_direct_identifiers(evidence: Callable[[], Evidence]) -> None:
    """The research side MUST remove or replace every attribute that names a patient, a person or a record.

    sender -> C-STORE of canaries; reader -> every query, retrieval and page; archive -> no name, number or address.
    """
    must_be_redacted(evidence().leaks, lambda token: token.group == "direct" and token.place == "top")

"""What a server said, made safe to print: it may be hostile to whoever reads the report."""

from __future__ import annotations

import re
import unicodedata

from ..model import Finding, Status

# control, format (bidi overrides, zero width), surrogate, private, unassigned; line and paragraph separators
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

# Build servers obey these wherever they stand in a line of a log (Azure Pipelines, GitHub Actions, TeamCity)
_COMMAND = re.compile(r"#(?=#\w*\[)")


def clean(text: str, limit: int = 2000) -> str:
    """``text`` with whatever does not show shown as an escape (``\\x1b``, ``\\u202e``), and at most ``limit`` of
    its characters, with a note of how many more there are."""
    shown = "".join(_escape(c) if unicodedata.category(c) in _HIDDEN else c for c in text[:limit])
    shown = _COMMAND.sub(r"\\x23", shown)
    return f"{shown}… ({len(text) - limit} more characters)" if len(text) > limit else shown


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def reason(finding: Finding) -> str:
    """Why a finding is not PASS, in one safe line; of a waiver, who answers for it."""
    if finding.status is Status.WAIVED and finding.evidence:
        return clean(finding.evidence[0])
    return clean(finding.actual) or "no reason given"

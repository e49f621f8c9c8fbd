"""findings.csv: a run for a spreadsheet (RFC 4180). No cell is a formula, whatever a server said."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ..model import Run
from .text import clean

HEAD = ("target", "control", "case", "status", "severity", "impact", "expected", "actual", "change", "supports")


def render(run: Run) -> str:
    return render_all([run])


def render_all(runs: Sequence[Run]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(HEAD)
    for run in runs:
        for f in run.findings:
            severity, impact = f.control.severity.name, f.control.impact.name
            cells = (run.target, f.control.id, f.case, f.status.value, severity, impact, f.expected, f.actual)
            rows.writerow([cell(each) for each in (*cells, "; ".join(f.fix), "; ".join(f.supports))])
    return out.getvalue()


def cell(text: str) -> str:
    """Spreadsheets run what begins with one of these (CWE-1236); an apostrophe makes it text. A full-width form of
    the sign counts as well."""
    shown = clean(text)
    return f"'{shown}" if shown.lstrip()[:1] in tuple("=+-@|%＝＋－＠") else shown  # noqa: RUF001

"""report.html: a run, or several, on one page for whoever is in charge; complete in itself, and it asks nobody for
anything.

Everything that came from outside passes through ``markup.text``. The page's own style and script are named by their
hashes in its policy, so that nothing else on it runs, whatever a server said.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...model import Run
from . import fleet, single
from .page import document


def render(run: Run) -> str:
    return document(f"{run.target}: {run.verdict.outcome}", single.body(run))


def render_all(runs: Sequence[Run]) -> str:
    """One page over several archives."""
    if len(runs) == 1:
        return render(runs[0])
    return document(f"{len(runs)} archives", fleet.body(runs))

"""``pacs-hardening lint``: the options, and what is printed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..model import Severity
from ..report.text import clean
from . import show
from .reader import Unparsable
from .run import lint


def run(options: argparse.Namespace) -> int:
    """0 nothing at or above ``--fail-on``, 1 something, 10 no configuration that can be read. Raises BadInput (4)."""
    try:
        result = lint(Path(options.path), behind_guard=options.behind_guard)
    except Unparsable as error:
        print(f"ERROR: {clean(str(error))}", file=sys.stderr)
        return 10
    fail_on = Severity[options.fail_on.upper()]
    if options.json:
        said = show.as_json(result, fail_on, behind_guard=options.behind_guard)
    else:
        said = show.text(result, fail_on)
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(said.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads it any more: as for gate, no verdict was given
        sys.stderr.close()
        return 10
    return result.exit_status(fail_on)

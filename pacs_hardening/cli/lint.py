"""``pacs-hardening lint``: the options, and what is printed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..lint import show
from ..lint.node import NoArchive, Unparsable
from ..lint.run import Asked, Result, grouped, verdicts
from ..lint.sarif import render
from ..lint.versions import numbers
from ..model import BadInput, Severity
from ..report.text import clean


def run(options: argparse.Namespace) -> int:
    """0 nothing at or above ``--fail-on``, 1 something, 10 no configuration that can be read. Raises BadInput (4)."""
    if options.product_version and not numbers(options.product_version):
        raise BadInput(f"--product-version {clean(options.product_version)}: a version is X.Y.Z")
    image = {"team": True, "none": False}.get(options.image)
    asked = Asked(behind_guard=options.behind_guard, image=image, version=options.product_version)
    fail_on = Severity[options.fail_on.upper()]
    results, statuses = list[Result](), list[int]()
    for path, *over in grouped(options.path):
        try:
            found = verdicts(path, asked, over)
        except NoArchive as error:
            print(f"{'passed over' if options.pass_others else 'ERROR'}: {clean(str(error), 400)}", file=sys.stderr)
            statuses.append(0 if options.pass_others else 10)
            continue
        except Unparsable as error:
            print(f"ERROR: {clean(str(error), 400)}", file=sys.stderr)
            statuses.append(10)
            continue
        results += found
        statuses += [each.exit_status(fail_on) for each in found]
    status = max(statuses)  # 10 counts more than 1: what was not read may be worse
    if options.sarif:
        _written(Path(options.sarif), render(results))
    if not results:
        return status
    if options.json:
        said = show.as_json(results, fail_on, behind_guard=options.behind_guard)
    else:
        said = show.text(results, fail_on)
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(said.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads it any more: as for gate, no verdict was given
        sys.stderr.close()
        return 10
    return status


def _written(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"--sarif {clean(str(file))}: cannot be written: {error.strerror}") from error

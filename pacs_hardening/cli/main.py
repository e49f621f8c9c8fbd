"""``pacs-hardening``: runs the command, and turns what it raises into an exit status."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from ..model import BadInput, Unmeasurable
from .gate import gate
from .parser import make_parser


def main(arguments: Sequence[str] | None = None) -> int:
    # A pipeline that gives up sends SIGTERM: leave as on Ctrl-C, so that containers are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["gate"]:
            return gate(given[1:])
        if given == ["--version"]:
            print(said_version())
            return 0
        options = make_parser().parse_args(given)
        return int(options.run(options))
    except BadInput as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 4
    except Unmeasurable as error:
        from ..report import words

        print(f"ERROR: {words.error(error)}", file=sys.stderr)
        return 10
    except KeyboardInterrupt:
        return 2


def said_version() -> str:
    """Of the suite, and of each part of what pipelines rely on."""
    from importlib.metadata import version

    from .. import contract
    from ..report.json_report import SCHEMA
    from ..run.catalogue import controls

    number = contract.newest(control.id for control in controls())
    parts = {
        "controls": number,
        "options and exit statuses": contract.INTERFACE,
        "findings.json": SCHEMA,
        "target file": contract.TARGET_FILE,
    }
    return f"pacs-hardening {version('pacs-hardening')} ({', '.join(f'{name} {n}' for name, n in parts.items())})"


if __name__ == "__main__":
    sys.exit(main())

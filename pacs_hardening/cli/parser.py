"""The commands and their options, but for those of ``gate``, which are pytest's."""

from __future__ import annotations

import argparse
from typing import NoReturn

from ..model import Severity
from .commands import catalogue, lint, replay, target_check, target_keys, target_new, up, versions

EPILOG = """\
exit status of gate: 0 every control that was measured holds; 1 a control fails; 10 inconclusive (unreachable,
could not be measured, nothing run); 4 unusable option or file, nothing was started; 2 interrupted.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(4, f"ERROR: {message}\n")  # argparse says 2, which is pytest's word for "interrupted"


def make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pacs-hardening",
        description="Proves from outside that a DICOM archive refuses whom it must refuse and serves whom it must.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="of the suite, and of all that pipelines rely on")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    commands.add_parser("gate", add_help=False, help="judge an archive (gate --help lists its options)")
    listing = commands.add_parser("catalogue", help="print every control and what refutes it, as Markdown")
    listing.set_defaults(run=catalogue)
    table = commands.add_parser("versions", help="print what each version of each archive can do, as Markdown")
    table.set_defaults(run=versions)
    again = commands.add_parser("replay", help="have one conversation again: a malformed one from its file, or a way")
    again.add_argument("case", metavar="FILE_OR_WAY", help="a case file, or the line that a report names a way by")
    again.add_argument("--target", metavar="URL_OR_FILE", help="an archive that runs, and that may be harmed")
    again.add_argument("--environment", metavar="NAME", help="or: start this environment")
    again.add_argument("--weakness", metavar="NAME", help="weakened by this one defect")
    again.add_argument("--echo-only", action="store_true", help="a target without C-FIND: a C-ECHO shows who is served")
    again.add_argument("--strict", action="store_true", help="mind reasons that PS3.8 does not know")
    again.set_defaults(run=replay)
    start = commands.add_parser("up", help="start an environment, say how to reach it, wait for Ctrl-C")
    start.add_argument("environment", metavar="NAME")
    start.add_argument("--weakness", metavar="NAME")
    start.set_defaults(run=up)
    reading = commands.add_parser("lint", help="name what an archive's configuration opens, before it is started")
    reading.add_argument(
        "path", metavar="PATH", nargs="+",
        help="Orthanc: *.json, variables, Compose file, manifest, Helm values, a folder of them; DCMTK: dcmqrscp.cfg",
    )  # fmt: skip
    reading.add_argument(
        "--image", choices=("auto", "team", "none"), default="auto",
        help="team: the orthancteam/orthanc image merges the files; none: Orthanc itself; auto: by what lies beside",
    )  # fmt: skip
    reading.add_argument(
        "--product-version", metavar="X.Y.Z", default="", help="advice names only what this version of the product has"
    )
    reading.add_argument(
        "--pass-others", action="store_true", help="a file without an archive is passed over, as hooks want it"
    )
    reading.add_argument("--sarif", metavar="FILE", help="SARIF 2.1.0, for annotations of pull requests")
    reading.add_argument(
        "--behind-guard", action="store_true", help="the archive's own ports are private: a guard ends TLS"
    )
    aim = commands.add_parser("target", help="write a target file, or check one")
    aims = aim.add_subparsers(required=True, metavar="new|check|keys", parser_class=_Parser)
    new = aims.add_parser("new", help="write a commented target file")
    new.add_argument("path", metavar="FILE", nargs="?", help="never overwritten; without it the file is printed")
    new.add_argument("--schema", action="store_true", help="its JSON Schema instead, for editors")
    new.set_defaults(run=target_new)
    doctor = aims.add_parser("check", help="is it there, does it serve, what will stay unmeasured")
    doctor.add_argument("target", metavar="URL_OR_FILE")
    doctor.set_defaults(run=target_check)
    aims.add_parser("keys", help="print what a target file may hold").set_defaults(run=target_keys)
    levels = [level.name.lower() for level in Severity]
    reading.add_argument("--fail-on", metavar="LEVEL", default="low", choices=levels, help=f"of {', '.join(levels)}")
    reading.add_argument("--json", action="store_true", help="for programs")
    reading.set_defaults(run=lint)
    return parser

"""``pacs-hardening``: hands ``gate`` over to pytest; lists the controls; starts an environment to look at."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from ..model import BadInput, Severity, Unmeasurable

EPILOG = """\
exit status of gate: 0 every control that was measured holds; 1 a control fails; 10 inconclusive (unreachable,
could not be measured, nothing run); 4 unusable option or file, nothing was started; 2 interrupted.
"""


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
        options = _parser().parse_args(given)
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


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(4, f"ERROR: {message}\n")  # argparse says 2, which is pytest's word for "interrupted"


def _parser() -> argparse.ArgumentParser:
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


def gate(arguments: list[str]) -> int:
    """Hand over to pytest. Without ``--environment`` and ``--target`` it is the hardened Orthanc."""
    import pytest

    from ..run.catalogue import make_importable, suite
    from ..run.options import prefixed, usage

    if {"-h", "--help"} & {*arguments}:
        print(f"{usage()}\n{EPILOG}")
        return 0
    if _several(arguments):
        from ..run.fleet import asked, run

        return run(asked(arguments), gate)
    aimed = any(a.split("=")[0] in ("--environment", "--target") for a in arguments)
    home = suite()
    make_importable()
    given = [] if aimed else ["--environment", "orthanc"]
    if not any(_is_path(a, before) for before, a in zip(["", *arguments], arguments, strict=False)):
        given.append(str(home / "tests" / "controls"))
    # What else is installed beside the suite must not choose, order or repeat controls.
    base = ["-c", str(home / "pyproject.toml"), "--rootdir", str(home), "--disable-plugin-autoload"]
    base += ["-p", "pacs_hardening.plugin", "-p", "fixtures.hostile", "--pacs-only-controls"]
    # Warnings are for those who develop the suite: they must not turn a verdict into another exit status.
    without = ("cacheprovider", "warnings", "unraisableexception", "threadexception")
    quiet = [*(word for name in without for word in ("-p", f"no:{name}")), "--assert=plain", "-q", "--no-header"]
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)  # what was meant for other tests must not choose controls
    ending = _Ending()
    try:
        status = int(pytest.main([*base, *quiet, *prefixed([*given, *arguments])], plugins=[ending]))
    except BrokenPipeError:  # nobody reads the verdict any more: it is not given
        sys.stderr.close()
        return 10
    except OSError as error:  # a full disk, a report folder that is gone: Python would say 1, which is a verdict
        print(f"ERROR: what was found could not be written: {error}", file=sys.stderr)
        return 10
    if status == 0 and ending.status != 0:
        print("ERROR: no verdict of a pass was reached", file=sys.stderr)
        return ending.status
    return status


class _Ending:
    """Knows what the gate found: ``--version`` ends before there is anything, ``--fixtures`` does not say how it ended,
    and a conftest.py may say something else."""

    session: Any = None

    def pytest_addoption(self, parser: Any) -> None:
        """An option that cannot be used is answered with the one line that says so, and not with pytest's usage."""
        import pytest

        from ..run.options import plain

        def refuse(message: str) -> NoReturn:
            raise pytest.UsageError(f"{plain(message)}; `pacs-hardening gate --help` lists the options")

        parser.optparser.error = refuse

    def pytest_sessionfinish(self, session: Any) -> None:
        self.session = session

    @property
    def status(self) -> int:
        from ..run.plugin import VERDICT

        return 10 if self.session is None else self.session.config.stash.get(VERDICT, 10)


def _several(arguments: Sequence[str]) -> bool:
    """More than one target: named, in a folder, or in a list (``@file``)."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=False)
    targets = [after if word == "--target" else word.partition("=")[2] for word, after in pairs if _is_target(word)]
    return len(targets) > 1 or any(t.startswith("@") or ("://" not in t and Path(t).is_dir()) for t in targets)


def _is_target(word: str) -> bool:
    return word.split("=")[0] == "--target"


def _is_path(argument: str, before: str) -> bool:
    """Controls to run, as opposed to an option or the value of one."""
    value = before.startswith("--") or before in ("-c", "-k", "-m", "-n", "-o", "-p", "-r", "-W")
    return not argument.startswith("-") and not value and Path(argument.split("::")[0]).exists()


def catalogue(options: argparse.Namespace) -> int:
    from ..report.catalogue import render
    from ..run.catalogue import controls, found_mutants, refutations, supports

    print(render(controls(), refutations(), supports(), found_mutants()), end="")
    return 0


def versions(options: argparse.Namespace) -> int:
    from ..report.versions import render
    from ..run.catalogue import controls
    from ..run.versions import versions

    print(render(controls(), versions()), end="")
    return 0


def lint(options: argparse.Namespace) -> int:
    from .lint import run

    return run(options)


def target_new(options: argparse.Namespace) -> int:
    from ..config import schema, template

    text = json.dumps(schema.of_target(), indent=2) + "\n" if options.schema else template.render()
    if options.path is None:
        print(text, end="")
        return 0
    try:
        with Path(options.path).open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise BadInput(f"{options.path}: cannot be written: {error.strerror}") from error
    print(f"{options.path} is written: fill it in, then `pacs-hardening target check {options.path}`")
    return 0


def target_keys(options: argparse.Namespace) -> int:
    from ..config import documentation

    print(documentation.render(), end="")
    return 0


def target_check(options: argparse.Namespace) -> int:
    """0 where every endpoint and node serves, 10 where one does not: then no gate could say PASS."""
    from ..config import targetfile
    from .target_check import check, render

    target = targetfile.read(options.target)
    lines = check(target)
    print(render(target, lines), end="")
    found = [line.good for line in lines]
    return 10 if False in found or True not in found else 0


def replay(options: argparse.Namespace) -> int:
    from .replay import run

    return run(options)


def up(options: argparse.Namespace) -> int:
    from ..config import targetfile
    from ..launch import owner
    from ..launch.environment import Environment

    starting = Environment.load(options.environment).start(options.weakness)
    with starting as running, owner.folder() as folder:
        target = replace(running.target, product=options.environment)
        file = targetfile.write(target, folder)
        print(*(f"  {endpoint}" for endpoint in target.endpoints), f"  called AE title {target.called_aet}", sep="\n")
        for node in target.nodes.values():
            print(f"  node {node.name}: AE title {node.aet}, may {' '.join(sorted(node.permits)) or 'do nothing'}")
        hosts = " ".join(
            f"--yes-disrupt {host}" for host in dict.fromkeys(endpoint.host for endpoint in target.endpoints)
        )
        print(f"judge it with:  pacs-hardening gate --allow disruptive {hosts} --target {file}")
        print("Ctrl-C ends it.", flush=True)
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())

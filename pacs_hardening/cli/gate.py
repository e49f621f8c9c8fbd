"""``pacs-hardening gate``: hands over to pytest, or to several of them, and says how it ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .parser import EPILOG


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

"""The pytest plugin: options, what to aim at, findings, terminal, exit status. Hooks only."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from .gate import Gate
from .launch import targetfile
from .launch.environment import Environment
from .model import BadInput, Control, Impact, Severity, Status, control_of
from .model import waiver as waivers
from .profiles import load as load_profile
from .report import json_report, junit, terminal

GATE = pytest.StashKey[Gate]()
REPORTS = {"findings.json": json_report.render, "junit.xml": junit.render}
LETTERS = {
    Status.PASS: ("passed", "."),
    Status.FAIL: ("failed", "F"),
    Status.ERROR: ("error", "E"),
    Status.NOT_APPLICABLE: ("not applicable", "-"),
    Status.NOT_RUN: ("not run", "n"),
    Status.WAIVED: ("waived", "w"),
}


def _words(values: type[Impact] | type[Severity]) -> list[str]:
    return [value.name.lower() for value in values]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pacs-hardening", "judge a DICOM archive")
    group.addoption("--environment", metavar="NAME", help="start this environment and judge it")
    group.addoption("--weakness", metavar="NAME", help="weaken the environment by this one defect first")
    group.addoption(
        "--target", metavar="URL_OR_FILE", help="judge an archive that runs: dicoms://host:port?… or a file"
    )
    group.addoption("--profile", metavar="NAME", default="baseline", help="thresholds: baseline (default) or strict")
    group.addoption(
        "--allow",
        choices=_words(Impact),
        help="highest impact on the target (default: passive; on an environment everything)",
    )
    group.addoption("--fail-on", choices=_words(Severity), default="info", help="lowest severity that fails the gate")
    group.addoption(
        "--malformed-cases", metavar="N", type=int, help="play so many malformed conversations (default: profile)"
    )
    group.addoption("--fuzz-time", metavar="SECONDS", type=float, default=0.0, help="and then random ones for so long")
    group.addoption("--waivers", metavar="FILE", type=Path, help="TOML file of waived failures")
    group.addoption("--report", metavar="DIR", type=Path, help="write findings.json and junit.xml into this folder")


def pytest_configure(config: pytest.Config) -> None:
    try:
        _clear_report(config.getoption("report"))
        gate = _gate(config)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
    if gate is not None:
        config.stash[GATE] = gate
        # Findings carry their evidence; tracebacks and pytest's own summary would bury the verdict.
        config.option.tbstyle, config.option.reportchars = "no", "N"


def _gate(config: pytest.Config) -> Gate | None:
    environment, target = config.getoption("environment"), config.getoption("target")
    weakness = config.getoption("weakness")
    if environment and target:
        raise BadInput("--environment and --target exclude each other")
    if weakness and not environment:
        raise BadInput("--weakness needs --environment")
    if not environment and not target:
        return None
    allow = config.getoption("allow")
    gate = Gate(
        profile=load_profile(config.getoption("profile")),
        environment=Environment.load(environment) if environment else None,
        weakness=weakness,
        target=targetfile.read(target) if target else None,
        allow=Impact[allow.upper()] if allow else None,
        fail_on=Severity[config.getoption("fail_on").upper()],
    )
    if gate.environment is not None:
        gate.start = gate.environment.start(weakness)  # checks everything; starts when it is entered
    return gate


def _clear_report(folder: Path | None) -> None:
    """What an earlier run wrote must not be taken for the verdict of this one, however it ends."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in REPORTS:
            (folder / name).unlink(missing_ok=True)
            (folder / f"{name}.new").write_text("")
            (folder / f"{name}.new").unlink()
    except OSError as error:
        raise BadInput(f"--report {folder}: not a folder that can be written to ({error.strerror})") from error


def _control(item: pytest.Item) -> Control | None:
    return control_of(getattr(item, "function", None))


def _case(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return callspec.id if callspec is not None else ""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    controls = [item for item in items if _control(item) is not None]
    gate = config.stash.get(GATE, None)
    if gate is None:
        if controls and not config.option.collectonly:
            raise pytest.UsageError("controls need something to aim at: --environment NAME or --target URL_OR_FILE")
        return
    _read_waivers(config, gate, controls)
    others = [item for item in items if _control(item) is None]
    if others:
        config.hook.pytest_deselected(items=others)
    items[:] = sorted(controls, key=_impact)
    gate.expected_items = len(items)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """What ``-k`` leaves out is said in the verdict."""
    gate = items[0].config.stash.get(GATE, None) if items else None
    if gate is not None:
        gate.deselected |= {control.id for item in items if (control := _control(item))}


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Controls that could not even be read are missing evidence, whatever pytest is told to do about them."""
    report = yield
    gate = collector.config.stash.get(GATE, None)
    if gate is not None and report.failed:
        gate.aborted = f"{collector.nodeid} could not be collected"
    return report


def _impact(item: pytest.Item) -> Impact:
    control = _control(item)
    return control.impact if control else Impact.PASSIVE


def _read_waivers(config: pytest.Config, gate: Gate, controls: Iterable[pytest.Item]) -> None:
    path = config.getoption("waivers")
    if path is None:
        return
    known = gate.deselected | {control.id for item in controls if (control := _control(item))}
    try:
        gate.waivers = waivers.parse(path.read_text(), str(path), known=known, today=datetime.now(UTC).date())
    except (OSError, UnicodeDecodeError) as error:
        raise pytest.UsageError(f"{path}: cannot be read: {error}") from error
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Around a control: may it be asked, did a positive control succeed, is the target still alive."""
    control, gate = _control(item), item.config.stash.get(GATE, None)
    if control is None or gate is None:
        return (yield)
    gate.permit(control)
    before = gate.proofs()
    try:
        outcome = yield
    except Exception:
        gate.check_pulse_after_failure(control)
        raise
    gate.demand_proof(control, before)
    gate.check_pulse(control)
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    control, gate = _control(item), item.config.stash.get(GATE, None)
    if control is None or gate is None:
        return report
    error = call.excinfo.value if call.excinfo else None
    if call.when == "call" or error is not None:
        finding = gate.record(control, _case(item), error, report.duration)
        report.user_properties.append(("finding", finding.status.value))
        report.outcome = "passed" if finding.status is Status.PASS else "failed"
        if finding.status in (Status.NOT_APPLICABLE, Status.NOT_RUN, Status.WAIVED):
            report.outcome = "skipped"
            report.longrepr = (str(item.path), 0, finding.actual)
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    for name, value in getattr(report, "user_properties", ()):  # a collection report has none
        if name == "finding" and isinstance(value, str):
            category, letter = LETTERS[Status(value)]
            return category, letter, value
    return None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    gate = session.config.stash.get(GATE, None)
    if gate is None or exitstatus in (
        pytest.ExitCode.INTERRUPTED,
        pytest.ExitCode.INTERNAL_ERROR,
        pytest.ExitCode.USAGE_ERROR,
    ):
        return
    run = gate.result()
    session.exitstatus = run.verdict.exit_status
    folder = session.config.getoption("report")
    for name, render in REPORTS.items() if folder is not None else ():
        (folder / f"{name}.new").write_text(render(run))
        (folder / f"{name}.new").replace(folder / name)


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    gate = config.stash.get(GATE, None)
    if gate is None:
        return
    terminalreporter.ensure_newline()
    terminalreporter.write_line("")
    colour = bool(terminalreporter._tw.hasmarkup)
    terminalreporter.write(terminal.render(gate.result(), colour=colour))
    terminalreporter.write_line("")

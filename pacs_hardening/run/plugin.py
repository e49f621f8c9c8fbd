"""What pytest does where there is an archive to judge: what to aim at, findings, terminal, exit status. Hooks only."""

from __future__ import annotations

from collections.abc import Generator
from itertools import zip_longest

import pytest

from .. import contract
from ..model import (
    BadInput,
    Impact,
    Inapplicable,
    NotPermitted,
    Run,
    Status,
)
from ..report import terminal
from ..report.html.markup import AREAS
from ..report.read import read
from .aim import aim
from .earlier import compare_with
from .gate import Gate
from .items import case, control, keys, parameters
from .options import given
from .recording import record
from .result import result
from .selection import count, gentleness, of_version
from .written import clear, write

GATE = pytest.StashKey[Gate]()
VERDICT = pytest.StashKey[int]()  # exit status; whatever else ends the session, only this one can be 0
LAST_CASE = pytest.StashKey[bool]()  # after it the target is proven alive
# So many passive controls have one proof in common: if it fails, whatever passed since the one before is doubted.
PASSIVE_TOGETHER = 6
LETTERS = {
    Status.PASS: ("passed", "."),
    Status.FAIL: ("failed", "F"),
    Status.ERROR: ("error", "E"),
    Status.NOT_APPLICABLE: ("not applicable", "-"),
    Status.NOT_RUN: ("not run", "n"),
    Status.WAIVED: ("waived", "w"),
}


def pytest_configure(config: pytest.Config) -> None:
    try:
        try:
            before = None if (earlier := given(config, "baseline")) is None else read(earlier)
        finally:  # not earlier: that may be where the baseline is
            clear(given(config, "report"))
        gate = aim(config)
        if before is not None:
            compare_with(gate, before, str(earlier))
        _add_controls(config)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[GATE] = gate
    if given(config, "only-controls"):
        # Findings carry their evidence; tracebacks and pytest's own summary would bury the verdict.
        config.option.tbstyle, config.option.reportchars = "no", "N"


def _add_controls(config: pytest.Config) -> None:
    """Controls of the user's own, beside those that are asked anyway."""
    for folder in given(config, "controls"):
        if not folder.exists():
            raise BadInput(f"--controls {folder}: there is no such folder")
        config.args.append(str(folder.absolute()))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Before anything is chosen: what was there to be asked besides the suite's own."""
    item.config.stash[GATE].there |= keys([item])
    if asked := control(item):  # for -k
        old = (each.old for each in contract.renamed("control").values() if each.new == asked.id)
        item.extra_keyword_matches |= {f"test_{name.partition('.')[2].replace('-', '_')}" for name in old}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    gate, controls = config.stash[GATE], [item for item in items if control(item) is not None]
    others = [item for item in items if control(item) is None]
    if others and given(config, "only-controls"):
        config.hook.pytest_deselected(items=others)
        others = []
    try:
        controls = sorted(of_version(gate, controls), key=gentleness)
        if gate.there or given(config, "only-controls"):
            count(config, gate, controls)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
    items[:] = [*others, *controls]
    waiting = 0
    for item, after in zip_longest(controls, controls[1:]):
        waiting += (last := after is None or control(item) != control(after))
        quiet = after is not None and gentleness(after)[0] is Impact.PASSIVE
        item.stash[LAST_CASE] = last and not (quiet and waiting % PASSIVE_TOGETHER)
    areas = {found.area for item in controls if (found := control(item))}
    # what a test or a control of somebody else's needs is not known
    gate.areas = areas if areas <= AREAS.keys() and not others else set()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Controls that could not even be read are missing evidence, whatever pytest is told to do about them."""
    report = yield
    if report.failed:
        collector.config.stash[GATE].abort(f"{collector.nodeid} could not be collected")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Around a control: may it be asked, did a positive control succeed, and after its last case, is the target still
    alive."""
    asked, gate = control(item), item.config.stash[GATE]
    if asked is None:
        return (yield)
    try:
        before = gate.permit(asked)
        outcome = yield
        if "authorised" not in parameters(item):  # what takes it shows a success itself, by the route that matters
            gate.prove(asked, before)
    except (Inapplicable, NotPermitted):
        if item.stash[LAST_CASE]:  # the pulse for those before it
            gate.check_pulse_after_failure(asked)
        raise
    except Exception:
        gate.check_pulse_after_failure(asked)
        raise
    gate.demand_proof(asked, before)
    if item.stash[LAST_CASE] or asked.impact is Impact.DISRUPTIVE:
        gate.check_pulse(asked)
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    asked, gate = control(item), item.config.stash[GATE]
    if asked is not None and call.excinfo is not None:  # nobody reads how it came about, and filtering it takes long
        call.excinfo.traceback = call.excinfo.traceback[-1:]
    report = yield
    if asked is None:
        gate.others_failed |= report.failed
        return report
    error = call.excinfo.value if call.excinfo else None
    if call.when == "call" or error is not None:
        finding = record(gate, asked, case(item), error, report.duration)
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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
    """The outermost: after everything that pytest says, so that the verdict stands last."""
    outcome = yield
    config = session.config
    gate = config.stash[GATE]
    if exitstatus in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
        return outcome  # one line says what it is, and nothing was run; or pytest itself is broken
    if not gate.there and not given(config, "only-controls"):
        return outcome  # tests of somebody's own that are no controls: a verdict is none of their business
    run = result(gate)
    if exitstatus != pytest.ExitCode.INTERRUPTED:
        config.stash[VERDICT] = run.verdict.exit_status
        session.exitstatus = 1 if gate.others_failed else run.verdict.exit_status
        if (folder := given(config, "report")) is not None:
            write(run, folder)
    _say(config, run)
    return outcome


def _say(config: pytest.Config, run: Run) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.ensure_newline()
        reporter.write_line("")
        reporter.write(terminal.render(run, colour=bool(reporter._tw.hasmarkup)))

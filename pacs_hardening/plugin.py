"""The pytest plugin: options, what to aim at, findings, terminal, exit status. Hooks only."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pytest

from .adopt import adopt
from .confirm import confirm
from .gate import Gate
from .launch import targetfile
from .launch.environment import Environment
from .launch.prepared import Overrides
from .model import BadInput, Control, Impact, Inapplicable, NotPermitted, Severity, Status, Target, control_of
from .model import waiver as waivers
from .profiles import load as load_profile
from .report import badge, history, html, json_report, junit, markdown, sarif, table, terminal
from .report.html.markup import AREAS
from .report.read import read

GATE = pytest.StashKey[Gate]()
VERDICT = pytest.StashKey[int]()  # exit status; whatever else ends the session, only this one can be 0
LAST_CASE = pytest.StashKey[bool]()  # after it the target is proven alive
# So many passive controls have one proof in common: if it fails, whatever passed since the one before is doubted.
PASSIVE_TOGETHER = 6
REPORTS = {
    "findings.json": json_report.render,
    "junit.xml": junit.render,
    "results.sarif": sarif.render,
    "report.html": html.render,
    "summary.md": markdown.render,
    "findings.csv": table.render,
    "badge.svg": badge.render,
}
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
    group.addoption("--generation", metavar="NAME", default="", help="an older generation of it: trixie, bookworm")
    group.addoption("--as-shipped", action="store_true", help="the archive as its package ships it, not hardened")
    group.addoption("--environments", metavar="DIR", type=Path, help="a folder of environments of your own")
    group.addoption(
        "--config", metavar="PATH", type=Path, help="start the environment with this configuration: a file or a folder"
    )
    group.addoption("--with-guard", action="store_true", help="with --config: behind the environment's own guard")
    group.addoption(
        "--image",
        metavar="SERVICE=REF",
        action="append",
        default=[],
        help="use this image for a service of the environment",
    )
    group.addoption(
        "--target", metavar="URL_OR_FILE", help="judge an archive that runs: dicoms://host:port?… or a file"
    )
    group.addoption(
        "--profile",
        metavar="NAME_OR_FILE",
        default="baseline",
        help="thresholds: baseline (default), strict, research, or a file of your own on top of one of them",
    )
    group.addoption(
        "--allow",
        choices=_words(Impact),
        help="highest impact on the target (default: passive; on an environment everything)",
    )
    group.addoption(
        "--yes-disrupt",
        metavar="HOST",
        action="append",
        default=[],
        help="with --allow disruptive: this host of the target may be disturbed (asked for on a terminal)",
    )
    group.addoption("--fail-on", choices=_words(Severity), default="info", help="lowest severity that fails the gate")
    group.addoption(
        "--malformed-cases", metavar="N", type=int, help="play so many malformed conversations (default: profile)"
    )
    group.addoption("--fuzz-time", metavar="SECONDS", type=float, default=0.0, help="and then random ones for so long")
    group.addoption("--waivers", metavar="FILE", type=Path, help="TOML file of waived failures")
    group.addoption(
        "--baseline",
        metavar="FILE",
        type=Path,
        help="findings.json of an earlier run: fail only on what is new or worse",
    )
    group.addoption(
        "--report",
        metavar="DIR",
        type=Path,
        help="write the reports into this folder: report.html, findings.json, junit.xml, results.sarif …",
    )


def pytest_configure(config: pytest.Config) -> None:
    try:
        try:
            before = None if (earlier := config.getoption("baseline")) is None else read(earlier)
        finally:  # not earlier: that may be where the baseline is
            _clear_report(config.getoption("report"))
        gate = _gate(config)
        if gate is not None and before is not None:
            gate.compare_with(before, str(earlier))
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
    if not environment and (config.getoption("config") or config.getoption("image")):
        raise BadInput("--config and --image need --environment")
    if config.getoption("with_guard") and not config.getoption("config"):
        raise BadInput("--with-guard needs --config")
    generation, as_shipped = config.getoption("generation"), config.getoption("as_shipped")
    folder = config.getoption("environments")
    for name, given in [("weakness", weakness), ("generation", generation), ("as-shipped", as_shipped)]:
        if given and not environment:
            raise BadInput(f"--{name} needs --environment")
    if not environment and not target:
        return None
    allow = config.getoption("allow")
    runs = targetfile.read(target) if target else None
    gate = Gate(
        profile=load_profile(config.getoption("profile")),
        environment=Environment.load(environment, folder, generation, as_shipped) if environment else None,
        weakness=weakness,
        target=runs,
        product=_product(runs, folder) if runs and runs.product else None,
        allow=Impact[allow.upper()] if allow else None,
        fail_on=Severity[config.getoption("fail_on").upper()],
    )
    if gate.target is not None and gate.allow is Impact.DISRUPTIVE:
        confirm(gate.target, config.getoption("yes_disrupt"))
    if gate.environment is not None:
        chosen = _overrides(config, gate)
        again = gate.environment.start  # checks everything; starts when it is entered
        gate.again = partial(again, weakness, overrides=chosen, areas=lambda: gate.areas)
        gate.start = gate.again()
    return gate


def _product(target: Target, folder: Path | None) -> Environment:
    try:
        return Environment.load(target.product, folder)
    except BadInput as error:
        raise BadInput(f"target {target.name}: product: {error}") from error


def _overrides(config: pytest.Config, gate: Gate) -> Overrides:
    """What the user puts in place of the environment's own; each replacement is a line of the report."""
    assert gate.environment is not None
    path, images = config.getoption("config"), {}
    for text in config.getoption("image"):
        service, equals, reference = text.partition("=")
        if not (service and equals and reference) or reference.startswith("-"):
            raise BadInput(f"--image {text}: accepted: SERVICE=REF, such as archive=registry.example/our-pacs:rc1")
        # an archive may be named as the environment that holds it
        images["archive" if service == gate.environment.name else service] = reference
    if path is None:
        lines = tuple(f"image of {service}: {reference}" for service, reference in images.items())
        chosen = Overrides(images=images)
    else:
        adopted = adopt(gate.environment, path, images, with_guard=config.getoption("with_guard"))
        lines, chosen = adopted.replaced, adopted.overrides
        gate.variant, gate.source = f"with {path.name}", path
    if lines:
        gate.notes["Replaced before it was started"] = lines
    return chosen


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
    items[:] = sorted(controls, key=_gentleness)
    waiting = 0
    for item, after in zip_longest(items, items[1:]):
        waiting += (last := after is None or _control(item) != _control(after))
        quiet = after is not None and _gentleness(after)[0] is Impact.PASSIVE
        item.stash[LAST_CASE] = last and not (quiet and waiting % PASSIVE_TOGETHER)
    gate.expected_items = len(items)
    areas = {control.area for item in items if (control := _control(item))}
    gate.areas = areas if areas <= AREAS.keys() else set()  # what a control of somebody else's needs is not known


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


def _gentleness(item: pytest.Item) -> tuple[Impact, bool]:
    """Last of all what a weak target does not survive: nothing after it could be measured."""
    control = _control(item)
    return (control.impact, control.area == "robustness") if control else (Impact.PASSIVE, False)


def _read_waivers(config: pytest.Config, gate: Gate, controls: Iterable[pytest.Item]) -> None:
    path, today = config.getoption("waivers"), datetime.now(UTC).date()
    known = gate.deselected | {control.id for item in controls if (control := _control(item))}
    if unknown := sorted(gate.profile.own - known):
        said = f"--profile {gate.profile.name}: required: unknown control {unknown[0]!r}"
        raise pytest.UsageError(f"{said}; `pacs-hardening catalogue` lists them")
    own = gate.environment.variant.waivers if gate.environment else {}
    try:
        for file, data in own.items():
            gate.waivers += waivers.check(data, file, known=None, today=today)
        if path is not None:
            gate.waivers += waivers.parse(path.read_text(), str(path), known=known, today=today, targets=(gate.name,))
    except (OSError, UnicodeDecodeError) as error:
        raise pytest.UsageError(f"{path}: cannot be read: {error}") from error
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Around a control: may it be asked, did a positive control succeed, and after its last case, is the target still
    alive."""
    control, gate = _control(item), item.config.stash.get(GATE, None)
    if control is None or gate is None:
        return (yield)
    try:
        before = gate.permit(control)
        outcome = yield
    except (Inapplicable, NotPermitted):
        if item.stash[LAST_CASE]:  # the pulse for those before it
            gate.check_pulse_after_failure(control)
        raise
    except Exception:
        gate.check_pulse_after_failure(control)
        raise
    gate.demand_proof(control, before)
    if item.stash[LAST_CASE] or control.impact is Impact.DISRUPTIVE:
        gate.check_pulse(control)
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    control, gate = _control(item), item.config.stash.get(GATE, None)
    if gate is not None and call.excinfo is not None:  # nobody reads how it came about, and filtering it takes long
        call.excinfo.traceback = call.excinfo.traceback[-1:]
    report = yield
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
    session.exitstatus = session.config.stash[VERDICT] = run.verdict.exit_status
    folder = session.config.getoption("report")
    if folder is None:
        return
    run = replace(run, history=history.read(folder))
    for name, render in REPORTS.items():
        (folder / f"{name}.new").write_text(render(run), encoding="utf-8", newline="")
    for name in REPORTS:  # all of them, or, on a full disk, none
        (folder / f"{name}.new").replace(folder / name)
    history.write(run, folder)


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode, config: pytest.Config
) -> None:
    gate = config.stash.get(GATE, None)
    if gate is None or exitstatus == pytest.ExitCode.USAGE_ERROR:  # one line says what it is, and nothing was run
        return
    terminalreporter.ensure_newline()
    terminalreporter.write_line("")
    colour = bool(terminalreporter._tw.hasmarkup)
    terminalreporter.write(terminal.render(gate.result(), colour=colour))
    terminalreporter.write_line("")

